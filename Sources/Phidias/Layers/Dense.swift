import PhidiasKernels

/// A fully connected layer: y = activation(W x + b), W of shape [outputs, inputs].
///
/// The description only. Forward and backward pass run over all layers at once, in
/// `CKernels/src/dense.c`; parameters live in a `Model`.
public struct Dense: LayerDescription, Sendable, Hashable {
    /// Number of units.
    public var outputs: Int
    /// What each unit does to its sum.
    public var activation: Activation

    /// - Parameters:
    ///   - outputs: number of units; `Network` checks it.
    ///   - activation: `identity` unless it is given, as in a network's text and JSON.
    public init(_ outputs: Int, activation: Activation = .identity) {
        self.outputs = outputs
        self.activation = activation
    }

    /// Itself, as a layer.
    public var layer: Layer { .dense(self) }
}

/// Weights and biases of a layer.
public struct LayerParameters: Sendable, Equatable {
    /// [outputs, inputs] of a dense layer, [outputs, inputs, rows, columns] of a convolution; the
    /// last index is the fastest.
    public var weight: [Float]
    /// [outputs]
    public var bias: [Float]

    /// Any sizes; `Model` checks that they fit the network.
    public init(weight: [Float], bias: [Float]) {
        self.weight = weight
        self.bias = bias
    }
}
