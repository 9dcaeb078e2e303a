import PhidiasKernels

/// A loss that is written for a batch.
protocol BatchLoss: Loss {}

extension BatchLoss {
    /// The batch form, applied to a batch of one.
    public func evaluate(
        logits: Span<Float>, target: Span<Float>, gradient: inout MutableSpan<Float>
    ) -> Float {
        Float(
            evaluate(
                logits: logits, targets: target, classes: logits.count, scale: 1,
                gradient: &gradient))
    }
}

/// A loss whose batch form is a kernel: elementwise for sigmoid outputs, by row for softmax.
protocol KernelLoss: BatchLoss {
    /// Writes the loss of each element (sigmoid) or row (softmax), and the scaled gradient.
    func run(
        rows: Int, classes: Int, logits: Span<Float>, targets: Span<Float>, scale: Float,
        loss: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>)
}

extension KernelLoss {
    /// One call of the kernel; the sum does not depend on the number of threads.
    public func evaluate(
        logits: Span<Float>, targets: Span<Float>, classes: Int, scale: Float,
        gradient: inout MutableSpan<Float>
    ) -> Double {
        let rows = logits.count / classes
        let values = outputActivation == .softmax ? rows : logits.count
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: values) { losses in
            losses.initialize(repeating: 0)
            var span = losses.mutableSpan
            run(
                rows: rows, classes: classes, logits: logits, targets: targets, scale: scale,
                loss: &span, gradient: &gradient)
            return Kernels.sum(losses.span, threads: 1)
        }
    }
}

/// L = KL(t ‖ p) + H(p), in nats, with p the sigmoid or softmax of the logits.
///
/// **This is our own reading** of Jaeger, *The Golden Ratio of Learning and Momentum*
/// (arXiv:2006.04751) and *A Dual Process Model for Optimizing Cross Entropy in Neural Networks*
/// (arXiv:2104.13277), made from their abstracts and introductions without the derivations: it may
/// differ from the paper's formula. If you have the papers at hand, please compare.
/// Formulas and properties: docs/theory.md.
public struct SynapticLoss: KernelLoss, Hashable {
    public let outputActivation: OutputActivation
    public var name: String { "synaptic" }

    /// - Parameter outputActivation: the loss's output activation; the network must have the same.
    ///   `identity`, which gives no probabilities, is taken as sigmoid.
    public init(outputActivation: OutputActivation = .sigmoid) {
        self.outputActivation = outputActivation == .identity ? .sigmoid : outputActivation
    }

    func run(
        rows: Int, classes: Int, logits: Span<Float>, targets: Span<Float>, scale: Float,
        loss: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
    ) {
        switch outputActivation {
        case .sigmoid, .identity:
            Kernels.synapticLoss(
                logits: logits, targets: targets, scale: scale, loss: &loss, delta: &gradient,
                threads: 1)
        case .softmax:
            Kernels.synapticSoftmaxLoss(
                m: rows, n: classes, logits: logits, targets: targets, scale: scale, loss: &loss,
                delta: &gradient, threads: 1)
        }
    }
}

/// L = KL(t ‖ p), in nats: for hard targets the cross-entropy −Σ t ln p (− Σ (1−t) ln(1−p) with
/// sigmoid outputs). Gradient p − t.
public struct CrossEntropyLoss: KernelLoss, Hashable {
    public let outputActivation: OutputActivation
    public var name: String { "cross-entropy" }

    /// - Parameter outputActivation: the loss's output activation; the network must have the same.
    ///   `identity`, which gives no probabilities, is taken as sigmoid.
    public init(outputActivation: OutputActivation = .sigmoid) {
        self.outputActivation = outputActivation == .identity ? .sigmoid : outputActivation
    }

    func run(
        rows: Int, classes: Int, logits: Span<Float>, targets: Span<Float>, scale: Float,
        loss: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
    ) {
        switch outputActivation {
        case .sigmoid, .identity:
            Kernels.crossEntropyLoss(
                logits: logits, targets: targets, scale: scale, loss: &loss, delta: &gradient,
                threads: 1)
        case .softmax:
            Kernels.crossEntropySoftmaxLoss(
                m: rows, n: classes, logits: logits, targets: targets, scale: scale, loss: &loss,
                delta: &gradient, threads: 1)
        }
    }
}

/// L = ½ Σ (p − t)² with sigmoid outputs. Gradient (p − t) p (1 − p).
public struct MeanSquareLoss: KernelLoss, Hashable {
    public var outputActivation: OutputActivation { .sigmoid }
    public var name: String { "mean-square" }

    /// The sigmoid form, the only one.
    public init() {}

    func run(
        rows: Int, classes: Int, logits: Span<Float>, targets: Span<Float>, scale: Float,
        loss: inout MutableSpan<Float>, gradient: inout MutableSpan<Float>
    ) {
        Kernels.meanSquareLoss(
            logits: logits, targets: targets, scale: scale, loss: &loss, delta: &gradient,
            threads: 1)
    }
}

/// L = ½ Σ (y − t)² of the network's outputs y, for numbers to predict, which the model standardizes.
/// Gradient y − t.
public struct SquaredErrorLoss: BatchLoss, Hashable {
    public var outputActivation: OutputActivation { .identity }
    public var name: String { "squared-error" }

    /// The only form.
    public init() {}

    /// Sums in double precision, in order. (The outputs are few beside the weights: this needs no
    /// kernel.)
    public func evaluate(
        logits: Span<Float>, targets: Span<Float>, classes: Int, scale: Float,
        gradient: inout MutableSpan<Float>
    ) -> Double {
        var sum = 0.0
        for place in logits.indices {
            let difference = logits[place] - targets[place]
            gradient[place] = scale * difference
            sum += 0.5 * Double(difference) * Double(difference)
        }
        return sum
    }
}
