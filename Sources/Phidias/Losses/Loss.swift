/// The loss to minimize: a function of an image's logits and target.
///
/// Implement `evaluate(logits:target:gradient:)` for your own loss. The built-in losses also
/// implement the batch form, with kernels, and give the same bits on every machine; your own loss
/// is as repeatable as the functions it calls (libm differs between versions).
public protocol Loss: Sendable {
    /// Short name for logs and files, such as "synaptic".
    var name: String { get }

    /// How logits become probabilities under this loss.
    var outputActivation: OutputActivation { get }

    /// The value of the loss for one image, and its gradient.
    /// - Parameters:
    ///   - logits: the network's output, one element per class.
    ///   - target: the target probabilities; for a labelled image 1 at its class, else 0.
    ///   - gradient: output: ∂L/∂logits, one element per class.
    /// - Precondition: all three have the same number of elements, at least one.
    /// - Returns: L, in nats for the entropy losses.
    func evaluate(
        logits: Span<Float>, target: Span<Float>, gradient: inout MutableSpan<Float>
    ) -> Float

    /// The sum of the loss over a batch, and the gradient times `scale`. The default implementation
    /// calls the form for one image.
    /// - Parameters:
    ///   - logits: [batch][classes].
    ///   - targets: the wanted probabilities, [batch][classes].
    ///   - classes: length of a row.
    ///   - scale: factor of the gradient: 1 / batch for the gradient of the mean.
    ///   - gradient: out: `scale` times ∂L/∂logits, [batch][classes].
    /// - Returns: the sum of L over the batch.
    /// - Precondition: `logits`, `targets` and `gradient` have the same number of elements, a multiple
    ///   of `classes`, which is at least 1.
    func evaluate(
        logits: Span<Float>, targets: Span<Float>, classes: Int, scale: Float,
        gradient: inout MutableSpan<Float>
    ) -> Double
}

extension Loss {
    /// Sigmoid is the default.
    public var outputActivation: OutputActivation { .sigmoid }

    /// Evaluates image by image, in order, with the form for one image.
    public func evaluate(
        logits: Span<Float>, targets: Span<Float>, classes: Int, scale: Float,
        gradient: inout MutableSpan<Float>
    ) -> Double {
        var sum = 0.0
        var own = [Float](repeating: 0, count: classes)
        for start in stride(from: 0, to: logits.count, by: classes) {
            let row = start..<start + classes
            var ownSpan = own.mutableSpan
            sum += Double(
                evaluate(
                    logits: logits.extracting(row), target: targets.extracting(row),
                    gradient: &ownSpan))
            for index in 0..<classes { gradient[start + index] = scale * own[index] }
        }
        return sum
    }
}
