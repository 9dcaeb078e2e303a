import PhidiasKernels

/// The momentum weight as a function of the step.
public enum Momentum: Sendable, Hashable {
    /// A constant weight, at least 0 and below 1.
    case constant(Double)
    /// Golden coupling, α(t) = 1 − √η(t): whatever lowers the learning rate raises the momentum,
    /// so that damping stays critical at one curvature. Needs 0 < η(t) ≤ 1. Ours (docs/theory.md).
    case coupled

    /// α = √2 / φ, constant.
    public static let golden = Momentum.constant(GoldenRatio.momentum)

    /// The momentum from its text on the command line: `golden`, `coupled`, or a number.
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
    /// Weight decay, Nesterov momentum and clipping.
    public let options: Options

    /// Variations of the step, all off by default.
    public struct Options: Sendable, Hashable {
        /// Weight decay λ ≥ 0: λw is added to the gradient of every parameter w, after clipping.
        public var weightDecay: Double
        /// Whether the weights change by αv − ηg, with the new v, instead of v: Nesterov momentum
        /// as in PyTorch, at a constant learning rate.
        public var isNesterov: Bool
        /// The largest Euclidean norm of the gradient of all parameters, to which a larger gradient
        /// is scaled down; nil for no limit.
        public var largestNorm: Double?

        /// The given options; the default is none.
        public init(weightDecay: Double = 0, isNesterov: Bool = false, largestNorm: Double? = nil) {
            self.weightDecay = weightDecay
            self.isNesterov = isNesterov
            self.largestNorm = largestNorm
        }

        func check() throws(OptimizationError) {
            guard weightDecay >= 0, Float(weightDecay).isFinite else {
                throw .weightDecay(weightDecay)
            }
            if let largestNorm, !(Float(largestNorm) > 0 && largestNorm.isFinite) {
                throw .norm(largestNorm)
            }
        }
    }

    /// The golden learning rate and momentum, constant.
    public static let golden = MomentumSGD(unchecked: .golden, .golden, Options())

    private init(unchecked learningRate: LearningRate, _ momentum: Momentum, _ options: Options) {
        self.learningRate = learningRate
        self.momentum = momentum
        self.options = options
    }

    /// - Throws: `OptimizationError` if an option is out of range, if a constant momentum is not in
    ///   0 ..< 1, or if golden coupling is used with a schedule that reaches a learning rate above
    ///   1. (No schedule reaches 0. The rates of a custom one are checked at each step.)
    public init(
        learningRate: LearningRate, momentum: Momentum, options: Options = Options()
    ) throws(OptimizationError) {
        try momentum.check()
        try options.check()
        if momentum == .coupled, let maximum = learningRate.maximum, maximum > 1 {
            throw .coupling(maximum)
        }
        self.init(unchecked: learningRate, momentum, options)
    }

    /// Half the learning rate, with the momentum coupled to it (0 where the rate is above 1): the
    /// optimizer of a run after a divergence.
    public var halved: MomentumSGD {
        MomentumSGD(unchecked: learningRate.halved, .coupled, options)
    }

    /// The update rule of a step with these η and α.
    func rule(_ values: (learningRate: Float, momentum: Float)) -> UpdateRule {
        UpdateRule(
            learningRate: values.learningRate, momentum: values.momentum,
            weightDecay: Float(options.weightDecay), isNesterov: options.isNesterov,
            largestNorm: options.largestNorm)
    }

    /// η and α of a step, rounded once to what the kernels use: η > 0 and 0 ≤ α < 1.
    /// - Parameters:
    ///   - step: counted from 0.
    ///   - run: whose length the schedule goes by.
    /// - Throws: `OptimizationError`: what `LearningRate.value(atStep:of:)` throws, and `.coupling` if
    ///   a custom schedule exceeds what golden coupling can follow.
    public func values(atStep step: Int, of run: RunLength) throws(OptimizationError) -> (
        learningRate: Float, momentum: Float
    ) {
        let rate = try learningRate.value(atStep: step, of: run)
        switch momentum {
        case .constant(let value): return (Float(rate), Float(value))
        case .coupled:
            if rate > 1, learningRate.maximum == nil, learningRate.factor == 1 {
                throw .coupling(rate)
            }
            // A tiny η would round α to 1, and a cosine's maximum may exceed 1 by rounding.
            let coupled = Float(1 - rate.squareRoot())
            return (Float(rate), min(max(coupled, 0), Float(1).nextDown))
        }
    }
}
