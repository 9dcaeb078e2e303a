import PhidiasKernels

/// The function that a layer applies to its weighted sums.
public enum Activation: String, Sendable, Hashable, CaseIterable {
    /// The sum z itself.
    case identity
    /// 1 / (1 + e⁻ᶻ).
    case sigmoid
    /// The larger of z and 0.
    case relu
    /// (eᶻ − e⁻ᶻ) / (eᶻ + e⁻ᶻ).
    case tanh
    /// z above 0, and 0.01 z below.
    case leakyReLU = "leaky-relu"

    var kind: ActivationKind {
        switch self {
        case .identity: .identity
        case .sigmoid: .sigmoid
        case .relu: .relu
        case .tanh: .tanh
        case .leakyReLU: .leakyReLU
        }
    }

    /// The names of all but `identity`, for messages.
    package static let names = allCases.filter { $0 != .identity }.map(\.rawValue)

    /// Whether version 2 of the model file has it.
    var isInFormat2: Bool { self != .tanh && self != .leakyReLU }
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
