import Phidias

/// The optimizers by name.
public enum OptimizerName: String, Sendable, Hashable, CaseIterable {
    /// Gradient descent with momentum.
    case sgd
    /// Adam, with the weight decay added to the gradient.
    case adam
    /// Adam with decoupled weight decay.
    case adamw

    /// The learning rate that is taken where none is chosen: golden, or 0.001 as Adam's authors
    /// suggest.
    public var usualLearningRate: Double {
        self == .sgd ? GoldenRatio.learningRate : Adam.usualLearningRate
    }
}
