import Charts
import Phidias

/// Curves of reports: accuracy and loss by epoch, in a form that a hostile file cannot blow up.
enum ReportCurves {
    /// So many points are more than a chart can show.
    private static let mostPoints = 500

    /// Numbers that no axis is made for count as none.
    static func number(_ value: Double) -> Double { abs(value) < 1e100 ? value : .nan }

    static func series(
        _ name: String, _ metrics: [EpochMetrics], _ value: (EpochMetrics) -> Double?
    ) -> Chart.Series {
        let step = (metrics.count + mostPoints - 1) / max(mostPoints, 1)
        let kept = metrics.enumerated().filter {
            $0.offset % max(step, 1) == 0 || $0.offset == metrics.count - 1
        }
        return .init(
            name,
            kept.compactMap { _, line in
                value(line).map { (x: Double(line.epoch), y: number($0)) }
            })
    }

    static func chart(_ title: String, _ y: ChartAxis, _ series: [Chart.Series]) -> Chart {
        Chart(title: title, panels: [panel(y, series)])
    }

    static func panel(_ y: ChartAxis, _ series: [Chart.Series]) -> Chart.Panel {
        .init(x: .epoch, y: y, series: series)
    }
}

extension ReportedRun {
    var curves: HTML {
        guard !metrics.isEmpty else {
            return .section("Curves", .note("No epoch was finished, so there is nothing to draw."))
        }
        func lines(_ value: @escaping (EpochMetrics.Score) -> Double) -> [Chart.Series] {
            var lines = [
                ReportCurves.series("training", metrics) { value($0.training) },
                ReportCurves.series("test", metrics) { $0.test.map(value) },
            ]
            if metrics.contains(where: { $0.validation != nil }) {
                lines.append(
                    ReportCurves.series("validation", metrics) { $0.validation.map(value) })
            }
            return lines
        }
        let ours = isSynaptic ? " (our reconstruction)" : ""
        var figures = [
            HTML.figure(
                .fitted(
                    ReportCurves.chart(
                        "\(measure)".prefix(1).uppercased() + "\(measure)".dropFirst(),
                        ChartAxis("\(measure), %", .fitted), lines { 100 * $0.quality }))),
            HTML.figure(
                .fitted(
                    ReportCurves.chart(
                        "Loss: \(lossName)\(ours)", ChartAxis("mean loss per image"),
                        lines(\.loss)))),
        ]
        figures += schedule
        return .section(
            "Curves", .figures(figures),
            .paragraph("Training: each image is measured with the weights of its step."),
            metricsTable)
    }

    /// Most rows of the table: the first and the last epochs.
    private static let mostRows = 40

    private var metricsTable: HTML {
        let parts = ["training", "validation", "test"]
        let scores: [(String, ReportTable.Column)] = parts.flatMap {
            [("\($0) loss", .number), ("\($0) \(measure)", .number)]
        }
        var table = ReportTable(
            "Every epoch", [("epoch", .number)] + scores + [("seconds", .number)])
        for line in metrics
        where line.epoch <= Self.mostRows / 2 || line.epoch > metrics.count - Self.mostRows / 2 {
            var cells = ["\(line.epoch)"]
            for score in [line.training, line.validation, line.test] {
                cells.append(score.map { Self.loss($0.loss) } ?? "–")
                cells.append(score.map { Self.percent($0.quality) } ?? "–")
            }
            table.add(cells + [line.seconds.fixed(2)])
        }
        let left = metrics.count - table.rows.count
        return .folded(
            "Numbers of every epoch", table.html,
            left > 0 ? .paragraph("\(left.counted("epoch")) in between are left out.") : .nothing)
    }

    /// Learning rate and momentum, if they change on the way.
    private var schedule: [HTML] {
        guard let trainingSettings, let optimizer = try? trainingSettings.optimizer(),
            optimizer.learningRate.schedule != .constant || optimizer.learningRate.warmUp > 0
                || !document.halvings.isEmpty,
            trainingSettings.epochs <= Self.mostDrawnEpochs,
            // How many steps an epoch has, only the data tells; a schedule counts in epochs.
            let length = try? RunLength(
                stepsPerEpoch: Self.drawnSteps, epochs: trainingSettings.epochs)
        else { return [] }
        let every = max(1, length.steps / 400)
        var rates: [(x: Double, y: Double)] = []
        var weights: [(x: Double, y: Double)] = []
        for step in stride(from: 0, to: length.steps, by: every) {
            let epoch = step / Self.drawnSteps
            let optimizer = self.optimizer(optimizer, inEpoch: epoch)
            guard let values = try? optimizer.values(atStep: step, of: length) else { continue }
            let x = 1 + Double(step) / Double(Self.drawnSteps)
            rates.append((x, Double(values.learningRate)))
            if optimizer.sgd != nil { weights.append((x, Double(values.momentum))) }
        }
        let text =
            "By the settings, drawn for \(Self.drawnSteps) steps in an epoch; each epoch begins at its number."
        return [
            ("Learning rate η", rates), ("Momentum α", weights),
        ].filter { !$0.1.isEmpty }.map { title, points in
            .figure(
                .fitted(
                    Chart(
                        title: title,
                        panels: [
                            .init(
                                x: .epoch, y: ChartAxis(title),
                                series: [.init(title, points)])
                        ])), text)
        }
    }

    private static let drawnSteps = 1000, mostDrawnEpochs = 100_000

    /// After the divergences whose way back begins at this epoch, counted from 0, or before it.
    private func optimizer(_ optimizer: Optimizer, inEpoch epoch: Int) -> Optimizer {
        let count = document.halvings.lastIndex { $0.backTo <= epoch }.map { $0 + 1 } ?? 0
        return (0..<count).reduce(optimizer) { optimizer, _ in optimizer.halved }
    }
}
