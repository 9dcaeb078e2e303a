import Charts
import Phidias
import Statistics

extension GoldenPointReport {
    var charts: [(name: String, chart: Chart)] {
        [
            (
                "signals",
                histograms(
                    "Output signals p, synaptic loss, training images", ChartAxis("p"),
                    .init("golden point p = 1/φ", .x(GoldenRatio.goldenPoint)),
                    \.targetSignals, \.otherSignals)
            ),
            (
                "logits",
                histograms(
                    "Logits z, synaptic loss, training images", ChartAxis("z"),
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
                x: x, y: ChartAxis("density, \(label)", .logarithmic(base: 10)),
                steps: shown.map { place in
                    let values = histogram(epochs[place])
                    return .init(
                        "epoch \(epochs[place].number)", edges: values.edges,
                        heights: values.densities)
                }, references: [reference])
        }
        return Chart(
            title: title,
            panels: [panel("image's class", targets), panel("other classes", others)])
    }

    private var processes: Chart {
        Chart(
            title: "The two processes: divergence KL(t ‖ p) and entropy H(p), training images",
            panels: runs.map { run in
                .init(
                    x: ChartAxis("epoch"), y: ChartAxis("nats per image, \(run.loss)"),
                    series: [
                        .init(
                            "divergence",
                            run.epochs.dropFirst().map { (x: Double($0.number), y: $0.divergence) }),
                        .init(
                            "entropy",
                            run.epochs.dropFirst().map { (x: Double($0.number), y: $0.entropy) }),
                    ])
            })
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
                x: ChartAxis("confidence, \(label)"), y: ChartAxis("share classified correctly"),
                series: lines + [.init("perfect", [(x: 0, y: 0), (x: 1, y: 1)])])
        }
        return Chart(
            title: "Reliability on \(testImages) test images",
            panels: [panel("strongest output", \.strongest), panel("every output", \.every)])
    }
}
