import CKernels

/// Losses: value and gradient with respect to the logits in one call.
extension Kernels {
    private typealias SigmoidForm = (
        Int, UnsafePointer<Float>?, UnsafePointer<Float>?, Float, UnsafeMutablePointer<Float>?,
        UnsafeMutablePointer<Float>?, Int32
    ) -> Void

    private static func sigmoidForm(
        _ kernel: SigmoidForm, _ logits: Span<Float>, _ targets: Span<Float>, _ scale: Float,
        _ loss: inout Output, _ delta: inout Output, _ threads: Int
    ) {
        precondition(
            logits.count == targets.count && logits.count == loss.count
                && logits.count == delta.count,
            "\(logits.count) logits, \(targets.count) targets, \(loss.count) losses, \(delta.count) deltas"
        )
        precondition(threads > 0, "thread count \(threads) is not positive")
        logits.withUnsafeBufferPointer { z in
            targets.withUnsafeBufferPointer { t in
                loss.withUnsafeMutableBufferPointer { l in
                    delta.withUnsafeMutableBufferPointer { d in
                        kernel(
                            z.count, z.baseAddress, t.baseAddress, scale, l.baseAddress,
                            d.baseAddress, Int32(threads))
                    }
                }
            }
        }
    }

    package static func synapticLoss(
        logits: Span<Float>, targets: Span<Float>, scale: Float, loss: inout Output,
        delta: inout Output, threads: Int
    ) {
        sigmoidForm(ck_synaptic_loss, logits, targets, scale, &loss, &delta, threads)
    }

    package static func crossEntropyLoss(
        logits: Span<Float>, targets: Span<Float>, scale: Float, loss: inout Output,
        delta: inout Output, threads: Int
    ) {
        sigmoidForm(ck_cross_entropy_loss, logits, targets, scale, &loss, &delta, threads)
    }

    package static func meanSquareLoss(
        logits: Span<Float>, targets: Span<Float>, scale: Float, loss: inout Output,
        delta: inout Output, threads: Int
    ) {
        sigmoidForm(ck_mean_square_loss, logits, targets, scale, &loss, &delta, threads)
    }

    private typealias SoftmaxForm = (
        Int, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, Float,
        UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?, Int32
    ) -> Void

    private static func softmaxForm(
        _ kernel: SoftmaxForm, _ m: Int, _ n: Int, _ logits: Span<Float>, _ targets: Span<Float>,
        _ scale: Float, _ loss: inout Output, _ delta: inout Output, _ threads: Int
    ) {
        precondition(
            logits.count == m * n && targets.count == m * n && loss.count == m
                && delta.count == m * n,
            "\(m) × \(n): \(logits.count) logits, \(targets.count) targets, \(loss.count) losses, \(delta.count) deltas"
        )
        precondition(threads > 0, "thread count \(threads) is not positive")
        logits.withUnsafeBufferPointer { z in
            targets.withUnsafeBufferPointer { t in
                loss.withUnsafeMutableBufferPointer { l in
                    delta.withUnsafeMutableBufferPointer { d in
                        kernel(
                            m, n, z.baseAddress, t.baseAddress, scale, l.baseAddress,
                            d.baseAddress, Int32(threads))
                    }
                }
            }
        }
    }

    package static func synapticSoftmaxLoss(
        m: Int, n: Int, logits: Span<Float>, targets: Span<Float>, scale: Float,
        loss: inout Output, delta: inout Output, threads: Int
    ) {
        softmaxForm(ck_synaptic_softmax_loss, m, n, logits, targets, scale, &loss, &delta, threads)
    }

    package static func crossEntropySoftmaxLoss(
        m: Int, n: Int, logits: Span<Float>, targets: Span<Float>, scale: Float,
        loss: inout Output, delta: inout Output, threads: Int
    ) {
        softmaxForm(
            ck_cross_entropy_softmax_loss, m, n, logits, targets, scale, &loss, &delta, threads)
    }
}
