import FoundationEssentials
import Glibc
import Phidias
import Statistics

/// What an experiment on smoothing has measured.
public struct SmoothingReport: Sendable {
    /// One layer in one epoch, in numbers.
    public struct Row: Sendable {
        /// The epoch, counted from 1.
        public let epoch: Int
        /// The layer, counted from 0 among those with weights.
        public let layer: Int
        /// The gradients of training; nil where none changed, as behind units that are never active.
        public let training: Averaging?
        /// The gradients at fixed weights, likewise.
        public let frozen: Averaging?
    }

    /// Gradients of a window and their average.
    public struct Averaging: Sendable {
        /// The variance of the average over that of the gradient, measured over all weights.
        public let ratio: Double
        /// The same ratio from the sample's autocorrelation: (1 − α)/(1 + α) (1 + 2 Σ αᵏ ρ_k).
        public let predicted: Double
        /// Autocorrelation of the gradient, by lag from 0.
        public let autocorrelation: [Double]
        /// The squared mean over the window divided by the variance: how much of the gradient is
        /// direction.
        public let signal: Double
        /// Power of the averaged gradient over that of the gradient, by frequency.
        public let response: [(frequency: Double, ratio: Double)]
    }

    /// An epoch of the training in numbers.
    struct Epoch {
        /// Counted from 1.
        let number: Int
        let trainingLoss, trainingAccuracy: Double
        /// The curvature along some steps.
        let steps: [SmoothingEpoch.Step]
        /// The Hessian's largest eigenvalue at the end of the epoch.
        let largest: LossSurface.Curvature
        /// One for each watched layer of which something can be said.
        let rows: [Row]
        /// One weight of the first watched layer; of the last epoch alone.
        let weight: WeightSeries?
    }

    /// What momentum leaves of independent gradients.
    struct Synthetic {
        let ratio: Double
        let steps: Int
    }

    static let syntheticWeights = 1024, syntheticSteps = 20_000
    /// Iterations of Lanczos' method, for the largest eigenvalue.
    static let iterations = 20
    /// The most images over which the loss on fixed images is taken.
    static let fixedImages = 512
    static let lags = 60
    static let segment = 256

    /// The learning rate, the momentum weight, and what follows from them.
    public let analysis: MomentumAnalysis
    /// Nil where the velocity settles too slowly to be measured.
    let synthetic: Synthetic?
    let impulse: [Double]
    let network: Network
    let images, curvatureImages: Int
    let record: ExperimentRecord
    var roughness: [LossRoughness] = []
    var epochs: [Epoch] = []
    /// One weight in the last epoch; nil where none could be measured.
    var weight: WeightSignal?
    /// Every watched layer in every epoch.
    public var rows: [Row] { epochs.flatMap(\.rows) }

    init(
        analysis: MomentumAnalysis, synthetic: Synthetic?, impulse: [Double],
        network: Network, images: Int, curvatureImages: Int, record: ExperimentRecord
    ) {
        (self.analysis, self.synthetic, self.impulse) = (analysis, synthetic, impulse)
        (self.network, self.images, self.record) = (network, images, record)
        self.curvatureImages = min(curvatureImages, images)
    }

    /// The half-life read off the impulse response, whose logarithm is interpolated between two steps.
    public var measuredHalfLife: Double? {
        guard analysis.momentum > 0, let after = impulse.firstIndex(where: { $0 <= 0.5 }), after > 0
        else { return nil }
        let before = impulse[after - 1]
        guard impulse[after] > 0 else { return Double(after) }
        return Double(after - 1) + log(0.5 / before) / log(impulse[after] / before)
    }

    /// The relative standard error of the synthetic ratio: √(4 α² / ((1 − α²) N)).
    var syntheticError: Double? {
        guard let synthetic else { return nil }
        let square = analysis.momentum * analysis.momentum
        let count = Double(Self.syntheticWeights * synthetic.steps)
        return (4 * square / (1 - square) / count).squareRoot()
    }

    var curvatures: [SmoothingEpoch.Step] { epochs.flatMap(\.steps) }

    /// How many of the steps lie where motion creeps, where it oscillates, and where the loss bends
    /// down.
    func damping(_ steps: [SmoothingEpoch.Step]) -> (creeps: Int, oscillates: Int, bendsDown: Int) {
        let values = steps.map(\.curvature.value)
        return (
            values.filter { $0 >= 0 && $0 < analysis.criticalCurvature }.count,
            values.filter { $0 >= analysis.criticalCurvature }.count, values.filter { $0 < 0 }.count
        )
    }
}

extension SmoothingReport.Averaging {
    /// Nil if the gradients of the window, or of its sample, are all the same.
    init?(_ window: GradientWindow, momentum: Double) throws {
        guard window.gradient.variance > 0 else { return nil }
        ratio = window.varianceRatio
        signal = window.gradient.squaredMean / window.gradient.variance
        let length = window.gradientSeries[0].count
        let lags = min(SmoothingReport.lags, length - 1)
        var sums = [Double](repeating: 0, count: lags + 1)
        for series in window.gradientSeries {
            let mean = try Moments(series).mean
            let centered = series.map { $0 - mean }
            for lag in 0...lags {
                for place in 0..<length - lag {
                    sums[lag] += centered[place] * centered[place + lag]
                }
            }
        }
        guard sums[0] > 0 else { return nil }
        let correlation = try Autocorrelation(covariances: sums, count: length)
        autocorrelation = correlation.values
        predicted = correlation.varianceRatio(weight: momentum)
        func power(_ all: [[Double]]) throws -> (frequencies: [Double], sums: [Double]) {
            var total: [Double] = [], frequencies: [Double] = []
            for series in all {
                let spectrum = try Spectrum(series, segmentLength: SmoothingReport.segment)
                frequencies = spectrum.frequencies
                if total.isEmpty { total = [Double](repeating: 0, count: frequencies.count) }
                for bin in total.indices { total[bin] += spectrum.densities[bin] }
            }
            return (frequencies, total)
        }
        let before = try power(window.gradientSeries), after = try power(window.averageSeries)
        // The first two as in `WeightSignal.shownBins`.
        response = before.frequencies.indices.dropFirst(2).filter { before.sums[$0] > 0 }.map {
            (before.frequencies[$0], after.sums[$0] / before.sums[$0])
        }
    }
}

extension SmoothingReport.Epoch {
    /// - Parameter isLast: whether one weight of it is shown.
    init(
        _ epoch: SmoothingEpoch, of network: Network, momentum: Double, isLast: Bool
    ) throws {
        rows = try zip(epoch.training, epoch.frozen).filter { $0.0.steps > 2 }.map {
            .init(
                epoch: epoch.epoch, layer: $0.layer,
                training: try .init($0, momentum: momentum),
                frozen: try .init($1, momentum: momentum))
        }
        weight = try epoch.training.first.flatMap {
            guard isLast, $0.steps > 2 else { return nil }
            return try WeightSeries($0, of: network, firstStep: epoch.firstStep)
        }
        (number, steps, largest) = (epoch.epoch, epoch.steps, epoch.largest)
        (trainingLoss, trainingAccuracy) = (epoch.trainingLoss, epoch.trainingAccuracy)
    }
}
