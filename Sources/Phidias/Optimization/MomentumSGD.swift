/// The momentum weight as a function of the step.
public enum Momentum: Sendable, Hashable {
    case constant(Double)
    /// Golden coupling, α(t) = 1 − √η(t): whatever lowers the learning rate raises the momentum,
    /// so that the damping stays critical (docs/theory.md). Needs 0 < η(t) ≤ 1.
    case coupled

    public static let golden = Momentum.constant(GoldenRatio.momentum)
}

/// Stochastic gradient descent with momentum: v ← αv − ηg, w ← w + v.
public struct MomentumSGD: Sendable, Hashable {
    public let learningRate: LearningRate
    public let momentum: Momentum

    /// The golden learning rate and momentum, constant.
    public static let golden = MomentumSGD(unchecked: .golden, .golden)

    private init(unchecked learningRate: LearningRate, _ momentum: Momentum) {
        self.learningRate = learningRate
        self.momentum = momentum
    }

    /// - Throws: `OptimizationError` if a constant momentum is not in 0 ..< 1, or if the golden
    ///   coupling meets a learning rate above 1.
    public init(learningRate: LearningRate, momentum: Momentum) throws(OptimizationError) {
        switch momentum {
        case .constant(let value):
            guard value >= 0, value < 1, Float(value) < 1 else { throw .momentum(value) }
        case .coupled:
            guard learningRate.maximum <= 1 else { throw .coupling(learningRate.maximum) }
        }
        self.init(unchecked: learningRate, momentum)
    }

    /// η and α of a step, rounded once to what the kernels use.
    public func values(atStep step: Int, of run: RunLength) -> (learningRate: Float, momentum: Float)
    {
        let rate = learningRate.value(atStep: step, of: run)
        switch momentum {
        case .constant(let value): return (Float(rate), Float(value))
        case .coupled: return (Float(rate), Float(1 - rate.squareRoot()))
        }
    }
}

/// Settings that no training can follow.
public enum OptimizationError: PhidiasError, Equatable {
    case learningRate(Double)
    case momentum(Double)
    case coupling(Double)
    case warmUp(Double)
    case schedule(String)

    public var description: String {
        switch self {
        case .learningRate(let value):
            "The learning rate is \(value); it must be finite and above 0."
        case .momentum(let value):
            "The momentum is \(value); it must be at least 0 and below 1."
        case .coupling(let value):
            "Golden coupling, 1 − √η, needs learning rates above 0 and at most 1, but this one reaches \(value)."
        case .warmUp(let value): "A warm-up of \(value) epochs is not finite and at least 0."
        case .schedule(let text):
            "The schedule '\(text)' is none of constant, step:EPOCHS,FACTOR, exponential:FACTOR, cosine[:FINAL], one-cycle[:PEAK], with numbers above 0 and factors of at most 1."
        }
    }

    public var exitCode: Int32 { 64 }
}
