/// The distribution of the initial weights.
public enum Initialization: String, Sendable, Hashable, CaseIterable {
    /// Uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio, 2010); biases start at 0.
    case glorotUniform = "glorot-uniform"
    /// Uniform in ±√(6 / inputs) (He et al., 2015); biases start at 0.
    case kaimingUniform = "kaiming-uniform"
    /// Uniform in ±1 / √inputs, biases too. It is PyTorch's default for Linear and Conv2d: He's
    /// with a slope of √5.
    case fanInUniform = "fan-in-uniform"

    /// Kaiming for ReLU and leaky ReLU, whose slope below 0 is too small to count, Glorot for
    /// everything else.
    public static func usual(for activation: Activation) -> Initialization {
        switch activation {
        case .relu, .leakyReLU: .kaimingUniform
        case .identity, .sigmoid, .tanh: .glorotUniform
        }
    }

    /// The largest initial weight of a layer.
    /// - Parameters:
    ///   - inputs: weights per output; for a convolution, channels times the kernel's size.
    ///   - outputs: weights per input. Both must be at least 1: for less the formula gives no
    ///     useful result.
    public func bound(inputs: Int, outputs: Int) -> Double {
        switch self {
        case .glorotUniform: (6 / (Double(inputs) + Double(outputs))).squareRoot()
        case .kaimingUniform: (6 / Double(inputs)).squareRoot()
        case .fanInUniform: 1 / Double(inputs).squareRoot()
        }
    }

    /// The weights, followed by the biases: value i depends on (seed, number, i) alone.
    /// - Parameter number: index of the layer among those that have parameters.
    func parameters(of layer: WeightedLayer, number: Int, seed: UInt64) -> LayerParameters {
        let random = CounterRandom(seed: seed, purpose: .initialization, epoch: UInt32(number))
        let bound = bound(inputs: layer.inputs, outputs: layer.fanOut)
        func values(_ range: Range<Int>) -> [Float] {
            range.map { Float((2 * random.uniform(UInt64($0)) - 1) * bound) }
        }
        let count = layer.inputs * layer.outputs
        return LayerParameters(
            weight: values(0..<count),
            bias: self == .fanInUniform
                ? values(count..<count + layer.outputs)
                : [Float](repeating: 0, count: layer.outputs))
    }
}
