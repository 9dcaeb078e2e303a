import CKernels

package enum ActivationKind: Sendable, CaseIterable {
    case identity, sigmoid, relu

    var cValue: ck_activation {
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
    /// The most threads that a pass may use.
    package let threads: Int

    private let layers: UnsafeMutablePointer<ck_dense>
    private var buffers: [AlignedBuffer]
    private let input: AlignedBuffer
    /// Of the last forward pass: the backward pass needs what each thread packed in it.
    private(set) var pass: StackPass

    /// Floats that a stack of these shapes allocates: a caller can check it before.
    package static func size(
        shapes: [DenseShape], batchCapacity: Int, role: Role, threads: Int
    ) -> Int {
        var size = ck_input_size(batchCapacity, shapes[0].inputs, Int32(threads))
        for (index, shape) in shapes.enumerated() {
            let weights = ck_panel_size(shape.inputs + 1, shape.outputs)
            let outputs = ck_panel_size(batchCapacity, shape.outputs)
            size += weights + outputs
            guard role == .training else { continue }
            size += weights + outputs * (index == shapes.count - 1 ? threads : 1)
            if index > 0 { size += ck_dense_scratch(shape.inputs, shape.outputs) }
        }
        return size
    }

    /// - Parameter threads: the most that a pass may use: each has its own copy of the batch.
    /// - Throws: `KernelError.outOfMemory`.
    package init(
        shapes: [DenseShape], batchCapacity: Int, role: Role, threads: Int
    ) throws(KernelError) {
        precondition(!shapes.isEmpty && batchCapacity > 0, "a stack needs layers and a batch")
        precondition(threads > 0, "thread count \(threads) is not positive")
        for (below, above) in zip(shapes, shapes.dropFirst()) {
            precondition(below.outputs == above.inputs, "\(below) does not fit below \(above)")
        }
        var buffers: [AlignedBuffer] = []
        func floats(_ count: Int) throws(KernelError) -> UnsafeMutablePointer<Float> {
            let buffer = try AlignedBuffer(count: count, threads: threads)
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
                    activation: shape.activation.cValue,
                    weights: try floats(weights),
                    velocity: trains ? try floats(weights) : nil,
                    gradient: nil,
                    activations: try floats(outputs),
                    deltas: trains
                        ? try floats(outputs * (index == shapes.count - 1 ? threads : 1)) : nil,
                    scratch: trains && index > 0
                        ? try floats(ck_dense_scratch(shape.inputs, shape.outputs)) : nil))
        }
        input = try AlignedBuffer(
            count: ck_input_size(batchCapacity, shapes[0].inputs, Int32(threads)), threads: threads)
        layers = .allocate(capacity: structs.count)
        layers.initialize(from: structs, count: structs.count)
        self.buffers = buffers
        self.shapes = shapes
        self.batchCapacity = batchCapacity
        self.role = role
        self.threads = threads
        pass = StackPass(
            pixels: shapes[0].inputs, outputs: shapes[shapes.count - 1].outputs,
            batchCapacity: batchCapacity, threads: threads, role: role)
    }

    deinit { layers.deallocate() }

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

    /// What an update from gradients in memory works on.
    var updatePanels: [UpdateRule.Panels] {
        shapes.enumerated().map { layer, shape in
            UpdateRule.Panels(
                count: ck_panel_size(shape.inputs + 1, shape.outputs),
                weights: panels(.weights, of: layer), velocity: panels(.velocity, of: layer),
                gradient: panels(.gradient, of: layer))
        }
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

    /// Packs the images at `indices` and runs them through the network.
    /// - Parameters:
    ///   - images: bytes, `inputs` an image.
    ///   - indices: the batch; at most `batchCapacity`, each inside `images`.
    ///   - next: the batch of the next call, if it is known: a hint to fetch its images early.
    ///   - scale: an input is fma(byte, scale, offset).
    ///   - logits: [batch][outputs].
    package func forward(
        images: Span<UInt8>, indices: Span<UInt32>, next: Span<UInt32> = Span(), scale: Float,
        offset: Float, logits: inout MutableSpan<Float>, threads: Int
    ) {
        let pixels = shapes[0].inputs
        pass.begin(
            imageBytes: images.count, indices: indices, next: next, logits: logits.count,
            threads: threads)
        let batch = pass.batch
        pass.team = images.withUnsafeBufferPointer { bytes in
            indices.withUnsafeBufferPointer { order in
                next.withUnsafeBufferPointer { next in
                    logits.withUnsafeMutableBufferPointer { out in
                        var from = ck_batch_input(
                            images: bytes.baseAddress, indices: order.baseAddress,
                            next: next.baseAddress, next_count: next.count, pixels: pixels,
                            scale: scale, offset: offset, panels: input.base)
                        return Int(
                            ck_dense_forward(
                                shapes.count, layers, batch, &from, out.baseAddress, Int32(threads))
                        )
                    }
                }
            }
        }
    }

    /// The packed batch of the last forward pass.
    private var packed: ck_batch_input {
        ck_batch_input(
            images: nil, indices: nil, next: nil, next_count: 0, pixels: shapes[0].inputs, scale: 0,
            offset: 0, panels: input.base)
    }

    /// Back-propagates the gradient by the logits of the batch of the last `forward` and updates
    /// weights and velocity, on as many threads.
    /// - Returns: the first layer with a weight that is not finite, or nil.
    package func backward(
        delta: Span<Float>, learningRate: Float, momentum: Float
    ) -> Int? {
        pass.checkBackward(delta)
        var from = packed
        let bad = delta.withUnsafeBufferPointer {
            ck_dense_backward(
                shapes.count, layers, pass.batch, &from, $0.baseAddress, learningRate, momentum,
                Int32(pass.team))
        }
        return bad < 0 ? nil : bad
    }

    /// Like `backward`, but keeps the gradients, to be read as `values(.gradient, of:)`, and
    /// changes no weight.
    /// - Throws: `KernelError.outOfMemory`.
    package func gradient(delta: Span<Float>) throws(KernelError) {
        pass.checkBackward(delta)
        for (index, shape) in shapes.enumerated() where layers[index].gradient == nil {
            let buffer = try AlignedBuffer(
                unfilled: ck_panel_size(shape.inputs + 1, shape.outputs))
            buffers.append(buffer)
            layers[index].gradient = buffer.base
        }
        var from = packed
        delta.withUnsafeBufferPointer {
            ck_dense_gradient(
                shapes.count, layers, pass.batch, &from, $0.baseAddress, Int32(pass.team))
        }
    }
}
