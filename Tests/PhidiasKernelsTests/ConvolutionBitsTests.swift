import PhidiasKernels
import Testing

extension KernelTests {
    /// What must agree to the bit in whole convolutional networks.
    @Suite struct ConvolutionBits {
        static let learningRate: Float = 0x1.03fae6p-3
        static let momentum: Float = 0x1.bf812p-1

        /// A network with random weights and a batch for it.
        struct Probe: Sendable {
            let shape: NetworkStack.Shape
            let batch: Int
            let images: [UInt8]
            let indices: [UInt32]
            let weights: [DenseValues]

            init(_ shape: NetworkStack.Shape, batch: Int) throws {
                (self.shape, self.batch) = (shape, batch)
                var state: UInt64 = 42
                func next() -> UInt32 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt32(state >> 33)
                }
                images = (0..<(batch + 3) * shape.input.count).map { _ in
                    let byte = next()
                    return byte & 1 == 0 ? 0 : UInt8(truncatingIfNeeded: byte >> 8)
                }
                indices = (0..<batch).map { UInt32($0 == 1 ? 0 : ($0 * 5 + 2) % (batch + 3)) }
                let stack = try NetworkStack(
                    shape, batchCapacity: 1, role: .evaluation, threads: 1)
                weights = (0..<stack.places).map { place in
                    let zero = stack.values(of: place)
                    let fanIn = zero.weight.count / max(zero.bias.count, 1)
                    let reach = 2 / Float(max(fanIn, 1)).squareRoot()
                    return DenseValues(
                        weight: zero.weight.map { _ in (Float(next() >> 7) * 0x1p-23 - 1) * reach },
                        bias: zero.bias.map { _ in Float(next() >> 7) * 0x1p-24 })
                }
            }

            func stack(role: NetworkStack.Role = .training) throws -> NetworkStack {
                let stack = try NetworkStack(
                    shape, batchCapacity: batch, role: role, threads: 7)
                for (place, values) in weights.enumerated() { stack.set(of: place, to: values) }
                return stack
            }

            func forward(
                _ stack: NetworkStack, threads: Int, dropout: DropoutKey?
            ) -> [Float] {
                let classes = shape.layers[shape.layers.count - 1].outputs
                var logits = [Float](repeating: .nan, count: batch * classes)
                var span = logits.mutableSpan
                stack.forward(
                    images: images.span, indices: indices.span, scale: 0x1.010102p-7, offset: -1,
                    dropout: dropout, logits: &span, threads: threads)
                return logits
            }

            /// Deltas as of a squared error, so that steps differ.
            func delta(_ logits: [Float]) -> [Float] {
                logits.enumerated().map { ($1 - ($0 % 3 == 0 ? 1 : 0)) / Float(4 * batch) }
            }

            /// Parameters and velocity of every place after three steps, as bits, and the logits.
            func trained(
                threads: Int, step: (NetworkStack, [Float]) throws -> Void
            ) throws -> [[UInt32]] {
                let stack = try stack()
                var bits: [[UInt32]] = []
                for epoch in 0..<3 as Range<UInt32> {
                    let key = DropoutKey(seed: 99, epoch: epoch, purpose: 9)
                    let logits = forward(stack, threads: threads, dropout: key)
                    bits.append(logits.map(\.bitPattern))
                    try step(stack, delta(logits))
                }
                for place in 0..<stack.places where !weights[place].bias.isEmpty {
                    for content in [NetworkStack.Content.weights, .velocity] {
                        let values = stack.values(content, of: place)
                        bits.append((values.weight + values.bias).map(\.bitPattern))
                    }
                }
                return bits
            }

            func updated(threads: Int) throws -> [[UInt32]] {
                try trained(threads: threads) { stack, delta in
                    let bad = stack.backward(
                        delta: delta.span, learningRate: learningRate, momentum: momentum)
                    #expect(bad == nil)
                }
            }
        }

        static func probes() throws -> [Probe] {
            func dense(_ inputs: Int, _ outputs: Int, _ a: ActivationKind = .identity) -> DenseShape
            {
                DenseShape(inputs: inputs, outputs: outputs, activation: a)
            }
            let digits = ImageShape(channels: 1, height: 28, width: 28)
            let small = ImageShape(channels: 3, height: 13, width: 11)
            let one = Extent(1), three = Extent(3)
            return [
                // dbl-2024
                try Probe(
                    .init(
                        input: digits,
                        stages: [
                            .convolution(
                                16, kernel: three, padding: one, activation: .relu, maxPool: true),
                            .convolution(
                                32, kernel: three, padding: one, activation: .relu, maxPool: true,
                                dropout: 0.25),
                        ], layers: [dense(1568, 128, .relu), dense(128, 10)]), batch: 64),
                // 13 × 11 → 13 × 11 → 6 × 10 → 3 × 4 → 2 × 3
                try Probe(
                    .init(
                        input: small,
                        stages: [
                            .convolution(20, kernel: three, padding: one, activation: .sigmoid),
                            .pool(
                                .maxPool, window: Extent(2), stride: Extent(2, 1), dropout: 0.1),
                            .convolution(
                                5, kernel: three, stride: Extent(2, 3), padding: one,
                                activation: .relu, dropout: 0.5),
                            .pool(.averagePool, window: Extent(2), stride: one),
                        ], layers: [dense(5 * 2 * 3, 9, .sigmoid), dense(9, 4)],
                        layerDropout: [0.5, 0]), batch: 19),
                // No stages: what a dense stack does, with dropout.
                try Probe(
                    .init(
                        input: small, stages: [],
                        layers: [dense(small.count, 37, .sigmoid), dense(37, 5)],
                        layerDropout: [0.4, 0]), batch: 13),
            ]
        }

