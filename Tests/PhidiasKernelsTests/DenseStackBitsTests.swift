import PhidiasKernels
import PureSwiftKernels
import Testing

extension KernelTests {
    /// What must agree to the bit in whole networks: tables, threads, both paths of the gradient.
    @Suite struct StackBits {
        static let learningRate: Float = 0x1.03fae6p-3
        static let momentum: Float = 0x1.bf812p-1

        /// Weights and velocities of every layer after three steps, as bits, and the logits.
        private func trained(
            _ probe: DenseStackProbe, threads: Int,
            step: (NetworkStack, [Float]) throws -> Void
        ) throws -> [[UInt32]] {
            let stack = try probe.stack(layers: probe.shapes.count)
            var bits: [[UInt32]] = []
            for _ in 0..<3 {
                let logits = probe.forward(stack, probe.indices, threads: threads)
                bits.append(logits.map(\.bitPattern))
                try step(stack, probe.logitDelta(.synaptic, logits))
            }
            for layer in probe.shapes.indices {
                for content in [NetworkStack.Content.weights, .velocity] {
                    let values = stack.values(content, of: layer)
                    bits.append((values.weight + values.bias).map(\.bitPattern))
                }
            }
            return bits
        }

        private func updated(_ probe: DenseStackProbe, threads: Int) throws -> [[UInt32]] {
            try trained(probe, threads: threads) { stack, delta in
                let bad = stack.backward(
                    delta: delta.span, learningRate: Self.learningRate, momentum: Self.momentum)
                #expect(bad == nil)
            }
        }

        /// Gradients to memory, and then the update on plain arrays.
        private func updatedInTwoPasses(_ probe: DenseStackProbe) throws -> [[UInt32]] {
            try trained(probe, threads: 1) { stack, delta in
                try stack.gradient(delta: delta.span)
                for layer in probe.shapes.indices {
                    let gradient = stack.values(.gradient, of: layer)
                    var weights = stack.values(of: layer)
                    var velocity = stack.values(.velocity, of: layer)
                    update(gradient.weight, &velocity.weight, &weights.weight)
                    update(gradient.bias, &velocity.bias, &weights.bias)
                    stack.set(of: layer, to: weights)
                    stack.set(.velocity, of: layer, to: velocity)
                }
            }
        }

        private func update(_ g: [Float], _ v: inout [Float], _ w: inout [Float]) {
            var velocity = v.mutableSpan, weights = w.mutableSpan
            Kernels.momentumUpdate(
                learningRate: Self.learningRate, momentum: Self.momentum, gradient: g.span,
                velocity: &velocity, weights: &weights, threads: 1)
        }

        private static let probes: [DenseStackProbe] = ActivationKind.allCases.flatMap { hidden in
            [
                DenseStackProbe([37, 33, 17, 10], hidden: hidden, batch: 13),
                DenseStackProbe([5, 1, 3], hidden: hidden, batch: 6),
                DenseStackProbe([784, 128, 10], hidden: hidden, batch: 64),
                DenseStackProbe([30, 300, 2], hidden: hidden, batch: 7),
                DenseStackProbe([17, 10], hidden: hidden, batch: 300),
            ]
        }

        @Test func theUpdateHasTheBitsOfGradientAndMomentum() throws {
            for probe in Self.probes {
                #expect(
                    try updated(probe, threads: 1) == updatedInTwoPasses(probe),
                    "\(probe.shapes)")
            }
        }

        @Test func threadsChangeNoBit() throws {
            for probe in Self.probes {
                let one = try updated(probe, threads: 1)
                for threads in [2, 3, 7] {
                    let bits = try updated(probe, threads: threads)
                    #expect(bits == one, "\(threads) threads, \(probe.shapes)")
                }
            }
        }

        /// Two threads have copies of their own; three would fill the last cache, and share one.
        @Test func aLargeBatchThatIsSharedHasTheSameBits() throws {
            let probe = DenseStackProbe([2000, 19, 3], hidden: .sigmoid, batch: 700)
            #expect(2 * 700 * 2000 < 1 << 22 && 3 * 700 * 2000 > 1 << 22)
            let one = try updated(probe, threads: 1)
            for threads in [2, 3, 7] {
                #expect(try updated(probe, threads: threads) == one, "\(threads) threads")
            }
        }

