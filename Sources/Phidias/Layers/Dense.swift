import PhidiasKernels

/// A fully connected layer: y = activation(W x + b), W of shape [outputs, inputs].
///
/// This is only the description. Forward and backward pass run over all layers at once, in
/// `CKernels/src/dense.c`; parameters are in a `Model`.
public struct Dense: LayerDescription, Sendable, Hashable {
    /// Number of units.
    public var outputs: Int
    /// The function that each unit applies to its sum.
    public var activation: Activation

    /// - Parameters:
    ///   - outputs: number of units; `Network` checks it.
    ///   - activation: `identity` unless it is given, as in a network's text and JSON.
    public init(_ outputs: Int, activation: Activation = .identity) {
        self.outputs = outputs
        self.activation = activation
    }

    /// The same as a `Layer`.
    public var layer: Layer { .dense(self) }
}

/// The weights and biases of a layer.
public struct LayerParameters: Sendable, Equatable {
    /// The weights: [outputs, inputs] for a dense layer, [outputs, inputs, rows, columns] for a
    /// convolution, row-major.
    public var weight: [Float]
    /// The biases: [outputs].
    public var bias: [Float]

    /// Any sizes; `Model` checks that they fit the network.
    public init(weight: [Float], bias: [Float]) {
        self.weight = weight
        self.bias = bias
    }
}
