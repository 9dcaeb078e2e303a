import Charts
import Phidias

/// Runs and sweeps of a report side by side.
struct ReportComparison {
    private let runs: [ReportedRun]
    private let sweeps: [ReportedSweep]
    private let commands: ReportCommands

    /// Nil if there is only one of them.
    init?(_ subjects: [ReportSubject], _ commands: ReportCommands) {
        self.commands = commands
        runs = subjects.compactMap(\.run)
        sweeps = subjects.compactMap {
            if case .sweep(let sweep) = $0 { sweep } else { nil }
        }
        guard runs.count + sweeps.count > 1 else { return nil }
    }

    func chapter() throws -> ReportPage.Chapter {
        .init(
            title: "Comparison",
            content: .joined([
                runs.contains(where: \.isSynaptic) ? .reconstruction : .nothing, finalNumbers,
                sweepNumbers, curves, settings,
            ]))
    }

    private var command: ShellCommand? {
        commands(.report(runs.map(\.path) + sweeps.map(\.path), needsData: false))
    }

    private var finalNumbers: HTML {
        guard !runs.isEmpty else { return .nothing }
        var table = ReportTable(
            "Runs: numbers of the model that each has left",
            [
                ("run", .head), ("network", .text), ("loss", .text), ("epochs", .number),
                ("training accuracy", .number), ("validation accuracy", .number),
                ("test accuracy", .number), ("test loss", .number), ("seconds", .number),
                ("weights SHA-256", .text),
            ])
        func percent(_ score: EpochMetrics.Score?) -> String {
            score.map { ReportedRun.percent($0.accuracy) } ?? "–"
        }
        for run in runs {
            let result = run.result
            table.add([
                run.name, run.document.network.description, run.lossName, "\(run.metrics.count)",
                percent(result?.training), percent(result?.validation), percent(result?.test),
                result?.test.map { $0.loss.fixed(4) } ?? "–", run.seconds.fixed(2),
                run.model.map { "\($0.model.weightsSHA256.prefix(12))…" } ?? "–",
            ])
        }
        return .section(
            "Final numbers", table.html,
            .paragraph(
                "One run each: differences between single runs may be chance; phidias sweep measures intervals. Losses of different names are not comparable."
            ), .command(command))
    }

    private var sweepNumbers: HTML {
        guard !sweeps.isEmpty else { return .nothing }
        var table = ReportTable(
            "Sweeps: the best setting by validation accuracy",
            [
                ("sweep", .head), ("cells", .number), ("best setting", .text),
                ("validation accuracy, 95 % interval", .number), ("test accuracy", .number),
                ("rank of the golden pair", .number), ("its validation accuracy", .number),
            ])
        for sweep in sweeps {
            table.add([
                sweep.name, "\(sweep.done) of \(sweep.cells)",
                sweep.best?.point.settings.text ?? "–",
                sweep.best.map(ReportedSweep.accuracy) ?? "–",
                sweep.best?.testMean.map(ReportedRun.percent) ?? "–",
                ReportedSweep.rank(sweep.golden),
                sweep.golden.map(ReportedSweep.accuracy) ?? "–",
            ])
        }
        return .section("Best of the sweeps", table.html, .command(command))
    }

    // MARK: - Curves

    /// More lines than that cannot be told apart.
    private static let mostLines = 10

    private var curves: HTML {
        let drawn = runs.filter { !$0.metrics.isEmpty }.prefix(Self.mostLines)
        guard drawn.count > 1 else { return .nothing }
        func lines(_ value: (EpochMetrics) -> Double?) -> [Chart.Series] {
            drawn.map { run in
                let isThere = run.metrics.contains { value($0) != nil }
                let name = Self.short(run.name) + (isThere ? "" : " (none)")
                return ReportCurves.series(name, run.metrics, value)
            }
        }
        let accuracy = ChartAxis("accuracy, %", .fitted)
        var charts = [
            ReportCurves.chart("Test accuracy", accuracy, lines { $0.test.map { 100 * $0.accuracy } }),
            ReportCurves.chart("Training accuracy", accuracy, lines { 100 * $0.training.accuracy }),
        ]
        if drawn.contains(where: { $0.metrics.contains { $0.validation != nil } }) {
            charts.append(
                ReportCurves.chart(
                    "Validation accuracy", accuracy,
                    lines { $0.validation.map { 100 * $0.accuracy } }))
        }
        if let loss = drawn.first?.lossName, drawn.allSatisfy({ $0.lossName == loss }) {
            let ours = loss == LossName.synaptic.rawValue ? " (our reconstruction)" : ""
            let axis = ChartAxis("mean loss of an image")
            charts.append(
                ReportCurves.chart("Training loss: \(loss)\(ours)", axis, lines(\.training.loss)))
            charts.append(
                ReportCurves.chart("Test loss: \(loss)\(ours)", axis, lines { $0.test?.loss }))
        }
        let figures = charts.map {
            HTML.figure(.fitted($0), "From each run's metrics.jsonl.", command: command)
        }
        return .section(
            "Curves", .element("div", ["class": "figures"], .joined(figures)),
            drawn.count < runs.count
                ? .paragraph(
                    "Of \(runs.count) runs the first \(drawn.count) with epochs are drawn.")
                : .nothing)
    }

    /// What a legend has room for.
    private static func short(_ name: String) -> String {
        name.count <= 36 ? name : "…\(name.suffix(35))"
    }

    // MARK: - Settings

    private var settings: HTML {
        let columns =
            runs.map { ($0.name, $0.document.settings) }
            + sweeps.map { ($0.name, $0.settings) }
        var names: [String] = []
        for setting in columns.flatMap(\.1) where !names.contains(setting.name) {
            names.append(setting.name)
        }
        let rows = names.map { name in
            (name, columns.map { column in column.1.first { $0.name == name }?.value ?? "–" })
        }
        func isSame(_ name: String, _ values: [String]) -> Bool {
            values.allSatisfy { RunChange.isSame(name, $0, values[0]) }
        }
        var table = ReportTable(
            "Settings; those that differ come first and are marked ≠",
            [("setting", .head)] + columns.map { ($0.0, .text) })
        for (name, values) in rows where !isSame(name, values) {
            table.add(["≠ \(name)"] + values, marked: true)
        }
        for (name, values) in rows where isSame(name, values) { table.add([name] + values) }
        return .section("Settings", table.html, .command(command))
    }
}
