import PureSwiftKernels
import Testing

/// The Double oracle's backward pass against central differences of its own loss: the rock on
/// which the tests of the kernels stand.
@Suite struct OracleGradientTests {
    static let batch = 3

    /// A fixed sequence in [−1, 1): multiples of the golden ratio, modulo 1.
    static func values(_ count: Int, start: Int) -> [Double] {
        (0..<count).map { i in
            let x = Double(i + start) * 0.618_033_988_749_894_9
            return 2 * (x - x.rounded(.down)) - 1
        }
    }

    static func network(
        _ hidden: OracleNetwork.Activation, _ output: OracleNetwork.Activation
    ) -> OracleNetwork {
        OracleNetwork(layers: [
            .init(
                inputs: 5, outputs: 4, activation: hidden, weight: values(20, start: 1),
                bias: values(4, start: 31)),
            .init(
                inputs: 4, outputs: 3, activation: output, weight: values(12, start: 50),
                bias: values(3, start: 71)),
        ])
    }

    static func targets(_ kind: LossKind, soft: Bool) -> [Double] {
        guard soft else { return [0, 1, 0, 1, 0, 0, 0, 0, 1] }
        guard kind.isSoftmax else { return values(9, start: 90).map { ($0 + 1) / 2 } }
        return [0.2, 0.5, 0.3, 1, 0, 0, 0.1, 0.1, 0.8]
    }

    /// Largest difference between the analytic gradient of every parameter and its central
    /// difference of fourth order, f′ ≈ (8(f₁ − f₋₁) − (f₂ − f₋₂)) / 12h.
    static func worstDifference(
        _ network: OracleNetwork, _ kind: LossKind, targets: [Double],
        gradients: [OracleNetwork.LayerGradient]
    ) -> Double {
        let x = values(batch * 5, start: 7)
        let h = 0x1p-11
        func difference(_ change: (inout OracleNetwork, Double) -> Void) -> Double {
            func loss(_ step: Double) -> Double {
                var moved = network
                change(&moved, step * h)
                return moved.loss(kind, x, targets: targets, batch: batch)
            }
            return (8 * (loss(1) - loss(-1)) - (loss(2) - loss(-2))) / (12 * h)
        }
        var worst = 0.0
        for (index, gradient) in gradients.enumerated() {
            for (i, value) in gradient.weight.enumerated() {
                let expected = difference { $0.layers[index].weight[i] += $1 }
                worst = max(worst, abs(value - expected))
            }
            for (i, value) in gradient.bias.enumerated() {
                let expected = difference { $0.layers[index].bias[i] += $1 }
                worst = max(worst, abs(value - expected))
            }
        }
        return worst
    }

    static func gradients(
        _ network: OracleNetwork, _ kind: LossKind, targets: [Double]
    ) -> [OracleNetwork.LayerGradient] {
        let x = values(batch * 5, start: 7)
        let outputs = network.forward(x, batch: batch)
        let (_, delta) = OracleNetwork.loss(
            kind, logits: outputs[outputs.count - 1], targets: targets, batch: batch)
        return network.backward(x, outputs: outputs, delta: delta, batch: batch)
    }

    // Truncation h⁴·f⁗′/30 and rounding 2⁻⁵²/h are both below 10⁻¹¹ here.
    static let tolerance = 1e-10

    @Test(arguments: LossKind.allCases, OracleNetwork.Activation.allCases)
    func backwardEqualsCentralDifferences(kind: LossKind, hidden: OracleNetwork.Activation) {
        for output in [OracleNetwork.Activation.identity, .sigmoid] {
            for soft in [false, true] {
                let network = Self.network(hidden, output)
                let targets = Self.targets(kind, soft: soft)
                let gradients = Self.gradients(network, kind, targets: targets)
                let worst = Self.worstDifference(
                    network, kind, targets: targets, gradients: gradients)
                #expect(worst <= Self.tolerance, "\(kind), \(hidden), \(output), soft \(soft)")
            }
        }
    }

    /// The check itself must see a wrong gradient: a forgotten slope, a sign, a wrong neighbour.
    @Test func aWrongGradientIsSeen() {
        let network = Self.network(.sigmoid, .identity)
        let targets = Self.targets(.synaptic, soft: false)
        let right = Self.gradients(network, .synaptic, targets: targets)
        let slopeless = Self.gradients(
            Self.network(.identity, .identity), .synaptic, targets: targets)
        var negated = right
        negated[0].weight[7].negate()
        var swapped = right
        swapped[1].bias.swapAt(0, 2)
        for wrong in [slopeless, negated, swapped] {
            let worst = Self.worstDifference(
                network, .synaptic, targets: targets, gradients: wrong)
            #expect(worst > 100 * Self.tolerance)
        }
    }
}
