/// A loss of smoothed targets: t becomes (1 − s) t + s / K, with K classes (Szegedy et al., *Rethinking
/// the Inception Architecture for Computer Vision*, CVPR 2016, arXiv:1512.00567, section 7).
///
/// It is for training. What a model has learned is measured by the loss itself, on the labels as they
/// are, so that losses with different shares can be compared.
public struct LabelSmoothing: Loss {
    /// The loss of the smoothed targets.
    public let loss: any Loss
    /// The share s of each target that is spread evenly over all classes, in 0 ..< 1.
    public let share: Double

    /// - Throws: `OptimizationError.labelSmoothing` for another share.
    public init(_ loss: any Loss, share: Double) throws(OptimizationError) {
        guard share >= 0, Float(share) < 1 else { throw .labelSmoothing(share) }
        (self.loss, self.share) = (loss, share)
    }

    /// The name of the loss itself.
    public var name: String { loss.name }
    public var outputActivation: OutputActivation { loss.outputActivation }

    /// The loss itself of the smoothed target.
    public func evaluate(
        logits: Span<Float>, target: Span<Float>, gradient: inout MutableSpan<Float>
    ) -> Float {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: target.count) { memory in
            fill(memory, from: target, classes: target.count)
            return loss.evaluate(logits: logits, target: memory.span, gradient: &gradient)
        }
    }

    /// The batch form of the loss itself.
    public func evaluate(
        logits: Span<Float>, targets: Span<Float>, classes: Int, scale: Float,
        gradient: inout MutableSpan<Float>
    ) -> Double {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: targets.count) { memory in
            fill(memory, from: targets, classes: classes)
            return loss.evaluate(
                logits: logits, targets: memory.span, classes: classes, scale: scale,
                gradient: &gradient)
        }
    }

    /// The smoothed targets, each rounded once more.
    private func fill(
        _ memory: UnsafeMutableBufferPointer<Float>, from targets: Span<Float>, classes: Int
    ) {
        let kept = Float(1 - share), spread = Float(share / Double(classes))
        memory.initialize(repeating: spread)
        for index in targets.indices {
            memory[index] = spread.addingProduct(kept, targets[index])
        }
    }
}
