import PhidiasKernels
import PureSwiftKernels
import Testing

extension KernelTests {
    /// The kernels of whole networks against the oracle, layer by layer: the oracle computes each
    /// layer from what the kernels themselves handed to it, so every bound is that of one layer.
    @Suite struct Stack {
        static let widths = [[37, 33, 17, 10], [5, 1, 3], [1, 16, 48, 2], [20, 4]]
        static let batches = [1, 6, 13]

        /// Whether every value is within its bound; a NaN never is.
        static func isWithin(_ got: [Float], _ exact: [Double], _ bounds: [Double]) -> Bool {
            got.count == exact.count
                && got.indices.allSatisfy { abs(Double(got[$0]) - exact[$0]) <= bounds[$0] }
        }

        // Of an activation's output y, from the bound of its sum: the sigmoid's slope is at most 1/4,
        // of all others at most 1; sigmoid and tanh err by 2 ulp, the leaky ReLU's product by half.
        static func outputBound(
            _ activation: OracleNetwork.Activation, _ y: Double, sum bound: Double
        ) -> Double {
            let ulp = Double(Float(y).ulp)
            return switch activation {
            case .identity, .relu: bound
            case .sigmoid: bound / 4 + 2 * ulp
            case .tanh: bound + 2 * ulp
            case .leakyReLU: bound + ulp
            }
        }

        // k steps of fma from the bias: γ_{k+3}(Σ|w||x| + |b|), and the activation.
        static func outputsAreRight(
            _ got: [Float], _ layer: OracleNetwork.Layer, below: [Float], batch: Int
        ) -> Bool {
            let sums = layer.weightedSums(below.map(Double.init), batch: batch)
            let exact = sums.values.map { layer.activation($0) }
            let gamma = Oracle.gamma(layer.inputs + 3)
            let bounds = zip(sums.magnitudes, exact).map { magnitude, y in
                outputBound(layer.activation, y, sum: gamma * magnitude)
            }
            return isWithin(got, exact, bounds)
        }

        // n steps of fma, and at most three roundings in the slope: delta · (y · (1 − y)).
        static func deltasAreRight(
            _ got: [Float], below activation: OracleNetwork.Activation, outputs: [Float],
            above: [Float], _ layer: OracleNetwork.Layer, batch: Int
        ) -> Bool {
            let sums = layer.inputDeltas(above.map(Double.init), batch: batch)
            let slopes = outputs.map { activation.slope(output: Double($0)) }
            let gamma = Oracle.gamma(layer.outputs + 3)
            return isWithin(
                got, zip(sums.values, slopes).map(*),
                zip(sums.magnitudes, slopes).map { gamma * $0 * abs($1) })
        }

        // A chain over the images of the batch.
        static func gradientIsRight(
            _ got: DenseValues, _ layer: OracleNetwork.Layer, delta: [Float], below: [Float],
            batch: Int
        ) -> Bool {
            let (weight, bias) = layer.gradients(
                delta.map(Double.init), inputs: below.map(Double.init), batch: batch)
            let gamma = Oracle.gamma(batch + 3)
            return isWithin(got.weight, weight.values, weight.magnitudes.map { gamma * $0 })
                && isWithin(got.bias, bias.values, bias.magnitudes.map { gamma * $0 })
        }

        @Test(arguments: widths, ActivationKind.allCases)
        func forwardIsRight(widths: [Int], hidden: ActivationKind) throws {
            for batch in Self.batches {
                let probe = DenseStackProbe(widths, hidden: hidden, batch: batch)
                let outputs = try probe.outputs()
                for (index, layer) in probe.oracle.layers.enumerated() {
                    let below = index > 0 ? outputs[index - 1] : probe.inputs
                    #expect(
                        Self.outputsAreRight(outputs[index], layer, below: below, batch: batch),
                        "layer \(index), batch \(batch)")
                }
            }
        }

        @Test(arguments: ActivationKind.allCases, LossKind.allCases)
        func backwardIsRight(hidden: ActivationKind, loss: LossKind) throws {
            for (widths, batch) in [([37, 33, 17, 10], 13), ([5, 1, 3], 6), ([1, 16, 48, 2], 1)] {
                for soft in [false, true] {
                    try check(widths, batch, hidden, loss, soft: soft)
                }
            }
        }