        @Test func everyTableHasTheBitsOfTheReference() throws {
            defer { KernelTable.select(nil) }
            for probe in Self.probes {
                #expect(KernelTable.select("reference"))
                let reference = try updated(probe, threads: 2)
                for table in KernelTable.available.dropFirst() {
                    #expect(KernelTable.select(table))
                    #expect(try updated(probe, threads: 2) == reference, "\(table)")
                }
            }
        }

        /// Three steps did change the network, or equal bits would prove nothing.
        @Test func trainingMovesEveryLayer() throws {
            for probe in Self.probes where probe.shapes.allSatisfy({ $0.activation != .relu }) {
                let stack = try probe.stack(layers: probe.shapes.count)
                let logits = probe.forward(stack, probe.indices)
                let delta = probe.logitDelta(.synaptic, logits)
                _ = stack.backward(
                    delta: delta.span, learningRate: Self.learningRate, momentum: Self.momentum)
                for layer in probe.shapes.indices {
                    let now = stack.values(of: layer), before = probe.weights[layer]
                    #expect(now.weight != before.weight && now.bias != before.bias)
                }
            }
        }

        @Test func packingIsReversible() throws {
            let probe = DenseStackProbe([37, 33, 17, 10], hidden: .sigmoid, batch: 2)
            let stack = try probe.stack(layers: 3)
            for layer in 0..<3 { #expect(stack.values(of: layer) == probe.weights[layer]) }
        }

        /// Padding lanes and an evaluation-only stack must not differ from training.
        @Test func evaluationHasTheBitsOfTraining() throws {
            for probe in Self.probes {
                let layers = probe.shapes.count
                let training = probe.forward(try probe.stack(layers: layers), probe.indices)
                let evaluation = probe.forward(
                    try probe.stack(layers: layers, role: .evaluation), probe.indices)
                #expect(training.map(\.bitPattern) == evaluation.map(\.bitPattern))
            }
        }

        @Test func aWeightThatIsNotFiniteIsReported() throws {
            let probe = DenseStackProbe([37, 33, 17, 10], hidden: .sigmoid, batch: 13)
            for threads in [1, 2] {
                let stack = try probe.stack(layers: 3)
                _ = probe.forward(stack, probe.indices, threads: threads)
                var delta = [Float](repeating: 0.01, count: 13 * 10)
                #expect(
                    stack.backward(delta: delta.span, learningRate: 0.1, momentum: 0.9) == nil)
                _ = probe.forward(stack, probe.indices, threads: threads)
                delta[77] = .nan
                #expect(stack.backward(delta: delta.span, learningRate: 0.1, momentum: 0.9) == 0)
            }
            // Only the last layer: its infinite weight is nobody's input below.
            let stack = try probe.stack(layers: 3)
            _ = probe.forward(stack, probe.indices)
            var bias = probe.weights[2]
            bias.bias[3] = .infinity
            stack.set(of: 2, to: bias)
            let quiet = [Float](repeating: 0.01, count: 13 * 10)
            #expect(stack.backward(delta: quiet.span, learningRate: 0.1, momentum: 0.9) == 2)
        }

        /// Each is finite, and only their sum is not.
        @Test func largeWeightsAreNotReported() throws {
            let probe = DenseStackProbe([37, 33, 17, 10], hidden: .sigmoid, batch: 13)
            let stack = try probe.stack(layers: 3)
            var values = probe.weights[0]
            values.weight = values.weight.map { _ in 3e38 }
            stack.set(of: 0, to: values)
            _ = probe.forward(stack, probe.indices, threads: 2)
            let delta = [Float](repeating: 0, count: 13 * 10)
            #expect(stack.backward(delta: delta.span, learningRate: 0.1, momentum: 0.9) == nil)
        }
    }
}
