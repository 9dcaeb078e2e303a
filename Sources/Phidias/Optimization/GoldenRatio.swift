/// The golden ratio and the learning parameters it gives.
public enum GoldenRatio {
    /// φ = (1 + √5) / 2.
    public static let phi = (1 + 5.0.squareRoot()) / 2

    /// α = √2 / φ = 0.87403…, the momentum weight. Published: Jaeger, *Double-Bayesian Learning*,
    /// arXiv:2410.12984 (2024), equations 32–34.
    public static let momentum = 2.0.squareRoot() / phi

    /// η = (1 − α)² = 0.015868…, the learning rate. Published: as `momentum`.
    public static let learningRate = (1 - momentum) * (1 - momentum)

    /// p = 1 / φ, where the synaptic input z = ln φ equals the information −ln p of its output.
    /// A property of our reconstruction of the loss (docs/theory.md).
    public static let goldenPoint = 1 / phi
}

/// What a learning rate η and a momentum weight α mean for training. All of it is our own
/// derivation (docs/theory.md): observations about the update rule, not part of the papers.
public struct MomentumAnalysis: Sendable, Hashable {
    public let learningRate, momentum: Double

    public init(learningRate: Double, momentum: Double) {
        self.learningRate = learningRate
        self.momentum = momentum
    }

    /// η / (1 − α): the step that a constant gradient ends up making.
    public var effectiveLearningRate: Double { learningRate / (1 - momentum) }
    /// α / (1 − α), in steps: mean age of the gradients in the velocity.
    public var meanAge: Double { momentum / (1 - momentum) }
    /// (1 − α) / (1 + α): variance of the averaged gradient over that of one, if independent.
    public var noiseVariance: Double { (1 - momentum) / (1 + momentum) }
    /// (1 − √α)² / η: curvature of critical damping in the exact recursion.
    public var criticalCurvature: Double {
        let gap = 1 - momentum.squareRoot()
        return gap * gap / learningRate
    }
    /// (1 − α)² / 4η: critical curvature of the continuous heavy ball; 1/4 under the coupling.
    public var continuousCriticalCurvature: Double {
        (1 - momentum) * (1 - momentum) / (4 * learningRate)
    }
    /// 2 (1 + α) / η: above this curvature training diverges.
    public var stabilityLimit: Double { 2 * (1 + momentum) / learningRate }
}
