import CKernels

/// A convolution without a network, over a batch of images in blocks of channels. `isFirst`: it is
/// a network's first stage, whose input has interleaved channels.
extension Kernels {
    // The floats of an input or output image of a stage.
    private static func floats(_ image: ImageShape, isFirst: Bool) -> Int {
        isFirst ? image.count : ck_flatten_size(image.cValue)
    }

    private static func output(_ stage: StageShape, _ input: ImageShape) -> ImageShape {
        guard stage.isConvolution, let output = stage.output(of: input) else {
            preconditionFailure("\(stage) is no convolution of \(input)")
        }
        return output
    }

    // The stage as `delta` sees it: the gradient with respect to its sums.
    private static func sums(_ stage: StageShape) -> StageShape {
        var stage = stage
        stage.maxPool = false
        return stage
    }

    private static func check(
        _ name: String, _ count: Int, _ image: ImageShape, isFirst: Bool = false, batch: Int
    ) {
        precondition(
            batch >= 0 && count == batch * floats(image, isFirst: isFirst),
            "\(count) floats as \(name) for \(batch) images of \(image)")
    }

    private static func checkWeights(
        _ count: Int, _ stage: StageShape, _ input: ImageShape, isFirst: Bool
    ) {
        let size = ck_convolution_size(
            input.channels, output(sums(stage), input).channels, stage.window.cValue,
            isFirst ? 1 : 0)
        precondition(count == size, "\(count) floats of weights instead of \(size)")
    }

    /// y = activation(bias + x ∗ weights), and its max-pool if the stage has one.
    package static func convolutionForward(
        _ stage: StageShape, input: ImageShape, isFirst: Bool, batch: Int, weights: Span<Float>,
        x: Span<Float>, into y: inout Output, threads: Int
    ) throws(KernelError) {
        checkWeights(weights.count, stage, input, isFirst: isFirst)
        check("x", x.count, input, isFirst: isFirst, batch: batch)
        check("y", y.count, output(stage, input), batch: batch)
        let threads = checkThreads(threads)
        let status = weights.withUnsafeBufferPointer { w in
            x.withUnsafeBufferPointer { x in
                y.withUnsafeMutableBufferPointer { y in
                    // Only read, but a stage of training has writable weights.
                    var own = stage.cValue
                    own.weights = UnsafeMutablePointer(mutating: w.baseAddress)
                    return ck_convolution_forward(
                        &own, input.cValue, isFirst ? 1 : 0, batch, x.baseAddress, y.baseAddress,
                        threads)
                }
            }
        }
        if status != 0 { throw .outOfMemory(floats: weights.count) }
    }

    /// dx, the gradient with respect to the input, from that with respect to the sums before
    /// activation and max-pool.
    package static func convolutionBackwardData(
        _ stage: StageShape, input: ImageShape, batch: Int, weights: Span<Float>,
        delta: Span<Float>, into dx: inout Output, threads: Int
    ) throws(KernelError) {
        checkWeights(weights.count, stage, input, isFirst: false)
        check("dx", dx.count, input, batch: batch)
        check("delta", delta.count, output(sums(stage), input), batch: batch)
        let threads = checkThreads(threads)
        let status = weights.withUnsafeBufferPointer { w in
            delta.withUnsafeBufferPointer { delta in
                dx.withUnsafeMutableBufferPointer { dx in
                    var own = stage.cValue
                    own.weights = UnsafeMutablePointer(mutating: w.baseAddress)
                    return ck_convolution_backward_data(
                        &own, input.cValue, batch, delta.baseAddress, dx.baseAddress,
                        threads)
                }
            }
        }
        if status != 0 { throw .outOfMemory(floats: weights.count) }
    }

    /// The gradient with respect to weights and biases, in their panels.
    package static func convolutionBackwardWeights(
        _ stage: StageShape, input: ImageShape, isFirst: Bool, batch: Int, x: Span<Float>,
        delta: Span<Float>, into gradient: inout Output, threads: Int
    ) throws(KernelError) {
        checkWeights(gradient.count, stage, input, isFirst: isFirst)
        check("x", x.count, input, isFirst: isFirst, batch: batch)
        check("delta", delta.count, output(sums(stage), input), batch: batch)
        let threads = checkThreads(threads)
        let floats = gradient.count
        let status = gradient.withUnsafeMutableBufferPointer { gradient in
            x.withUnsafeBufferPointer { x in
                delta.withUnsafeBufferPointer { delta in
                    var own = stage.cValue
                    own.gradient = gradient.baseAddress
                    return ck_convolution_backward_weights(
                        &own, input.cValue, isFirst ? 1 : 0, batch, x.baseAddress,
                        delta.baseAddress, threads)
                }
            }
        }
        if status != 0 { throw .outOfMemory(floats: floats) }
    }
}