        private func check(
            _ widths: [Int], _ batch: Int, _ hidden: ActivationKind, _ loss: LossKind, soft: Bool
        ) throws {
            let probe = DenseStackProbe(widths, hidden: hidden, batch: batch)
            let layers = probe.oracle.layers
            let outputs = try probe.outputs()
            let delta = probe.logitDelta(loss, outputs[outputs.count - 1], soft: soft)
            let deltas = try probe.deltas(delta)
            #expect(deltas[deltas.count - 1] == delta)
            #expect(delta.contains { $0 != 0 })

            let stack = try probe.stack(layers: layers.count)
            #expect(probe.forward(stack, probe.indices) == outputs[outputs.count - 1])
            try stack.gradient(delta: delta.span)
            for (index, layer) in layers.enumerated() {
                if index > 0 {
                    let right = Self.deltasAreRight(
                        deltas[index - 1], below: layers[index - 1].activation,
                        outputs: outputs[index - 1], above: deltas[index], layer, batch: batch)
                    #expect(right, "delta below layer \(index), \(widths), batch \(batch)")
                }
                let below = index > 0 ? outputs[index - 1] : probe.inputs
                let right = Self.gradientIsRight(
                    stack.values(.gradient, of: index), layer, delta: deltas[index],
                    below: below, batch: batch)
                #expect(right, "gradient of layer \(index), \(widths), batch \(batch)")
            }
        }

        /// The three checks above are shown wrong networks.
        @Test func wrongLayersAreSeen() throws {
            let batch = 13
            let probe = DenseStackProbe([16, 16, 16, 16], hidden: .sigmoid, batch: batch)
            let layer = probe.oracle.layers[1]
            let outputs = try probe.outputs()
            let delta = probe.logitDelta(.synaptic, outputs[2])
            let deltas = try probe.deltas(delta)
            let stack = try probe.stack(layers: 3)
            _ = probe.forward(stack, probe.indices)
            try stack.gradient(delta: delta.span)
            let gradient = stack.values(.gradient, of: 1)
            func forward(_ layer: OracleNetwork.Layer, _ got: [Float]) -> Bool {
                Self.outputsAreRight(got, layer, below: outputs[0], batch: batch)
            }
            func backward(_ layer: OracleNetwork.Layer, _ got: [Float]) -> Bool {
                Self.deltasAreRight(
                    got, below: .sigmoid, outputs: outputs[0], above: deltas[1], layer,
                    batch: batch)
            }
            func weights(_ got: DenseValues) -> Bool {
                Self.gradientIsRight(
                    got, layer, delta: deltas[1], below: outputs[0], batch: batch)
            }
            #expect(forward(layer, outputs[1]))
            #expect(backward(layer, deltas[0]))
            #expect(weights(gradient))

            var transposed = layer, noBias = layer, otherActivation = layer
            for i in 0..<16 {
                for j in 0..<16 { transposed.weight[i * 16 + j] = layer.weight[j * 16 + i] }
            }
            noBias.bias = layer.bias.map { _ in 0 }
            otherActivation.activation = .relu
            for wrong in [transposed, noBias, otherActivation] {
                #expect(!forward(wrong, outputs[1]))
            }
            #expect(!backward(transposed, deltas[0]))
            let rowOff = Array(outputs[1][16...] + outputs[1][..<16])
            #expect(!forward(layer, rowOff))
            #expect(!backward(layer, deltas[0].map { -$0 }))
            var spoiled = deltas[0]
            spoiled[5] = .nan
            #expect(!backward(layer, spoiled))
            var wrong = gradient
            wrong.bias.swapAt(0, 1)
            #expect(!weights(wrong))
            wrong = gradient
            wrong.weight[17] += 64 * wrong.weight[17].ulp
            #expect(!weights(wrong))
            wrong.weight[17] = .nan
            #expect(!weights(wrong))
        }
    }
}
