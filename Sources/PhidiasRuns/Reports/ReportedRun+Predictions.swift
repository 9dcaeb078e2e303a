import Charts
import Phidias

extension ReportedRun {
    /// Points of a chart, and numbers of a row, that are drawn.
    private static let mostPoints = 500, mostTargets = 8

    /// What the model predicts for the test rows, over what is true.
    func predictions(_ file: ModelFile, _ test: Dataset, _ result: Evaluation) throws -> HTML {
        let predictor = try Predictor(file.model)
        let names = file.columnNames?.targets ?? []
        func name(_ target: Int) -> String {
            names.isEmpty ? "number \(target)" : names[target]
        }
        let predicted =
            try test.isNumeric
            ? predictor.numbers(features: test.features) : predictor.numbers(images: test.images)
        let count = test.targetCount
        var table = ReportTable(
            "Errors on the test rows, in each number's own unit",
            [
                ("number", .head), ("mean absolute error", .number),
                ("root mean square error", .number), ("R²", .number),
            ])
        for (target, score) in result.regression.enumerated() {
            table.add([
                name(target), score.meanAbsoluteError.digits(4),
                score.rootMeanSquareError.digits(4), score.r2?.fixed(4) ?? "–",
            ])
        }
        let charts = (0..<min(count, Self.mostTargets)).map { target -> HTML in
            let every = max(1, (test.count + Self.mostPoints - 1) / Self.mostPoints)
            let points = stride(from: 0, to: test.count, by: every).map {
                row -> (x: Double, y: Double) in
                let place = row * count + target
                return (
                    x: ReportCurves.number(Double(test.targets[place])),
                    y: ReportCurves.number(Double(predicted[place]))
                )
            }
            return .figure(
                .fitted(
                    Chart(
                        title: count > 1 || !names.isEmpty
                            ? "\(name(target)): predicted and true" : "Predicted and true",
                        panels: [
                            .init(
                                x: ChartAxis("true", .fitted), y: ChartAxis("predicted", .fitted),
                                series: [.init("test rows", points, look: .marks)])
                        ])))
        }
        return .paragraph(
            "\(test.count) rows of the test part\(test.count > Self.mostPoints ? ", of which at most \(Self.mostPoints) are drawn" : "")."
        ) + .figures(charts) + table.html
    }
}
