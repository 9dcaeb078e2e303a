import Charts
import Phidias
import Statistics

extension GoldenPointReport {
    var charts: [(name: String, chart: Chart)] {
        [
            (
                "signals",
                histograms(
                    "Output signals p, synaptic loss, training images",
                    ChartAxis("output signal p"),
                    .init("golden point p = 1/φ", .x(GoldenRatio.goldenPoint)),
                    \.targetSignals, \.otherSignals)
            ),
            (
                "logits",
                histograms(
                    "Logits z, synaptic loss, training images", ChartAxis("logit z"),
                    .init("golden point z = ln φ", .x(GoldenRatio.goldenInput)), \.targetLogits,
                    \.otherLogits)
            ),
            ("processes", processes), ("reliability", reliability),
        ]
    }

    /// Histograms of the run with the synaptic loss: in its first epoch, one in the middle and its last.
    private func histograms(
        _ title: String, _ x: ChartAxis, _ reference: ChartReference,
        _ targets: (Epoch) -> Histogram, _ others: (Epoch) -> Histogram
    ) -> Chart {
        let epochs = runs.first { $0.loss == LossName.synaptic.rawValue }?.epochs ?? []
        let last = epochs.count - 1
        let shown = Set([min(1, last), (last + 1) / 2, last]).sorted()
        func panel(_ label: String, _ histogram: (Epoch) -> Histogram) -> Chart.Panel {
            .histogram(
                label, x: x, y: ChartAxis("probability density", .logarithmic(base: 10)),
                steps: shown.map { place in
                    let values = histogram(epochs[place])
                    return .init(
                        "epoch \(epochs[place].number)", edges: values.edges,
                        heights: values.densities)
                }, references: [reference])
        }
        return Chart(
            title: title,
            panels: [
                panel("output of the image's class", targets),
                panel("outputs of the other classes", others),
            ].onOneScale)
    }

    private var processes: Chart {
        Chart(
            title: "The two processes of the loss, mean of the training images",
            panels: runs.map { run in
                .init(
                    "trained with the \(run.loss) loss", x: .epoch, y: ChartAxis("nats per image"),
                    series: [
                        .init(
                            "divergence KL(t ‖ p)",
                            run.epochs.dropFirst().map { (x: Double($0.number), y: $0.divergence) }),
                        .init(
                            "entropy H(p)",
                            run.epochs.dropFirst().map { (x: Double($0.number), y: $0.entropy) }),
                    ])
            }.onOneScale)
    }

    private var reliability: Chart {
        func panel(_ label: String, _ calibration: (Run) -> Calibration) -> Chart.Panel {
            let lines = runs.map { run in
                Chart.Series(
                    run.loss,
                    calibration(run).bins.filter { $0.count > 0 }.map {
                        (x: $0.confidence, y: $0.accuracy)
                    })
            }
            return .init(
                label, x: ChartAxis("mean confidence"),
                y: ChartAxis("observed frequency"),
                series: lines + [.init("perfect calibration", [(x: 0, y: 0), (x: 1, y: 1)])])
        }
        return Chart(
            title: "Reliability on \(testImages) test images",
            panels: [panel("strongest output", \.strongest), panel("every output", \.every)]
                .onOneScale)
    }
}
