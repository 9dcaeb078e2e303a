import CKernels

/// A step from gradients that are in memory: the forms that the kernels' fused update does not
/// have.
///
/// With the gradient g of all parameters, its Euclidean norm G, and a limit c:
///
///     g ← g · min(1, c / G),  g ← g + λ w,  v ← α v − η g,  w ← w + v
///
/// or, with Nesterov momentum, w ← w + α v − η g after the same v. Each operation is rounded
/// separately, in this order; a velocity below 2⁻¹²⁶ is stored as 0, as in the kernels.
package struct UpdateRule: Sendable, Equatable {
    package var learningRate, momentum: Float
    /// Weight decay λ; 0 for none.
    package var weightDecay: Float
    package var isNesterov: Bool
    /// The limit c of the norm; nil for none.
    package var largestNorm: Double?

    package init(
        learningRate: Float, momentum: Float, weightDecay: Float = 0, isNesterov: Bool = false,
        largestNorm: Double? = nil
    ) {
        (self.learningRate, self.momentum) = (learningRate, momentum)
        (self.weightDecay, self.isNesterov) = (weightDecay, isNesterov)
        self.largestNorm = largestNorm
    }

    /// Whether it is the plain update, which the kernels fuse with the gradient.
    package var isPlain: Bool { weightDecay == 0 && !isNesterov && largestNorm == nil }

    /// Weights, velocity and gradient of one layer, and where there are some its second moments,
    /// padding included.
    struct Panels {
        let count: Int
        let weights, velocity, gradient: UnsafeMutablePointer<Float>
        let second: UnsafeMutablePointer<Float>?
    }

    /// Takes the step.
    /// - Returns: the first element of `all` with a weight that is not finite, or nil.
    func apply(to all: [Panels], threads: Int) -> Int? {
        var rule = ck_update_rule(
            eta: learningRate, alpha: momentum,
            scale: Self.scale(for: all, largestNorm: largestNorm, threads: threads),
            decay: weightDecay, nesterov: isNesterov ? 1 : 0)
        var bad: Int?
        for (index, panels) in all.enumerated() {
            let failure = ck_update(
                panels.count, &rule, panels.gradient, panels.velocity, panels.weights,
                Int32(threads))
            if failure != 0, bad == nil { bad = index }
        }
        return bad
    }

    /// The factor of the gradient. A norm that is not finite ends training anyway.
    static func scale(for all: [Panels], largestNorm: Double?, threads: Int) -> Float {
        guard let largestNorm else { return 1 }
        let square = all.reduce(0.0) { sum, panels in
            sum + ck_square_sum(panels.count, panels.gradient, Int32(threads))
        }
        let norm = square.squareRoot()
        return norm > largestNorm ? Float(largestNorm / norm) : 1
    }
}

extension NetworkStack {
    /// Like `backward`, with any update rule.
    /// - Throws: `KernelError.outOfMemory`.
    package func backward(delta: Span<Float>, rule: UpdateRule) throws(KernelError) -> Int? {
        guard !rule.isPlain else {
            return backward(
                delta: delta, learningRate: rule.learningRate, momentum: rule.momentum)
        }
        try gradient(delta: delta)
        let (places, panels) = updatePanels
        return rule.apply(to: panels, threads: pass.team).map { places[$0] }
    }
}
