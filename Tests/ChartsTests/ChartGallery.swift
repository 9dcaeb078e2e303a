import Charts
import Foundation

/// One chart of each kind, with what is hard to place: long names, wide numbers, gaps. To look at
/// them: `CHARTS=FOLDER swift test --filter ChartKindTests` writes them there.
enum ChartGallery {
    static let all: [(name: String, chart: Chart)] = [
        ("lines", lines), ("histogram", histogram), ("bars", bars), ("markers", markers),
        ("heat-map", heatMap), ("crowded", crowded),
    ]

    private static func learning(_ name: String, loss: Double) -> Chart.Series {
        let points = (1...30).map { epoch -> (x: Double, y: Double) in
            let missing: Double = loss + 2.5 / Double(epoch)
            return (x: Double(epoch), y: 98 - missing)
        }
        return Chart.Series(name, points, band: points.map { ($0.y - 0.2, $0.y + 0.15) })
    }

    private static let filter = Chart.Series(
        "momentum filter",
        (1...200).map { step -> (x: Double, y: Double) in
            let square = Double(step * step)
            return (x: Double(step) / 400, y: 1 / (0.001 + square))
        })

    static let lines = Chart(
        title: "Accuracy on validation data, mean of 10 seeds with the 95 % interval of the mean",
        panels: [
            Chart.Panel(
                x: ChartAxis("epoch"), y: ChartAxis("accuracy, %", .fitted),
                series: [
                    learning("synaptic", loss: 0), learning("cross-entropy", loss: 0.3),
                    learning("mean square", loss: 0.6),
                ], references: [.init("98 %", .y(98)), .init("off the axis", .y(12))]),
            Chart.Panel(
                x: ChartAxis("frequency, 1/step", .logarithmic(base: 10)),
                y: ChartAxis("density, (gradient)² · step", .logarithmic(base: 10)),
                series: [filter], references: [.init("half-life", .x(0.02))]),
        ])

    static let histogram = Chart(
        title: "Output signals over training",
        panels: [
            .histogram(
                x: ChartAxis("output signal p"), y: ChartAxis("density"),
                steps: [
                    .init(
                        "epoch 1", edges: (0...20).map { Double($0) / 20 },
                        heights: (0..<20).map { Double(($0 * 7) % 11) / 5 }),
                    .init(
                        "epoch 10", edges: (0...20).map { Double($0) / 20 },
                        heights: (0..<20).map { Double($0 * $0) / 150 }),
                ], references: [.init("golden point p = 1/φ", .x(0.6180339887))])
        ])

    /// More and wider labels than have room.
    static let crowded = Chart(
        title: "A title of many words that is far too long for the width of one panel, and goes on",
        panels: [
            Chart.Panel(
                x: ChartAxis("size, bytes", .logarithmic(base: 2)),
                y: ChartAxis("loss", .fitted),
                series: [
                    .init("all sizes", (13...21).map { (Double(1 << $0), 1 + 1e-4 * Double($0)) })
                ])
        ])

    private static func estimates(_ base: Double, _ step: Double) -> [Chart.Estimate?] {
        [0.0, 1, 2].map { place in
            let value = base + step * place
            return .init(value, low: value - 0.4 * step, high: value + 0.6 * step)
        }
    }

    static let bars = Chart(
        title: "Epochs to 97 %",
        panels: [
            .bars(
                x: "learning rate and momentum",
                groups: ["golden", "textbook 0.01/0.9", "plain SGD at its best"],
                y: ChartAxis("epochs to reach 97 %"),
                series: [
                    .init("synaptic", estimates(3, 1)),
                    .init("cross-entropy", [nil] + estimates(4, 0.7)[1...]),
                    .init("mean square <squares & co.>", estimates(6, 1.5)),
                ], references: [.init("one epoch", .y(1))])
        ])

    static let markers = Chart(
        title: "Final accuracy",
        panels: [
            .bars(
                x: "loss", groups: ["synaptic", "cross-entropy", "mean square"],
                y: ChartAxis("test accuracy, %", .fitted),
                series: [
                    .init("golden", estimates(97.4, 0.2)), .init("textbook", estimates(97.1, 0.25)),
                ])
        ])

    static let heatMap: Chart = {
        let rates = ["0.0001", "0.001", "0.01", "0.016", "0.1", "0.2"]
        let momenta = ["0", "0.2", "0.4", "0.6", "0.8", "0.825", "0.85", "0.874", "0.9", "0.925"]
        var values = momenta.indices.map { row -> [Double] in
            rates.indices.map { column -> Double in
                let (up, right) = (Double(row - 6), Double(column - 3))
                return 98.2 - 0.05 * up * up - 0.6 * right * right
            }
        }
        values[9][5] = .nan
        values[0][0] = 12.35
        return Chart(
            title: "Validation accuracy after 10 epochs",
            panels: [
                .heatMap(
                    HeatMap(
                        x: "learning rate η", columns: rates, y: "momentum α", rows: momenta,
                        value: "validation accuracy, %", values: values, range: 90...98.2,
                        marks: [
                            .golden: [.init(column: 3, row: 7)], .best: [.init(column: 3, row: 6)],
                            .notWorse: [
                                .init(column: 3, row: 7), .init(column: 3, row: 5),
                                .init(column: 2, row: 6),
                            ],
                        ]))
            ])
    }()
}
