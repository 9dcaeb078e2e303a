import PhidiasKernels

/// A fully connected layer: y = activation(W x + b), W of shape [outputs, inputs].
///
/// The description only. Forward and backward pass run over all layers at once, in
/// `CKernels/src/dense.c`; parameters live in a `Model`.
public struct Dense: Sendable, Hashable {
    /// Number of units.
    public var outputs: Int
    public var activation: Activation

    public init(_ outputs: Int, activation: Activation = .sigmoid) {
        self.outputs = outputs
        self.activation = activation
    }
}

/// Weights and biases of a dense layer.
public struct DenseParameters: Sendable, Equatable {
    /// [outputs, inputs], row-major.
    public var weight: [Float]
    /// [outputs]
    public var bias: [Float]

    public init(weight: [Float], bias: [Float]) {
        self.weight = weight
        self.bias = bias
    }
}
