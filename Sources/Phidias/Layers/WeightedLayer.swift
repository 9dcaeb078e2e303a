/// A layer that has parameters, with its index in the network.
public struct WeightedLayer: Sendable, Hashable {
    /// The index among all layers, from 0: the N of the tensors `layers.N.weight`.
    public let index: Int
    /// The shape of the weights: [outputs, inputs] for a dense layer, [outputs, inputs, rows,
    /// columns] for a convolution.
    public let shape: [Int]
    /// The shape of the layer's input.
    public let input: LayerShape
    /// The function that the layer applies to its sums.
    public let activation: Activation

    /// The number of output units or channels.
    public var outputs: Int { shape[0] }
    /// The number of weights of each output.
    public var inputs: Int { shape[1...].reduce(1, *) }
    /// The number of weights of each input.
    var fanOut: Int { outputs * shape[2...].reduce(1, *) }
    /// The number of weights and biases.
    public var parameterCount: Int { (inputs + 1) * outputs }
    /// Whether its kernel moves over an image.
    public var isConvolution: Bool { shape.count == 4 }
}
