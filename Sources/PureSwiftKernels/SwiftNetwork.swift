/// A multilayer perceptron with sigmoid hidden layers, trained by the Swift kernels: the
/// opponent of the library's training step in `phidias bench train`.
package struct SwiftNetwork: Sendable {
    package enum Implementation: Sendable, Equatable {
        case naive
        case tuned(threads: Int)
    }

    struct Parameters: Sendable {
        var values, velocity, gradient: [Float]

        init(_ values: [Float]) {
            self.values = values
            velocity = [Float](repeating: 0, count: values.count)
            gradient = velocity
        }

        mutating func step(
            _ implementation: Implementation, learningRate: Float, momentum: Float
        ) {
            update(gradient, &velocity, &values, implementation, learningRate, momentum)
        }
    }

    /// weight [inputs, outputs]: the forward pass then multiplies two matrices as they stand.
    package struct Layer: Sendable {
        package let inputs, outputs: Int
        var weights, biases: Parameters

        package var weight: [Float] { weights.values }
        package var bias: [Float] { biases.values }

        package init(inputs: Int, outputs: Int, weight: [Float], bias: [Float]) {
            precondition(weight.count == inputs * outputs && bias.count == outputs)
            (self.inputs, self.outputs) = (inputs, outputs)
            (weights, biases) = (Parameters(weight), Parameters(bias))
        }
    }

    package var layers: [Layer]
    package let implementation: Implementation
    private var outputs: [[Float]] = []
    private var ones: [Float] = []

    package init(layers: [Layer], implementation: Implementation) {
        self.layers = layers
        self.implementation = implementation
    }

    /// One step of momentum SGD on a batch [batch, inputs] with the loss's mean gradient.
    /// - Returns: the losses of all logits, before the step.
    package mutating func step(
        _ x: [Float], targets: [Float], batch: Int, loss kind: LossKind, learningRate: Float,
        momentum: Float
    ) -> [Float] {
        forward(x, batch: batch)
        var delta = [Float](repeating: 0, count: targets.count)
        var losses = delta
        lossOfLogits(kind, targets, scale: 1 / Float(batch), &losses, &delta)
        if ones.count != batch { ones = [Float](repeating: 1, count: batch) }
        for index in layers.indices.reversed() {
            let below = index > 0 ? outputs[index - 1] : x
            let next = index > 0 ? inputDelta(index, delta, batch: batch) : []
            gradients(index, below, delta, batch: batch)
            layers[index].weights.step(
                implementation, learningRate: learningRate, momentum: momentum)
            layers[index].biases.step(
                implementation, learningRate: learningRate, momentum: momentum)
            delta = next
        }
        return losses
    }

    private mutating func forward(_ x: [Float], batch: Int) {
        outputs.removeAll(keepingCapacity: true)
        for (index, layer) in layers.enumerated() {
            var y = [Float](repeating: 0, count: batch * layer.outputs)
            multiply(
                false, false, batch, layer.outputs, layer.inputs,
                outputs.last ?? x, layer.inputs, layer.weight, layer.outputs, &y)
            var span = y.mutableSpan
            switch implementation {
            case .naive:
                Naive.biasAdd(
                    m: batch, n: layer.outputs, bias: layer.bias.span, c: &span,
                    ldc: layer.outputs)
            case .tuned(let threads):
                Tuned.biasAdd(
                    m: batch, n: layer.outputs, bias: layer.bias.span, c: &span,
                    ldc: layer.outputs, threads: threads)
            }
            outputs.append(index < layers.count - 1 ? sigmoid(y) : y)
        }
    }

    private func sigmoid(_ z: [Float]) -> [Float] {
        var y = z
        var span = y.mutableSpan
        switch implementation {
        case .naive: Naive.sigmoid(z.span, into: &span)
        case .tuned(let threads): Tuned.sigmoid(z.span, into: &span, threads: threads)
        }
        return y
    }

    private func lossOfLogits(
        _ kind: LossKind, _ targets: [Float], scale: Float, _ losses: inout [Float],
        _ delta: inout [Float]
    ) {
        let logits = outputs[outputs.count - 1]
        var values = losses.mutableSpan, gradient = delta.mutableSpan
        switch implementation {
        case .naive:
            Naive.sigmoidLoss(
                kind, logits: logits.span, targets: targets.span, scale: scale, loss: &values,
                delta: &gradient)
        case .tuned(let threads):
            Tuned.sigmoidLoss(
                kind, logits: logits.span, targets: targets.span, scale: scale, loss: &values,
                delta: &gradient, threads: threads)
        }
    }

    private func inputDelta(_ index: Int, _ delta: [Float], batch: Int) -> [Float] {
        let layer = layers[index]
        var below = [Float](repeating: 0, count: batch * layer.inputs)
        multiply(
            false, true, batch, layer.inputs, layer.outputs, delta, layer.outputs, layer.weight,
            layer.outputs, &below)
        var span = below.mutableSpan
        let y = outputs[index - 1]
        switch implementation {
        case .naive: Naive.sigmoidBackward(y.span, delta: &span)
        case .tuned(let threads): Tuned.sigmoidBackward(y.span, delta: &span, threads: threads)
        }
        return below
    }

    private mutating func gradients(_ index: Int, _ x: [Float], _ delta: [Float], batch: Int) {
        let (inputs, outputs) = (layers[index].inputs, layers[index].outputs)
        multiply(
            true, false, inputs, outputs, batch, x, inputs, delta, outputs,
            &layers[index].weights.gradient)
        multiply(
            false, false, 1, outputs, batch, ones, batch, delta, outputs,
            &layers[index].biases.gradient)
    }

    private func multiply(
        _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: [Float],
        _ lda: Int, _ b: [Float], _ ldb: Int, _ c: inout [Float]
    ) {
        var span = c.mutableSpan
        switch implementation {
        case .naive:
            Naive.gemm(
                transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: 1,
                a: a.span, lda: lda, b: b.span, ldb: ldb, beta: 0, c: &span, ldc: n)
        case .tuned(let threads):
            Tuned.gemm(
                transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: 1,
                a: a.span, lda: lda, b: b.span, ldb: ldb, beta: 0, c: &span, ldc: n,
                threads: threads)
        }
    }
}

private func update(
    _ gradient: [Float], _ velocity: inout [Float], _ weights: inout [Float],
    _ implementation: SwiftNetwork.Implementation, _ learningRate: Float, _ momentum: Float
) {
    var v = velocity.mutableSpan, w = weights.mutableSpan
    switch implementation {
    case .naive:
        Naive.momentumUpdate(
            learningRate: learningRate, momentum: momentum, gradient: gradient.span,
            velocity: &v, weights: &w)
    case .tuned(let threads):
        Tuned.momentumUpdate(
            learningRate: learningRate, momentum: momentum, gradient: gradient.span,
            velocity: &v, weights: &w, threads: threads)
    }
}
