import PhidiasKernels

/// Adam (Kingma and Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015, arXiv:1412.6980,
/// algorithm 1), and with decoupled weight decay AdamW (Loshchilov and Hutter, *Decoupled Weight Decay
/// Regularization*, ICLR 2019, arXiv:1711.05101, algorithm 2).
///
/// Of the gradient g of step t, counted from 1 over the run:
///
///     m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²
///     w ← w − η · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
///
/// The powers are products, and the rest is sums, quotients and square roots: the same bits on every
/// machine. The theory of the golden parameters says nothing about it.
public struct Adam: Sendable, Hashable {
    /// η as a function of the step.
    public let learningRate: LearningRate
    /// Weights of the moments, ε, weight decay and clipping.
    public let options: Options

    /// The learning rate that the paper suggests.
    public static let usualLearningRate = 0.001

    /// The numbers beside the learning rate; the defaults are the paper's.
    public struct Options: Sendable, Hashable {
        /// The weight β₁ of the first moment before, in 0 ..< 1.
        public var beta1: Double
        /// The weight β₂ of the second moment before, in 0 ..< 1.
        public var beta2: Double
        /// ε, which is added to the root of the second moment: above 0, and a normal `Float`.
        public var epsilon: Double
        /// Weight decay λ ≥ 0, of every parameter w, biases too.
        public var weightDecay: Double
        /// Whether the decay is AdamW's, w ← w − ηλw before the step; otherwise λw is added to the
        /// gradient, after clipping.
        public var isDecoupled: Bool
        /// The largest Euclidean norm of the gradient of all parameters, to which a larger gradient
        /// is scaled down; nil for no limit.
        public var largestNorm: Double?

        /// The given options.
        public init(
            beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
            weightDecay: Double = 0, isDecoupled: Bool = false, largestNorm: Double? = nil
        ) {
            (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
            (self.weightDecay, self.isDecoupled) = (weightDecay, isDecoupled)
            self.largestNorm = largestNorm
        }

        func check() throws(OptimizationError) {
            for (name, beta) in [("beta1", beta1), ("beta2", beta2)] {
                guard beta >= 0, Float(beta) < 1 else { throw .beta(name, beta) }
            }
            guard Float(epsilon) >= .leastNormalMagnitude, Float(epsilon).isFinite else {
                throw .epsilon(epsilon)
            }
            try MomentumSGD.Options(weightDecay: weightDecay, largestNorm: largestNorm).check()
        }
    }

    /// - Parameters:
    ///   - learningRate: nil for a constant 0.001.
    ///   - options: by default those of the paper.
    /// - Throws: `OptimizationError` if an option is out of range.
    public init(
        learningRate: LearningRate? = nil, options: Options = Options()
    ) throws(OptimizationError) {
        try options.check()
        if let learningRate {
            self.learningRate = learningRate
        } else {
            self.learningRate = try LearningRate(Self.usualLearningRate)
        }
        self.options = options
    }

    private init(unchecked learningRate: LearningRate, _ options: Options) {
        (self.learningRate, self.options) = (learningRate, options)
    }

    /// Half the learning rate: the optimizer of a run after a divergence.
    public var halved: Adam { Adam(unchecked: learningRate.halved, options) }

    /// The rule of a step counted from 1.
    func rule(_ learningRate: Float, step: Int) -> AdamRule {
        AdamRule(
            learningRate: learningRate, step: step, beta1: options.beta1, beta2: options.beta2,
            epsilon: Float(options.epsilon), weightDecay: options.weightDecay,
            isDecoupled: options.isDecoupled, largestNorm: options.largestNorm)
    }
}
