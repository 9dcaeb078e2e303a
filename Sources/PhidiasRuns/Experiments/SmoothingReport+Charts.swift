import Charts
import Phidias

extension SmoothingReport {
    var charts: [(name: String, chart: Chart)] {
        [
            ("impulse", impulseChart), ("variance", varianceChart),
            ("autocorrelation", autocorrelationChart), ("frequency", frequencyChart),
            ("weight", weightChart), ("curvature", curvatureChart),
            ("roughness", roughnessChart),
        ]
    }

    private var layers: [Int] { Set(rows.map(\.layer)).sorted() }

    /// A panel for each layer, all on one scale.
    private func panels(_ panel: (String, [Row]) -> Chart.Panel) -> [Chart.Panel] {
        layers.map { layer in panel("layer \(layer)", rows.filter { $0.layer == layer }) }
            .onOneScale
    }

    private var impulseChart: Chart {
        let theory = impulse.indices.map { step in
            (x: Double(step), y: (0..<step).reduce(1.0) { power, _ in power * analysis.momentum })
        }
        return Chart(
            title: "Velocity that one gradient of 1 leaves",
            panels: [
                .init(
                    x: ChartAxis("steps since the gradient"), y: ChartAxis("velocity, units of −η"),
                    series: [
                        .init("theory αᵏ", theory),
                        .init(
                            "measured",
                            impulse.enumerated().map { (x: Double($0.offset), y: $0.element) }),
                    ],
                    references: [
                        .init("half-life ln ½ / ln α", .x(analysis.halfLife)), .init("½", .y(0.5)),
                    ])
            ])
    }

    private var varianceChart: Chart {
        Chart(
            title:
                "Noise that averaging leaves: variance of the averaged gradient over the gradient's",
            panels: panels { layer, rows in
                func line(_ name: String, _ value: (Row) -> Double?) -> Chart.Series {
                    .init(
                        name,
                        rows.compactMap { row in
                            value(row).map { (x: Double(row.epoch), y: $0) }
                        })
                }
                return .init(
                    layer, x: .epoch, y: ChartAxis("ratio of variances"),
                    series: [
                        line("training", \.training?.ratio),
                        line("training, from autocorrelation", \.training?.predicted),
                        line("fixed weights", \.frozen?.ratio),
                    ], references: [.init("independent gradients", .y(analysis.noiseVariance))])
            })
    }

    private var autocorrelationChart: Chart {
        Chart(
            title: "Autocorrelation of the gradient in the last epoch",
            panels: panels { layer, rows in
                func line(_ name: String, _ averaging: Averaging?) -> Chart.Series {
                    .init(
                        name,
                        (averaging?.autocorrelation ?? []).enumerated().dropFirst().map {
                            (x: Double($0.offset), y: $0.element)
                        })
                }
                return .init(
                    layer, x: ChartAxis("lag, steps"), y: ChartAxis("autocorrelation ρ"),
                    series: [
                        line("training", rows.last?.training),
                        line("fixed weights", rows.last?.frozen),
                    ])
            })
    }

    private var frequencyChart: Chart {
        Chart(
            title: "Frequency response of momentum in the last epoch",
            panels: panels { layer, rows in
                let response = rows.last?.training?.response ?? []
                return .init(
                    layer, x: ChartAxis("frequency, cycles per step", .logarithmic(base: 10)),
                    y: ChartAxis("remaining share of the power", .logarithmic(base: 10)),
                    series: [
                        .init(
                            "theory |H(f)|²",
                            response.map {
                                (x: $0.frequency, y: analysis.powerResponse(at: $0.frequency))
                            }),
                        .init("measured", response.map { (x: $0.frequency, y: $0.ratio) }),
                    ])
            })
    }

    /// Before the filter and after it: by step on one scale, and by frequency.
    private var weightChart: Chart {
        guard let weight else { return Chart(title: "", panels: []) }
        let series = weight.series
        func line(_ name: String, _ values: [Double]) -> Chart.Series {
            .init(
                name, values.enumerated().map { (x: Double($0), y: $1) }, look: .signal)
        }
        func spectrum(
            _ name: String, _ value: (WeightSignal.Bin) -> Double
        ) -> Chart.Series {
            .init(name, weight.shownBins.map { (x: $0.frequency, y: value($0)) })
        }
        let before = "gradient g", after = "averaged gradient −v (1 − α)/η"
        let step = ChartAxis("steps since step \(series.firstStep.grouped)")
        let height = ChartAxis("gradient")
        let inTime: [Chart.Panel] = [
            .init("before", x: step, y: height, series: [line(before, series.gradient)]),
            .init(
                "after", x: step, y: height,
                series: [.init(before, []), line(after, series.average)]),
        ]
        let frequency = ChartAxis("frequency, cycles per step", .logarithmic(base: 10))
        let spectra: [Chart.Panel] = [
            .init(
                "spectra", x: frequency,
                y: ChartAxis("power per frequency", .logarithmic(base: 10)),
                series: [spectrum(before) { $0.gradient }, spectrum(after) { $0.average }]),
            .init(
                "what the filter lets through", x: frequency,
                y: ChartAxis("remaining share of the power", .logarithmic(base: 10)),
                series: [
                    spectrum("theory |H(f)|²") { analysis.powerResponse(at: $0.frequency) },
                    spectrum("measured") { $0.average / $0.gradient },
                ]),
        ]
        return Chart(
            title: "One weight before and after momentum, \(series.name)",
            panels: inTime.onOneScale + spectra)
    }

    private var curvatureChart: Chart {
        Chart(
            title: "Curvature of the loss, \(curvatureImages) training images",
            panels: [
                .init(
                    x: ChartAxis("training step"),
                    y: ChartAxis("curvature", .logarithmic(base: 10)),
                    series: [
                        .init(
                            "along the step",
                            curvatures.map { (x: Double($0.step), y: $0.curvature.value) }),
                        .init(
                            "largest eigenvalue",
                            epochs.compactMap { epoch in
                                epoch.steps.last.map {
                                    (x: Double($0.step), y: epoch.largest.value)
                                }
                            }),
                    ],
                    references: [.init("critical damping", .y(analysis.criticalCurvature))])
            ])
    }

    private var roughnessChart: Chart {
        let runs = roughness.filter { $0.diverged == nil }
        func panel(_ label: String, _ value: (LossRoughness) -> Double) -> Chart.Panel {
            .init(
                label, x: ChartAxis("momentum α"), y: ChartAxis("roughness of the loss"),
                series: [.init("one run for each α", runs.map { (x: $0.momentum, y: value($0)) })],
                references: [.init("golden α = √2/φ", .x(GoldenRatio.momentum))])
        }
        return Chart(
            title: "Roughness of the loss over momentum, at the same η/(1 − α)",
            panels: [
                panel("loss of each step's batch", \.batch), panel("loss on fixed images", \.fixed),
            ].onOneScale)
    }
}
