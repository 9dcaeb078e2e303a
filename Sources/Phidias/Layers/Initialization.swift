/// How weights start. Biases start at 0.
public enum Initialization: String, Sendable, Hashable, CaseIterable {
    /// Uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio, 2010).
    case glorotUniform = "glorot-uniform"
    /// Uniform in ±√(6 / inputs) (He et al., 2015).
    case kaimingUniform = "kaiming-uniform"

    /// Kaiming for ReLU, Glorot for everything else.
    public static func usual(for activation: Activation) -> Initialization {
        activation == .relu ? .kaimingUniform : .glorotUniform
    }

    /// Largest weight of a layer.
    public func bound(inputs: Int, outputs: Int) -> Double {
        switch self {
        case .glorotUniform: (6 / Double(inputs + outputs)).squareRoot()
        case .kaimingUniform: (6 / Double(inputs)).squareRoot()
        }
    }

    /// Weights [outputs, inputs] of layer number `layer`: weight i depends on (seed, layer, i)
    /// alone.
    func weights(inputs: Int, outputs: Int, layer: Int, seed: UInt64) -> [Float] {
        let random = CounterRandom(seed: seed, purpose: .initialization, epoch: UInt32(layer))
        let bound = bound(inputs: inputs, outputs: outputs)
        return (0..<inputs * outputs).map { index in
            Float((2 * random.uniform(UInt64(index)) - 1) * bound)
        }
    }
}
