import PhidiasKernels

/// The function that a layer applies to its weighted sums.
public enum Activation: String, Sendable, Hashable, CaseIterable {
    /// The sum z itself.
    case identity
    /// 1 / (1 + e⁻ᶻ).
    case sigmoid
    /// The larger of z and 0.
    case relu

    var kind: ActivationKind {
        switch self {
        case .identity: .identity
        case .sigmoid: .sigmoid
        case .relu: .relu
        }
    }
}

/// How the last layer's logits become probabilities. The loss applies it: the last layer itself has
/// no activation, so that there is no cancellation between the two.
public enum OutputActivation: String, Sendable, Hashable, CaseIterable {
    /// Each class independently: p = 1 / (1 + e⁻ᶻ).
    case sigmoid
    /// One distribution over the classes: pᵢ = eᶻⁱ / Σ eᶻʲ.
    case softmax
    /// None: the outputs are numbers to predict, not probabilities.
    case identity
}

/// The interval that a pixel's byte, 0 … 255, is mapped to.
public enum InputRange: String, Sendable, Hashable, CaseIterable {
    /// byte / 255.
    case zeroToOne = "0..1"
    /// 2 byte / 255 − 1.
    case minusOneToOne = "-1..1"
    /// There are no pixels: the inputs are rows of numbers, standardized as the model says.
    case numbers

    /// An input is fma(byte, scale, offset).
    var scale: Float {
        switch self {
        case .zeroToOne: 1 / 255
        case .minusOneToOne: 2 / 255
        case .numbers: 1
        }
    }
    var offset: Float { self == .minusOneToOne ? -1 : 0 }
}
