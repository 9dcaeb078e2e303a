import PhidiasKernels
import PureSwiftKernels

/// A dense stack with a fixed batch, and what the kernels computed inside it, brought to light
/// through their own interface: a prefix of the stack ends in a layer's outputs, and the bias
/// gradient of a batch of one image is that image's delta.
struct DenseStackProbe {
    let shapes: [DenseShape]
    let batch: Int
    let images: [UInt8]
    let indices: [UInt32]
    let weights: [DenseValues]
    static let scale: Float = 0x1.010102p-8  // about 1/255
    static let offset: Float = -0.25

    init(_ widths: [Int], hidden: ActivationKind, batch: Int) {
        self.batch = batch
        shapes = zip(widths, widths.dropFirst()).enumerated().map { index, width in
            DenseShape(
                inputs: width.0, outputs: width.1,
                activation: index < widths.count - 2 ? hidden : .identity)
        }
        var state: UInt64 = 42
        func next() -> UInt32 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt32(state >> 33)
        }
        func float() -> Float { Float(next() >> 7) * 0x1p-23 - 1 }
        images = (0..<(batch + 3) * widths[0]).map { _ in
            let byte = next()
            return byte & 3 == 0 ? 0 : UInt8(truncatingIfNeeded: byte >> 8)
        }
        // Not in order, and one image twice.
        indices = (0..<batch).map { UInt32($0 == 1 ? 0 : ($0 * 5 + 2) % (batch + 3)) }
        weights = shapes.map { shape in
            let reach = 2 / Float(shape.inputs).squareRoot()
            return DenseValues(
                weight: (0..<shape.inputs * shape.outputs).map { _ in float() * reach },
                bias: (0..<shape.outputs).map { _ in float() })
        }
    }

    var classes: Int { shapes[shapes.count - 1].outputs }

    /// The inputs of the batch as the kernels make them: fma(byte, scale, offset) is exact Float
    /// arithmetic on both sides.
    var inputs: [Float] {
        let pixels = shapes[0].inputs
        return indices.flatMap { index in
            images[Int(index) * pixels..<(Int(index) + 1) * pixels].map {
                Self.offset.addingProduct(Float($0), Self.scale)
            }
        }
    }

    func stack(layers: Int, role: NetworkStack.Role = .training) throws -> NetworkStack {
        let stack = try NetworkStack(
            .init(layers: Array(shapes[..<layers])), batchCapacity: batch, role: role, threads: 7)
        for layer in 0..<layers { stack.set(of: layer, to: weights[layer]) }
        return stack
    }

    func forward(_ stack: NetworkStack, _ indices: [UInt32], threads: Int = 1) -> [Float] {
        let width = stack.shape.layers[stack.shape.layers.count - 1].outputs
        var logits = [Float](repeating: .nan, count: indices.count * width)
        var span = logits.mutableSpan
        stack.forward(
            images: images.span, indices: indices.span, scale: Self.scale, offset: Self.offset,
            logits: &span, threads: threads)
        return logits
    }

    /// Outputs of every layer, after its activation: [layer][batch · outputs].
    func outputs() throws -> [[Float]] {
        try shapes.indices.map { layer in
            forward(try stack(layers: layer + 1, role: .evaluation), indices)
        }
    }

    /// Deltas of every layer from the gradient by the logits: [layer][batch · outputs].
    func deltas(_ logitDelta: [Float]) throws -> [[Float]] {
        let stack = try stack(layers: shapes.count)
        var deltas = shapes.map { _ in [Float]() }
        for (i, index) in indices.enumerated() {
            _ = forward(stack, [index])
            let delta = Array(logitDelta[i * classes..<(i + 1) * classes])
            try stack.gradient(delta: delta.span)
            for layer in shapes.indices {
                deltas[layer] += stack.values(.gradient, of: layer).bias
            }
        }
        return deltas
    }

    /// One class in turn, the rest 0; with `soft`, an eighth of it on the next class.
    func targets(soft: Bool) -> [Float] {
        (0..<batch).flatMap { i in
            (0..<classes).map { j in
                j == i % classes
                    ? (soft ? 0.875 : 1)
                    : soft && j == (i + 1) % classes ? 0.125 : 0
            }
        }
    }

    /// The gradient by the logits, from the loss kernels.
    func logitDelta(_ kind: LossKind, _ logits: [Float], soft: Bool = false) -> [Float] {
        let targets = targets(soft: soft), scale = 1 / Float(batch)
        var delta = logits
        var loss = [Float](repeating: 0, count: kind.isSoftmax ? batch : logits.count)
        var gradient = delta.mutableSpan, values = loss.mutableSpan
        switch kind {
        case .synaptic:
            Kernels.synapticLoss(
                logits: logits.span, targets: targets.span, scale: scale, loss: &values,
                delta: &gradient, threads: 1)
        case .crossEntropy:
            Kernels.crossEntropyLoss(
                logits: logits.span, targets: targets.span, scale: scale, loss: &values,
                delta: &gradient, threads: 1)
        case .meanSquare:
            Kernels.meanSquareLoss(
                logits: logits.span, targets: targets.span, scale: scale, loss: &values,
                delta: &gradient, threads: 1)
        case .synapticSoftmax:
            Kernels.synapticSoftmaxLoss(
                m: batch, n: classes, logits: logits.span, targets: targets.span, scale: scale,
                loss: &values, delta: &gradient, threads: 1)
        case .crossEntropySoftmax:
            Kernels.crossEntropySoftmaxLoss(
                m: batch, n: classes, logits: logits.span, targets: targets.span, scale: scale,
                loss: &values, delta: &gradient, threads: 1)
        }
        return delta
    }

    /// The stack's layers for the oracle.
    var oracle: OracleNetwork {
        OracleNetwork(
            layers: zip(shapes, weights).map { shape, values in
                OracleNetwork.Layer(
                    inputs: shape.inputs, outputs: shape.outputs,
                    activation: shape.activation.oracle,
                    weight: values.weight.map(Double.init), bias: values.bias.map(Double.init))
            })
    }
}

extension ActivationKind {
    var oracle: OracleNetwork.Activation {
        switch self {
        case .identity: .identity
        case .sigmoid: .sigmoid
        case .relu: .relu
        case .tanh: .tanh
        case .leakyReLU: .leakyReLU
        }
    }
}
