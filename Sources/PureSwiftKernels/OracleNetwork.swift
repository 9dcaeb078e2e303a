/// A dense network in `Double`: forward pass, loss and backward pass, layer by layer in plain
/// arrays, with the magnitudes for derived bounds. The last layer's outputs are the logits.
package struct OracleNetwork: Sendable {
    package enum Activation: Sendable, CaseIterable {
        case identity, sigmoid, relu, tanh, leakyReLU

        package func callAsFunction(_ z: Double) -> Double {
            switch self {
            case .identity: z
            case .sigmoid: Oracle.sigmoid(z)
            case .relu: Oracle.relu(z)
            case .tanh: Oracle.tanh(z)
            case .leakyReLU: Oracle.leakyReLU(z)
            }
        }

        /// The slope, from the activation's output y.
        package func slope(output y: Double) -> Double {
            switch self {
            case .identity: 1
            case .sigmoid: y * (1 - y)
            case .relu: y > 0 ? 1 : 0
            case .tanh: 1 - y * y
            case .leakyReLU: y > 0 ? 1 : Oracle.leak
            }
        }
    }

    /// One layer: weight [outputs, inputs], bias [outputs].
    package struct Layer: Sendable {
        package var inputs, outputs: Int
        package var activation: Activation
        package var weight, bias: [Double]

        package init(
            inputs: Int, outputs: Int, activation: Activation, weight: [Double], bias: [Double]
        ) {
            precondition(weight.count == inputs * outputs && bias.count == outputs)
            (self.inputs, self.outputs, self.activation) = (inputs, outputs, activation)
            (self.weight, self.bias) = (weight, bias)
        }

        /// x Wᵀ + b of a batch: [batch, outputs], before the activation.
        package func weightedSums(_ x: [Double], batch: Int) -> Oracle.Sums {
            var sums = Oracle.product(
                transposeA: false, transposeB: true, m: batch, n: outputs, k: inputs,
                a: x, lda: inputs, b: weight, ldb: inputs)
            for i in sums.values.indices {
                sums.values[i] += bias[i % outputs]
                sums.magnitudes[i] += abs(bias[i % outputs])
            }
            return sums
        }

        /// δ W of a batch: [batch, inputs], before the slope of the layer below.
        package func inputDeltas(_ delta: [Double], batch: Int) -> Oracle.Sums {
            Oracle.product(
                transposeA: false, transposeB: false, m: batch, n: inputs, k: outputs,
                a: delta, lda: outputs, b: weight, ldb: inputs)
        }

        /// δᵀ x and the column sums of δ: gradients of weight and bias, summed over the batch.
        package func gradients(
            _ delta: [Double], inputs x: [Double], batch: Int
        ) -> (weight: Oracle.Sums, bias: Oracle.Sums) {
            let weight = Oracle.product(
                transposeA: true, transposeB: false, m: outputs, n: inputs, k: batch,
                a: delta, lda: outputs, b: x, ldb: inputs)
            let ones = [Double](repeating: 1, count: batch)
            let bias = Oracle.product(
                transposeA: true, transposeB: false, m: outputs, n: 1, k: batch,
                a: delta, lda: outputs, b: ones, ldb: 1)
            return (weight, bias)
        }
    }

    /// Gradients of one layer's parameters and the deltas at its weighted sums.
    package struct LayerGradient: Sendable {
        package var weight, bias, delta: [Double]
    }

    package var layers: [Layer]

    package init(layers: [Layer]) { self.layers = layers }

    /// Outputs of every layer; the last are the logits.
    package func forward(_ x: [Double], batch: Int) -> [[Double]] {
        var outputs: [[Double]] = []
        for layer in layers {
            let sums = layer.weightedSums(outputs.last ?? x, batch: batch)
            outputs.append(sums.values.map { layer.activation($0) })
        }
        return outputs
    }

    /// Mean over the batch of the loss of the logits [batch, classes], and its gradient by them.
    package static func loss(
        _ kind: LossKind, logits: [Double], targets: [Double], batch: Int
    ) -> (value: Double, delta: [Double]) {
        let scale = 1 / Double(batch)
        guard kind.isSoftmax else {
            let all = zip(logits, targets).map { Oracle.loss(kind, logit: $0, target: $1) }
            return (scale * all.reduce(0) { $0 + $1.value }, all.map { scale * $0.gradient })
        }
        let classes = logits.count / batch
        var value = 0.0
        var delta: [Double] = []
        for i in 0..<batch {
            let row = i * classes..<(i + 1) * classes
            let loss = Oracle.loss(kind, logits: Array(logits[row]), targets: Array(targets[row]))
            value += scale * loss.value
            delta += loss.gradient.map { scale * $0 }
        }
        return (value, delta)
    }

    /// Mean loss of a batch.
    package func loss(_ kind: LossKind, _ x: [Double], targets: [Double], batch: Int) -> Double {
        let logits = forward(x, batch: batch).last ?? x
        return Self.loss(kind, logits: logits, targets: targets, batch: batch).value
    }

    /// Back-propagates the gradient by the logits through the outputs of `forward`.
    package func backward(
        _ x: [Double], outputs: [[Double]], delta logitDelta: [Double], batch: Int
    ) -> [LayerGradient] {
        var delta = logitDelta
        var gradients: [LayerGradient] = []
        for (index, layer) in layers.enumerated().reversed() {
            delta = zip(delta, outputs[index]).map { $0 * layer.activation.slope(output: $1) }
            let below = index > 0 ? outputs[index - 1] : x
            let (weight, bias) = layer.gradients(delta, inputs: below, batch: batch)
            gradients.append(
                LayerGradient(weight: weight.values, bias: bias.values, delta: delta))
            delta = layer.inputDeltas(delta, batch: batch).values
        }
        return gradients.reversed()
    }
}
