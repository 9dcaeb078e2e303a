import CKernels

package enum ActivationKind: Sendable, CaseIterable {
    case identity, sigmoid, relu

    var flag: ck_activation {
        switch self {
        case .identity: CK_IDENTITY
        case .sigmoid: CK_SIGMOID
        case .relu: CK_RELU
        }
    }
}

package struct DenseShape: Sendable, Equatable {
    package let inputs, outputs: Int
    package let activation: ActivationKind

    package init(inputs: Int, outputs: Int, activation: ActivationKind) {
        precondition(inputs > 0 && outputs > 0, "layer of \(inputs) inputs and \(outputs) outputs")
        self.inputs = inputs
        self.outputs = outputs
        self.activation = activation
    }
}

/// Weights and bias of one layer, or anything of their shape: [outputs, inputs] and [outputs].
package struct DenseValues: Sendable, Equatable {
    package var weight: [Float]
    package var bias: [Float]

    package init(weight: [Float], bias: [Float]) {
        self.weight = weight
        self.bias = bias
    }
}

/// A network of dense layers in the kernels' panel layout, with the buffers of one batch.
/// Not thread-safe: one stack trains one network; the kernels inside are parallel.
package final class DenseStack {
    package enum Role: Sendable { case training, evaluation }

    /// What a layer keeps in panels beside its activations.
    package enum Content: Sendable { case weights, velocity, gradient }

    package let shapes: [DenseShape]
    package let batchCapacity: Int
    package let role: Role

    private let layers: UnsafeMutablePointer<ck_dense>
    private let buffers: [AlignedBuffer]
    private let input: AlignedBuffer
    private var batch = 0

    /// Floats that a stack of these shapes allocates: a caller can check it before.
    package static func size(shapes: [DenseShape], batchCapacity: Int, role: Role) -> Int {
        let panels = shapes.reduce(0) { sum, shape in
            let weights = ck_panel_size(shape.inputs + 1, shape.outputs)
            let outputs = ck_panel_size(batchCapacity, shape.outputs)
            return sum
                + (role == .training
                    ? 3 * weights + 2 * outputs + ck_dense_scratch(shape.inputs, shape.outputs)
                    : weights + outputs)
        }
        return panels + ck_panel_size(batchCapacity, shapes.first?.inputs ?? 0)
    }

    /// - Throws: `KernelError.outOfMemory`.
    package init(shapes: [DenseShape], batchCapacity: Int, role: Role) throws(KernelError) {
        precondition(!shapes.isEmpty && batchCapacity > 0, "a stack needs layers and a batch")
        for (below, above) in zip(shapes, shapes.dropFirst()) {
            precondition(below.outputs == above.inputs, "\(below) does not fit below \(above)")
        }
        var buffers: [AlignedBuffer] = []
        func floats(_ count: Int) throws(KernelError) -> UnsafeMutablePointer<Float> {
            let buffer = try AlignedBuffer(count: count)
            buffers.append(buffer)
            return buffer.base
        }
        var structs: [ck_dense] = []
        for (index, shape) in shapes.enumerated() {
            let weights = ck_panel_size(shape.inputs + 1, shape.outputs)
            let outputs = ck_panel_size(batchCapacity, shape.outputs)
            let trains = role == .training
            structs.append(
                ck_dense(
                    inputs: shape.inputs, outputs: shape.outputs,
                    activation: shape.activation.flag,
                    weights: try floats(weights),
                    velocity: trains ? try floats(weights) : nil,
                    gradient: nil,
                    activations: try floats(outputs),
                    deltas: trains ? try floats(outputs) : nil,
                    scratch: trains && index > 0
                        ? try floats(ck_dense_scratch(shape.inputs, shape.outputs)) : nil))
        }
        input = try AlignedBuffer(count: ck_panel_size(batchCapacity, shapes[0].inputs))
        layers = .allocate(capacity: structs.count)
        layers.initialize(from: structs, count: structs.count)
        self.buffers = buffers
        self.shapes = shapes
        self.batchCapacity = batchCapacity
        self.role = role
    }

    deinit {
        for index in shapes.indices { ck_free(layers[index].gradient) }
        layers.deallocate()
    }

    private func panels(_ content: Content, of layer: Int) -> UnsafeMutablePointer<Float> {
        precondition(shapes.indices.contains(layer), "no layer \(layer)")
        let pointer =
            switch content {
            case .weights: layers[layer].weights
            case .velocity: layers[layer].velocity
            case .gradient: layers[layer].gradient
            }
        guard let pointer else { preconditionFailure("this stack holds no \(content)") }
        return pointer
    }

    /// Values of a layer in the order that people and files use.
    package func values(_ content: Content = .weights, of layer: Int) -> DenseValues {
        let from = panels(content, of: layer)
        let shape = shapes[layer]
        var weight = [Float](repeating: 0, count: shape.inputs * shape.outputs)
        var bias = [Float](repeating: 0, count: shape.outputs)
        ck_dense_unpack(shape.inputs, shape.outputs, from, &weight, &bias)
        return DenseValues(weight: weight, bias: bias)
    }

    package func set(_ content: Content = .weights, of layer: Int, to values: DenseValues) {
        let shape = shapes[layer]
        precondition(
            values.weight.count == shape.inputs * shape.outputs
                && values.bias.count == shape.outputs,
            "\(values.weight.count) weights and \(values.bias.count) biases for \(shape)")
        ck_dense_pack(
            shape.inputs, shape.outputs, values.weight, values.bias, panels(content, of: layer))
    }

    private func description(_ images: UnsafePointer<UInt8>?, _ indices: UnsafePointer<UInt32>?)
        -> ck_batch_input
    {
        ck_batch_input(
            images: images, indices: indices, pixels: shapes[0].inputs, scale: 0, offset: 0,
            panels: input.base)
    }

    /// Packs the images at `indices` and runs them through the network.
    /// - Parameters:
    ///   - images: bytes, `inputs` an image.
    ///   - indices: the batch; at most `batchCapacity`, each inside `images`.
    ///   - scale: an input is fma(byte, scale, offset).
    ///   - logits: [batch][outputs].
    package func forward(
        images: Span<UInt8>, indices: Span<UInt32>, scale: Float, offset: Float,
        logits: inout MutableSpan<Float>, threads: Int
    ) {
        let pixels = shapes[0].inputs
        precondition(
            indices.count > 0 && indices.count <= batchCapacity,
            "batch of \(indices.count), capacity \(batchCapacity)")
        precondition(
            logits.count == indices.count * shapes[shapes.count - 1].outputs,
            "\(logits.count) logits for a batch of \(indices.count)")
        precondition(threads > 0, "thread count \(threads) is not positive")
        let count = images.count / pixels
        for position in indices.indices {
            precondition(Int(indices[position]) < count, "image \(indices[position]) of \(count)")
        }
        batch = indices.count
        images.withUnsafeBufferPointer { bytes in
            indices.withUnsafeBufferPointer { order in
                logits.withUnsafeMutableBufferPointer { out in
                    var from = description(bytes.baseAddress, order.baseAddress)
                    from.scale = scale
                    from.offset = offset
                    ck_dense_forward(
                        shapes.count, layers, batch, &from, out.baseAddress, Int32(threads))
                }
            }
        }
    }

    private func checkBackward(_ delta: Span<Float>, _ threads: Int) {
        precondition(role == .training, "this stack only evaluates")
        precondition(batch > 0, "backward without a forward pass before it")
        precondition(
            delta.count == batch * shapes[shapes.count - 1].outputs,
            "\(delta.count) deltas for a batch of \(batch)")
        precondition(threads > 0, "thread count \(threads) is not positive")
    }

    /// Back-propagates the gradient by the logits of the batch of the last `forward` and updates
    /// weights and velocity.
    /// - Returns: the first layer with a weight that is not finite, or nil.
    package func backward(
        delta: Span<Float>, learningRate: Float, momentum: Float, threads: Int
    ) -> Int? {
        checkBackward(delta, threads)
        var from = description(nil, nil)
        let bad = delta.withUnsafeBufferPointer {
            ck_dense_backward(
                shapes.count, layers, batch, &from, $0.baseAddress, learningRate, momentum,
                Int32(threads))
        }
        return bad < 0 ? nil : bad
    }

    /// Like `backward`, but keeps the gradients, to be read as `values(.gradient, of:)`, and
    /// changes no weight.
    /// - Throws: `KernelError.outOfMemory`.
    package func gradient(delta: Span<Float>, threads: Int) throws(KernelError) {
        checkBackward(delta, threads)
        for (index, shape) in shapes.enumerated() where layers[index].gradient == nil {
            let count = ck_panel_size(shape.inputs + 1, shape.outputs)
            guard let memory = ck_alloc(count * MemoryLayout<Float>.stride) else {
                throw .outOfMemory(floats: count)
            }
            layers[index].gradient = memory.bindMemory(to: Float.self, capacity: count)
        }
        var from = description(nil, nil)
        delta.withUnsafeBufferPointer {
            ck_dense_gradient(
                shapes.count, layers, batch, &from, $0.baseAddress, Int32(threads))
        }
    }
}
