/// Networks with a name.
public enum NetworkPreset: String, Sendable, Hashable, CaseIterable {
    /// 784-128-10 with sigmoid units: the default network.
    case mlp
    /// The network of Jaeger, *Double-Bayesian Learning*, arXiv:2410.12984 (2024), as we read its
    /// appendix: two convolutions with max-pools, dropout, and two dense layers, with a ReLU between
    /// them that the paper does not mention. Inputs in −1 … 1, softmax.
    case dbl2024 = "dbl-2024"

    /// The network for images of a given shape: the data determines input and classes.
    /// - Throws: `NetworkError` if images or classes are too few for it.
    public func network(
        input: ImageShape = ImageShape(rows: 28, columns: 28), classes: Int = 10
    ) throws(NetworkError) -> Network {
        switch self {
        case .mlp:
            try Network(input: input) {
                Dense(128, activation: .sigmoid)
                Dense(classes, activation: .identity)
            }
        case .dbl2024:
            try Network(
                input: input, inputRange: .minusOneToOne, outputActivation: .softmax,
                initialization: .fanInUniform
            ) {
                Conv2D(16, kernel: 3, padding: 1, activation: .relu)
                MaxPool2D(2)
                Conv2D(32, kernel: 3, padding: 1, activation: .relu)
                MaxPool2D(2)
                Flatten()
                Dropout(0.25)
                Dense(128, activation: .relu)
                Dense(classes, activation: .identity)
            }
        }
    }
}