        @Test func threadsAndTablesChangeNoBit() throws {
            defer { KernelTable.select(nil) }
            for (index, probe) in try Self.probes().enumerated() {
                #expect(KernelTable.select("reference"))
                let reference = try probe.updated(threads: 1)
                for table in KernelTable.available.dropFirst() {
                    #expect(KernelTable.select(table))
                    for threads in [1, 2, 3, 7] {
                        #expect(
                            try probe.updated(threads: threads) == reference,
                            "network \(index): \(table), \(threads) threads")
                    }
                }
            }
        }

        @Test func theUpdateHasTheBitsOfGradientAndMomentum() throws {
            func update(_ g: [Float], _ v: inout [Float], _ w: inout [Float]) {
                var velocity = v.mutableSpan, weights = w.mutableSpan
                Kernels.momentumUpdate(
                    learningRate: Self.learningRate, momentum: Self.momentum, gradient: g.span,
                    velocity: &velocity, weights: &weights, threads: 1)
            }
            for probe in try Self.probes() {
                let inTwoPasses = try probe.trained(threads: 3) { stack, delta in
                    try stack.gradient(delta: delta.span)
                    for place in 0..<stack.places where !probe.weights[place].bias.isEmpty {
                        let gradient = stack.values(.gradient, of: place)
                        var weights = stack.values(of: place)
                        var velocity = stack.values(.velocity, of: place)
                        update(gradient.weight, &velocity.weight, &weights.weight)
                        update(gradient.bias, &velocity.bias, &weights.bias)
                        stack.set(of: place, to: weights)
                        stack.set(.velocity, of: place, to: velocity)
                    }
                }
                #expect(try probe.updated(threads: 2) == inTwoPasses)
            }
        }

        @Test func evaluationHasTheBitsOfTrainingWithoutDropout() throws {
            for probe in try Self.probes() {
                let training = probe.forward(try probe.stack(), threads: 2, dropout: nil)
                let evaluation = probe.forward(
                    try probe.stack(role: .evaluation), threads: 3, dropout: nil)
                #expect(training.map(\.bitPattern) == evaluation.map(\.bitPattern))
                let key = DropoutKey(seed: 1, epoch: 0, purpose: 0)
                #expect(probe.forward(try probe.stack(), threads: 1, dropout: key) != training)
            }
        }

        @Test func packingIsReversibleAndTrainingMovesEveryPlace() throws {
            for probe in try Self.probes() {
                let stack = try probe.stack()
                for place in 0..<stack.places {
                    #expect(stack.values(of: place) == probe.weights[place])
                }
                let logits = probe.forward(stack, threads: 2, dropout: nil)
                _ = stack.backward(
                    delta: probe.delta(logits).span, learningRate: Self.learningRate,
                    momentum: Self.momentum)
                for place in 0..<stack.places where !probe.weights[place].bias.isEmpty {
                    let now = stack.values(of: place), before = probe.weights[place]
                    #expect(now.weight != before.weight && now.bias != before.bias)
                }
            }
        }

        @Test func aWeightThatIsNotFiniteIsReported() throws {
            let probe = try Self.probes()[0]
            for threads in [1, 2] {
                let stack = try probe.stack()
                _ = probe.forward(stack, threads: threads, dropout: nil)
                var delta = [Float](repeating: 0.001, count: 640)
                #expect(stack.backward(delta: delta.span, learningRate: 0.1, momentum: 0.9) == nil)
                _ = probe.forward(stack, threads: threads, dropout: nil)
                delta[333] = .nan
                #expect(stack.backward(delta: delta.span, learningRate: 0.1, momentum: 0.9) == 0)
            }
            // Only the last layer: its infinite bias is nobody's input below.
            let stack = try probe.stack()
            _ = probe.forward(stack, threads: 2, dropout: nil)
            var last = probe.weights[3]
            last.bias[3] = .infinity
            stack.set(of: 3, to: last)
            let quiet = [Float](repeating: 0.001, count: 640)
            #expect(stack.backward(delta: quiet.span, learningRate: 0.1, momentum: 0.9) == 3)
        }

        @Test func theSizeIsWhatIsAllocatedAndSmall() throws {
            let probe = try Self.probes()[0]
            let training = NetworkStack.size(
                probe.shape, batchCapacity: 64, role: .training, threads: 2)
            let evaluation = NetworkStack.size(
                probe.shape, batchCapacity: 64, role: .evaluation, threads: 2)
            #expect(training < 8 << 20 && evaluation < training / 2)
        }
    }
}
