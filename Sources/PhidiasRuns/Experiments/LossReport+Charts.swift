import Charts
import Phidias
import Statistics

extension LossReport {
    var charts: [(name: String, chart: Chart)] {
        get throws { [("accuracy", try accuracyChart), ("final", try finalChart)] }
    }

    /// Test accuracy over epochs, a panel for each setting.
    private var accuracyChart: Chart {
        get throws {
            let panels = try LossExperiment.Setting.allCases.map { setting in
                let lines = try rows.filter { $0.arm.setting == setting }.map { row in
                    let estimates = try (0..<experiment.settings.epochs).compactMap { epoch in
                        try row.accuracy(\.test, epoch: epoch).map { (epoch: epoch + 1, $0) }
                    }
                    return Chart.Series(
                        row.arm.loss.rawValue,
                        estimates.map { (x: Double($0.epoch), y: 100 * $0.1.value) },
                        band: estimates.map { (low: 100 * $0.1.low, high: 100 * $0.1.high) })
                }
                return Chart.Panel(
                    setting.title, x: .epoch, y: ChartAxis("test accuracy, %", .fitted),
                    series: lines)
            }
            return Chart(
                title:
                    "Test accuracy, mean of \(experiment.seeds) seeds with 95 % interval",
                panels: panels.onOneScale)
        }
    }

    private var finalChart: Chart {
        get throws {
            let last = experiment.settings.epochs - 1
            let series = try LossName.ofClasses.map { loss in
                Chart.Bars(
                    loss.rawValue,
                    try rows.filter { $0.arm.loss == loss }.map { row in
                        try row.accuracy(\.test, epoch: last).map {
                            .init(100 * $0.value, low: 100 * $0.low, high: 100 * $0.high)
                        }
                    })
            }
            return Chart(
                title: "Final test accuracy, mean of \(experiment.seeds) seeds with 95 % interval",
                panels: [
                    .bars(
                        x: "learning rate and momentum",
                        groups: LossExperiment.Setting.allCases.map(\.title),
                        y: ChartAxis("test accuracy, %", .fitted), series: series)
                ])
        }
    }
}
