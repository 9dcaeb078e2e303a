/// The momentum weight as a function of the step.
public enum Momentum: Sendable, Hashable {
    /// At least 0 and below 1.
    case constant(Double)
    /// Golden coupling, α(t) = 1 − √η(t): whatever lowers the learning rate raises the momentum,
    /// so that damping stays critical at one curvature. Needs 0 < η(t) ≤ 1. Ours (docs/theory.md).
    case coupled

    /// α = √2 / φ, constant.
    public static let golden = Momentum.constant(GoldenRatio.momentum)

    /// From the form of the command line: `golden`, `coupled`, or a number.
    /// - Throws: `OptimizationError`.
    public init(_ text: String) throws(OptimizationError) {
        switch text {
        case "golden": self = .golden
        case "coupled": self = .coupled
        default:
            guard let value = Double(text) else {
                throw .number(text, option: "momentum", words: "golden nor coupled")
            }
            self = .constant(value)
            try check()
        }
    }

    func check() throws(OptimizationError) {
        if case .constant(let value) = self {
            guard value >= 0, Float(value) < 1 else { throw .momentum(value) }
        }
    }
}

/// Stochastic gradient descent with momentum: v ← αv − ηg, w ← w + v.
public struct MomentumSGD: Sendable, Hashable {
    /// η as a function of the step.
    public let learningRate: LearningRate
    /// α as a function of the step.
    public let momentum: Momentum

    /// The golden learning rate and momentum, constant.
    public static let golden = MomentumSGD(unchecked: .golden, .golden)

    private init(unchecked learningRate: LearningRate, _ momentum: Momentum) {
        self.learningRate = learningRate
        self.momentum = momentum
    }

    /// - Throws: `OptimizationError` if a constant momentum is not in 0 ..< 1, or if golden
    ///   coupling meets a schedule that reaches a learning rate above 1. (No schedule reaches 0.)
    public init(learningRate: LearningRate, momentum: Momentum) throws(OptimizationError) {
        try momentum.check()
        if momentum == .coupled, learningRate.maximum > 1 {
            throw .coupling(learningRate.maximum)
        }
        self.init(unchecked: learningRate, momentum)
    }

    /// Half the learning rate, with the momentum coupled to it (0 where the rate is above 1): how a
    /// run goes on after it diverged.
    public var halved: MomentumSGD { MomentumSGD(unchecked: learningRate.halved, .coupled) }

    /// η and α of a step, rounded once to what the kernels use: η > 0 and 0 ≤ α < 1.
    /// - Parameter step: counted from 0.
    public func values(atStep step: Int, of run: RunLength) -> (
        learningRate: Float, momentum: Float
    ) {
        let rate = learningRate.value(atStep: step, of: run)
        switch momentum {
        case .constant(let value): return (Float(rate), Float(value))
        case .coupled:
            // A tiny η would round α to 1, and a cosine's top may exceed 1 by rounding.
            let coupled = Float(1 - rate.squareRoot())
            return (Float(rate), min(max(coupled, 0), Float(1).nextDown))
        }
    }
}
