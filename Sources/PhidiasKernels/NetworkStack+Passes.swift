import CKernels

/// The forward and backward pass of a batch.
extension NetworkStack {
    /// Packs the images at `indices` and runs them through the network.
    /// - Parameters:
    ///   - images: bytes, [channels][height][width] per image.
    ///   - indices: the batch; at most `batchCapacity`, each inside `images`.
    ///   - next: the batch of the next call, if it is known: a prefetch hint.
    ///   - scale: an input is fma(byte, scale, offset).
    ///   - dropout: nil for evaluation: nothing is dropped.
    ///   - numbers: the number of each image for the dropout masks; its index if this is empty.
    ///   - logits: [batch][outputs].
    package func forward(
        images: Span<UInt8>, indices: Span<UInt32>, next: Span<UInt32> = Span(), scale: Float,
        offset: Float, dropout: DropoutKey? = nil, numbers: Span<UInt32> = Span(),
        logits: inout MutableSpan<Float>, threads: Int
    ) {
        pass.begin(
            values: images.count, indices: indices, next: next, logits: logits.count,
            threads: threads)
        pass.team = images.withUnsafeBufferPointer { bytes in
            var from = packedInput
            (from.images, from.scale, from.offset) = (bytes.baseAddress, scale, offset)
            return run(
                &from, indices: indices, next: next, dropout: dropout, numbers: numbers,
                logits: &logits, threads: threads)
        }
    }

    /// Runs rows of numbers through the network, which has no stages: the numbers are its inputs.
    /// - Parameters:
    ///   - rows: [count][inputs].
    ///   - indices: the batch; at most `batchCapacity`, each inside `rows`.
    ///   - dropout: nil for evaluation: nothing is dropped.
    ///   - logits: [batch][outputs].
    package func forward(
        rows: Span<Float>, indices: Span<UInt32>, dropout: DropoutKey? = nil,
        logits: inout MutableSpan<Float>, threads: Int
    ) {
        precondition(shape.stages.isEmpty, "numbers are not an image")
        pass.begin(
            values: rows.count, indices: indices, next: Span(), logits: logits.count,
            threads: threads)
        pass.team = rows.withUnsafeBufferPointer { rows in
            var from = packedInput
            from.rows = rows.baseAddress
            return run(
                &from, indices: indices, next: Span(), dropout: dropout, numbers: Span(),
                logits: &logits, threads: threads)
        }
    }

    /// - Returns: the number of threads.
    private func run(
        _ from: inout ck_batch_input, indices: Span<UInt32>, next: Span<UInt32>,
        dropout: DropoutKey?, numbers: Span<UInt32>, logits: inout MutableSpan<Float>,
        threads: Int
    ) -> Int {
        precondition(
            numbers.isEmpty || numbers.count == indices.count,
            "\(numbers.count) numbers for a batch of \(indices.count)")
        precondition(role.trains || dropout == nil, "this stack only evaluates")
        let batch = pass.batch
        return indices.withUnsafeBufferPointer { order in
            next.withUnsafeBufferPointer { next in
                numbers.withUnsafeBufferPointer { numbers in
                    logits.withUnsafeMutableBufferPointer { out in
                        from.indices = order.baseAddress
                        (from.next, from.next_count) = (next.baseAddress, next.count)
                        guard let dropout else {
                            return Int(
                                ck_network_forward(
                                    network, batch, &from, nil, out.baseAddress, Int32(threads)))
                        }
                        var source = ck_dropout(
                            seed: dropout.seed, epoch: dropout.epoch, purpose: dropout.purpose,
                            images: numbers.isEmpty ? nil : numbers.baseAddress)
                        return Int(
                            ck_network_forward(
                                network, batch, &from, &source, out.baseAddress, Int32(threads)))
                    }
                }
            }
        }
    }

    /// The number of threads of the last forward pass.
    package var lastThreads: Int { pass.team }

    /// The packed batch of the last forward pass.
    private var packedInput: ck_batch_input {
        ck_batch_input(
            images: nil, rows: nil, indices: nil, next: nil, next_count: 0,
            pixels: shape.input.count, scale: 0, offset: 0, panels: packed,
            listing: listing.cValue)
    }

    /// Back-propagates the gradient with respect to the logits of the batch of the last `forward`
    /// and updates weights and velocity, on the same number of threads.
    /// - Returns: the first place with a weight that is not finite, or nil.
    package func backward(
        delta: Span<Float>, learningRate: Float, momentum: Float
    ) -> Int? {
        pass.checkBackward(delta)
        isWhole = part == nil
        var from = packedInput
        let bad = delta.withUnsafeBufferPointer {
            ck_network_backward(
                network, pass.batch, &from, $0.baseAddress, learningRate, momentum,
                Int32(pass.team))
        }
        return bad < 0 ? nil : bad
    }

    /// Like `backward`, but keeps the gradients, to be read as `values(.gradient, of:)`, and
    /// changes no weight.
    /// - Throws: `KernelError.outOfMemory`.
    package func gradient(delta: Span<Float>) throws(KernelError) {
        pass.checkBackward(delta)
        isWhole = part == nil
        for stage in shape.stages.indices
        where shape.stages[stage].isConvolution && stages[stage].gradient == nil {
            stages[stage].gradient = try floats(Self.weights(stage, shape, images))
        }
        for layer in shape.layers.indices where layers[layer].gradient == nil {
            layers[layer].gradient = try floats(
                Self.weights(shape.stages.count + layer, shape, images))
        }
        var from = packedInput
        delta.withUnsafeBufferPointer {
            ck_network_gradient(network, pass.batch, &from, $0.baseAddress, Int32(pass.team))
        }
    }

    /// The output of a stage for an image of the last batch, dropout included: [channels][height]
    /// [width]. A stack for evaluation keeps it only for a batch of one.
    package func outputs(ofStage stage: Int, image: Int = 0) -> [Float] {
        precondition(shape.stages.indices.contains(stage), "no stage \(stage)")
        precondition(
            (0..<pass.batch).contains(image) && (role.trains || pass.batch == 1),
            "image \(image) of a batch of \(pass.batch)")
        var values = [Float](repeating: 0, count: images[stage + 1].count)
        ck_network_values(network, stage, image, &values)
        return values
    }
}
