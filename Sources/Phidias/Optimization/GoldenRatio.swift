import PhidiasKernels

/// The golden ratio and the learning parameters it gives.
///
/// φ, α and η are published; the golden point belongs to our reconstruction of the synaptic loss.
/// docs/theory.md keeps the two apart.
public enum GoldenRatio {
    /// φ = (1 + √5) / 2 = 1.618033988749895.
    public static let phi = (1 + 5.0.squareRoot()) / 2

    /// α = √2 / φ = 0.8740320488976422, the momentum weight; 0x1.bf812p-1 as a `Float`.
    ///
    /// Published: Jaeger, *Double-Bayesian Learning*, arXiv:2410.12984 (2024), equations 32–34.
    public static let momentum = 2.0.squareRoot() / phi

    /// η = (1 − α)² = 0.01586792470492601, the learning rate; 0x1.03fae6p-6 as a `Float`.
    ///
    /// Published: as `momentum`.
    public static let learningRate = (1 - momentum) * (1 - momentum)

    /// p = 1 / φ = φ − 1 = 0.6180339887498949, where the synaptic input z equals the information
    /// −ln p of its output. Ours: a property of our reconstruction of the loss.
    public static let goldenPoint = phi - 1

    /// z = ln φ = 0.4812118250596034…, the synaptic input at the golden point. Ours, like it.
    public static let goldenInput = PortableMath.log(phi)
}
