import Phidias
import Statistics

/// The gradient of one weight over some steps, before the filter that momentum is and after it.
struct WeightSeries: Sendable {
    static let mostSteps = 300

    /// The layer, counted from 0 among those with weights, and of its weights the unit that it leads
    /// to and the input that it comes from.
    let layer, unit, input: Int
    /// Counted from 1 over the run.
    let firstStep: Int
    /// The gradient g, and the averaged gradient −v (1 − α) / η, by step.
    let gradient, average: [Double]

    var lastStep: Int { firstStep + gradient.count - 1 }
    var name: String { "from input \(input) to unit \(unit) of layer \(layer)" }
}

extension WeightSeries {
    /// The weight whose gradient varies most among those of the window's sample, over the window's
    /// first steps.
    /// - Returns: nil if no gradient of a weight changes.
    init?(_ window: GradientWindow, of network: Network, firstStep: Int) throws {
        let shape = network.weighted[window.layer]
        let series = window.gradientSeries.map { Array($0.prefix(Self.mostSteps)) }
        var chosen: (place: Int, variance: Double)?
        for (place, values) in series.enumerated()
        where window.sample[place] < shape.inputs * shape.outputs {
            let variance = try Moments(values).variance
            if variance > chosen?.variance ?? 0 { chosen = (place, variance) }
        }
        guard let place = chosen?.place else { return nil }
        let (unit, input) = window.sample[place].quotientAndRemainder(dividingBy: shape.inputs)
        self.init(
            layer: window.layer, unit: unit, input: input, firstStep: firstStep,
            gradient: series[place],
            average: Array(window.averageSeries[place].prefix(Self.mostSteps)))
    }
}

/// What momentum makes of the gradient of one weight, beside what theory says.
struct WeightSignal: Sendable {
    /// Steps of the spectra's segments, which overlap by half: five of them in 300 steps.
    static let segment = 100
    /// Cycles per step from which on a motion is called fast.
    static let fast = 0.1

    /// Densities of power at a frequency, in cycles per step. In theory the average's is that of the
    /// gradient times |H(f)|².
    struct Bin: Sendable {
        let frequency, gradient, average, theory: Double
    }

    /// A figure of both series, and what theory makes of the gradient's for the average.
    struct Comparison: Sendable {
        let gradient, average, theory: Double
    }

    let series: WeightSeries
    let bins: [Bin]
    /// The variances over the steps.
    let variance: Comparison
    /// The shares of the power at `fast` and above.
    let fastShare: Comparison

    init(_ series: WeightSeries, _ analysis: MomentumAnalysis) throws(StatisticsError) {
        let before = try Spectrum(series.gradient, segmentLength: Self.segment)
        let after = try Spectrum(series.average, segmentLength: Self.segment)
        let bins = before.frequencies.indices.map { bin in
            let frequency = before.frequencies[bin]
            return Bin(
                frequency: frequency, gradient: before.densities[bin],
                average: after.densities[bin],
                theory: before.densities[bin] * analysis.powerResponse(at: frequency))
        }
        func sum(_ bins: [Bin], _ density: KeyPath<Bin, Double>) -> Double {
            bins.reduce(0) { $0 + $1[keyPath: density] }
        }
        let high = bins.filter { $0.frequency >= Self.fast }
        func share(_ density: KeyPath<Bin, Double>) -> Double {
            sum(high, density) / sum(bins, density)
        }
        (self.series, self.bins) = (series, bins)
        let moving = try Moments(series.gradient).variance
        variance = Comparison(
            gradient: moving, average: try Moments(series.average).variance,
            theory: moving * sum(bins, \.theory) / sum(bins, \.gradient))
        fastShare = Comparison(
            gradient: share(\.gradient), average: share(\.average), theory: share(\.theory))
    }

    /// Those of the bins in which a spectrum can be compared: the mean of each segment is taken out,
    /// so there is nothing at 0, and the Hann window spreads into the first bin what is left.
    var shownBins: ArraySlice<Bin> { bins.dropFirst(2) }
}
