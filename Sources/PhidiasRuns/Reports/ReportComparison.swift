import Charts
import Phidias

/// Runs and sweeps of a report side by side.
struct ReportComparison {
    private let runs: [ReportedRun]
    private let sweeps: [ReportedSweep]
    /// What is compared: accuracy, R², or both.
    private let measure: String

    /// Nil if there is only one of them.
    init?(_ subjects: [ReportSubject]) {
        runs = subjects.compactMap(\.run)
        sweeps = subjects.compactMap {
            if case .sweep(let sweep) = $0 { sweep } else { nil }
        }
        guard runs.count + sweeps.count > 1 else { return nil }
        measure = Set(runs.map(\.measure) + sweeps.map(\.report.measure)).map(\.description)
            .sorted(by: >).joined(separator: " or ")
    }

    func chapter() -> ReportPage.Chapter {
        .init(title: "Comparison", content: finalNumbers + sweepNumbers + curves + settings)
    }

    private var finalNumbers: HTML {
        guard !runs.isEmpty else { return .nothing }
        // What no run has is no column.
        let hasValidation = runs.contains { $0.result?.validation != nil }
        var table = ReportTable(
            "Runs: numbers of the model that each has left",
            [("run", .head), ("loss", .text), ("test \(measure)", .number), ("test loss", .number)]
                + (hasValidation ? [("validation \(measure)", .number)] : [])
                + [("training \(measure)", .number), ("epochs", .number), ("seconds", .number)])
        func percent(_ score: EpochMetrics.Score?) -> String {
            score.map { ReportedRun.percent($0.quality) } ?? "–"
        }
        for run in runs {
            let result = run.result
            table.add(
                [
                    run.name, run.lossName, percent(result?.test),
                    result?.test.map { ReportedRun.loss($0.loss) } ?? "–",
                ] + (hasValidation ? [percent(result?.validation)] : [])
                    + [percent(result?.training), "\(run.metrics.count)", run.seconds.fixed(2)])
        }
        return .section(
            "Final numbers", table.html,
            .paragraph(
                "One run each: differences between single runs may be chance; sweeps measure intervals. Losses of different names are not comparable."
            ))
    }

    private var sweepNumbers: HTML {
        guard !sweeps.isEmpty else { return .nothing }
        var table = ReportTable(
            "Sweeps: the best setting by validation \(measure)",
            [
                ("sweep", .head), ("cells", .number), ("best setting", .text),
                ("validation \(measure), 95 % interval", .number), ("test \(measure)", .number),
                ("rank of the golden pair", .number), ("its validation \(measure)", .number),
            ])
        for sweep in sweeps {
            table.add([
                sweep.name, "\(sweep.done) of \(sweep.cells)",
                sweep.best.map { SettingsLine.text($0.point.settings) } ?? "–",
                sweep.best.map(ReportedSweep.accuracy) ?? "–",
                sweep.best?.testMean.map(ReportedRun.percent) ?? "–",
                ReportedSweep.rank(sweep.golden),
                sweep.golden.map(ReportedSweep.accuracy) ?? "–",
            ])
        }
        return .section("Best of the sweeps", table.html)
    }

    // MARK: - Curves

    /// More lines than that cannot be told apart.
    private static let mostLines = 10

    private var curves: HTML {
        let drawn = runs.filter { !$0.metrics.isEmpty }.prefix(Self.mostLines)
        guard drawn.count > 1 else { return .nothing }
        func lines(_ value: (EpochMetrics) -> Double?) -> [Chart.Series] {
            drawn.map { run in
                ReportCurves.series(Self.short(run.name), run.metrics, value)
            }
        }
        typealias Curve = (title: String, value: (EpochMetrics) -> Double?)
        /// Charts of the same quantity on one scale.
        func charts(_ y: ChartAxis, _ curves: [Curve]) -> [Chart] {
            let panels = curves.map { ReportCurves.panel(y, lines($0.value)) }.onOneScale
            return zip(curves, panels).map { Chart(title: $0.title, panels: [$1]) }
        }
        var accuracies: [Curve] = [
            ("Test \(measure)", { $0.test.map { 100 * $0.quality } }),
            ("Training \(measure)", { 100 * $0.training.quality }),
        ]
        if drawn.count(where: { $0.metrics.contains { $0.validation != nil } }) > 1 {
            accuracies.append(
                ("Validation \(measure)", { $0.validation.map { 100 * $0.quality } }))
        }
        var figures = charts(ChartAxis("\(measure), %", .fitted), accuracies)
        if let loss = drawn.first?.lossName, drawn.allSatisfy({ $0.lossName == loss }) {
            let ours = loss == LossName.synaptic.rawValue ? " (our reconstruction)" : ""
            figures += charts(
                ChartAxis("mean loss per image"),
                [
                    ("Test loss: \(loss)\(ours)", { $0.test?.loss }),
                    ("Training loss: \(loss)\(ours)", { $0.training.loss }),
                ])
        }
        return .section(
            "Curves", .figures(figures.map { .figure(.fitted($0)) }),
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
        var names: [String] = [], values: [String: [String]] = [:]
        for (place, column) in columns.enumerated() {
            for setting in column.1 {
                if values[setting.name] == nil {
                    names.append(setting.name)
                    values[setting.name] = columns.map { _ in "–" }
                }
                values[setting.name]?[place] = setting.value
            }
        }
        let rows = names.prefix(Self.mostSettings).map { ($0, values[$0] ?? []) }
        let (same, others) = (
            rows.filter { Self.isSame($0, $1) }, rows.filter { !Self.isSame($0, $1) }
        )
        var differing = ReportTable("What differs", [("", .head), ("settings", .long)])
        for (place, column) in columns.enumerated() {
            let own = others.map { RunDocument.Setting(name: $0.0, value: $0.1[place]) }
                .filter { $0.value != "–" }
            differing.add([column.0, SettingsLine.text(own)])
        }
        var table = ReportTable(
            "Settings; those that differ come first and are marked ≠",
            [("setting", .head)] + columns.map { ($0.0, .text) })
        for (name, values) in others { table.add(["≠ \(name)"] + values, marked: true) }
        for (name, values) in same { table.add([name] + values) }
        let common = SettingsLine.text(same.map { .init(name: $0.0, value: $0.1[0]) })
        return .section(
            "Settings",
            common.isEmpty
                ? .nothing : .element("p", ["class": "brief"], HTML("The same in all: \(common)")),
            others.isEmpty ? .paragraph("No setting differs.") : differing.html,
            .folded("All settings", table.html))
    }

    /// A record has fewer; a file may have any number.
    private static let mostSettings = 60

    private static func isSame(_ name: String, _ values: [String]) -> Bool {
        values.allSatisfy { RunChange.isSame(name, $0, values[0]) }
    }
}
