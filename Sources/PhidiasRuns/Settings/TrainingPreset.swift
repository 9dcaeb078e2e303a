import Phidias

/// Recipes for learning rate, momentum and schedule of gradient descent.
public enum TrainingPreset: String, Sendable, Hashable, CaseIterable {
    /// The golden learning rate and momentum, constant: what the theory implies, and the default.
    case golden
    /// One cycle of the learning rate, up to a peak that grows with the square root of the batch, with
    /// momentum 0.9: more is learned in few epochs. A rule of thumb, chosen on validation images over
    /// networks, batches and data (docs/results.md); no theory stands behind it.
    case fast

    /// Peaks at a batch of 64 images: of networks with sigmoid units, and of those with activations as
    /// steep as ReLU, which diverge at higher ones.
    private static let (sigmoidPeak, steepPeak) = (0.3, 0.1)
    /// No peak is outside of these.
    private static let bounds = 0.01...1.0

    /// Sets optimizer, learning rate, momentum and schedule. Batch size and network are to be
    /// set before: the recipe may depend on them.
    public func apply(to settings: inout TrainingSettings) {
        settings.optimizerName = .sgd
        settings.warmUp = 0
        switch self {
        case .golden:
            settings.learningRate = GoldenRatio.learningRate
            settings.momentum = .golden
            settings.schedule = .constant
        case .fast:
            let usual = settings.network.isSteep ? Self.steepPeak : Self.sigmoidPeak
            let peak = usual * (Double(max(settings.batchSize, 1)) / 64).squareRoot()
            settings.learningRate = min(
                max((peak * 100).rounded() / 100, Self.bounds.lowerBound), Self.bounds.upperBound)
            settings.momentum = .constant(0.9)
            settings.schedule = .oneCycle(peak: nil)
        }
    }
}

extension NetworkChoice {
    /// Whether a layer has an activation whose slope reaches 1, where the sigmoid's reaches 1/4.
    fileprivate var isSteep: Bool {
        let steep: Set<Activation> = [.relu, .leakyReLU, .tanh]
        func has(_ layers: [Layer]) -> Bool {
            layers.contains {
                switch $0 {
                case .dense(let layer): steep.contains(layer.activation)
                case .conv2D(let layer): steep.contains(layer.activation)
                default: false
                }
            }
        }
        return switch self {
        case .dense(_, let activation): steep.contains(activation)
        case .preset(let preset): has((try? preset.network())?.layers ?? [])
        case .layers(let layers): has(layers)
        case .document(let network): has(network.layers)
        }
    }
}
