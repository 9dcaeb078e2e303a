/// A layer that has parameters, with its place in the network.
public struct WeightedLayer: Sendable, Hashable {
    /// Its place among all layers, from 0: the N of the tensors `layers.N.weight`.
    public let index: Int
    /// Of the weights: [outputs, inputs] of a dense layer, [outputs, inputs, rows, columns] of a
    /// convolution.
    public let shape: [Int]
    /// What the layer gets.
    public let input: LayerShape
    /// What the layer does to its sums.
    public let activation: Activation

    /// Units or channels that it gives.
    public var outputs: Int { shape[0] }
    /// Weights of each of them.
    public var inputs: Int { shape[1...].reduce(1, *) }
    /// Weights of an input.
    var fanOut: Int { outputs * shape[2...].reduce(1, *) }
    /// Weights and biases.
    public var parameterCount: Int { (inputs + 1) * outputs }
    /// Whether its kernel moves over an image.
    public var isConvolution: Bool { shape.count == 4 }
}
