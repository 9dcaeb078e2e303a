import PhidiasKernels

/// Properties of training with a learning rate η and a momentum weight α.
///
/// All of it is our own derivation (docs/theory.md): observations about the update rule
/// Δw(t) = −η g(t) + α Δw(t−1), not part of the papers. Curvature is the second derivative of the
/// loss along a direction in weight space.
public struct MomentumAnalysis: Sendable, Hashable {
    /// Learning rate η.
    public let learningRate: Double
    /// Momentum weight α.
    public let momentum: Double

    /// - Parameters:
    ///   - learningRate: η, finite and above 0.
    ///   - momentum: α, at least 0 and below 1.
    /// - Throws: `OptimizationError.learningRate`, `.momentum` for other numbers.
    public init(learningRate: Double, momentum: Double) throws(OptimizationError) {
        guard learningRate > 0, learningRate.isFinite else { throw .learningRate(learningRate) }
        guard momentum >= 0, momentum < 1 else { throw .momentum(momentum) }
        self.learningRate = learningRate
        self.momentum = momentum
    }

    private init(unchecked learningRate: Double, _ momentum: Double) {
        (self.learningRate, self.momentum) = (learningRate, momentum)
    }

    /// The analysis of the golden learning rate and momentum.
    public static let golden = MomentumAnalysis(
        unchecked: GoldenRatio.learningRate, GoldenRatio.momentum)

    /// η / (1 − α): the step per unit of a constant gradient.
    public var effectiveLearningRate: Double { learningRate / (1 - momentum) }
    /// ln ½ / ln α, in steps: the time until a gradient has half its influence; 0 without momentum.
    public var halfLife: Double {
        momentum > 0 ? PortableMath.log(0.5) / PortableMath.log(momentum) : 0
    }
    /// −1 / ln α, in steps: the time until a gradient has 1/e of its influence; 0 without momentum.
    public var timeConstant: Double { momentum > 0 ? -1 / PortableMath.log(momentum) : 0 }
    /// α / (1 − α), in steps: the mean age of the gradients in the velocity.
    public var meanAge: Double { momentum / (1 - momentum) }
    /// (1 − α) / (1 + α): the variance of the averaged gradient over that of a single one, if
    /// gradients are independent.
    public var noiseVariance: Double { (1 - momentum) / (1 + momentum) }
    /// |H(f)|² = (1 − α)² / (1 − 2α cos 2πf + α²): the share of the gradient's power at a frequency
    /// that remains in the averaged gradient (1 − α) Σ αᵏ g(t − k).
    /// - Parameter frequency: in cycles per step, 0 to ½.
    public func powerResponse(at frequency: Double) -> Double {
        let gap = 1 - momentum
        // (1 − α)² + 2α (1 − cos x) = (1 − α)² + 4α sin² x/2: no cancellation.
        let sine = PortableMath.sin(.pi * frequency)
        return gap * gap / (gap * gap + 4 * momentum * sine * sine)
    }
    /// (1 − √α)² / η: the curvature at which the recursion itself is critically damped. Flatter
    /// directions creep, steeper ones oscillate.
    public var criticalCurvature: Double {
        let gap = 1 - momentum.squareRoot()
        return gap * gap / learningRate
    }
    /// (1 − α)² / 4η: the same for the heavy-ball equation ẅ + (1−α)ẇ + ηhw = 0; exactly 1/4
    /// where η = (1 − α)².
    public var continuousCriticalCurvature: Double {
        (1 - momentum) * (1 - momentum) / (4 * learningRate)
    }
    /// 2 (1 + α) / η: from this curvature on the recursion no longer converges.
    public var stabilityLimit: Double { 2 * (1 + momentum) / learningRate }
}
