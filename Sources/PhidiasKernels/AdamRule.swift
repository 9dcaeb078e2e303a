import CKernels

/// A step of Adam (Kingma and Ba, 2015) or AdamW (Loshchilov and Hutter, 2019) from gradients that
/// are in memory, the t-th from 1:
///
///     g ← g · min(1, c / G),  Adam: g ← g + λ w,  m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,
///     AdamW: w ← w − ηλ w,  w ← w − η/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// G is the Euclidean norm of the gradient of all parameters. The first moments m are where
/// `UpdateRule` has the velocity. `ck_adam_update` has the roundings.
package struct AdamRule: Sendable, Equatable {
    package var learningRate: Float
    /// t, counted from 1 over the run.
    package var step: Int
    /// Weights of the moments before, in 0 ..< 1, also as `Float`.
    package var beta1, beta2: Double
    package var epsilon: Float
    /// Weight decay λ; 0 for none.
    package var weightDecay: Double
    /// Whether the decay is AdamW's.
    package var isDecoupled: Bool
    /// The limit c of the norm; nil for none.
    package var largestNorm: Double?

    package init(
        learningRate: Float, step: Int, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Float = 1e-8, weightDecay: Double = 0, isDecoupled: Bool = false,
        largestNorm: Double? = nil
    ) {
        precondition(step > 0, "step \(step)")
        (self.learningRate, self.step) = (learningRate, step)
        (self.beta1, self.beta2, self.epsilon) = (beta1, beta2, epsilon)
        (self.weightDecay, self.isDecoupled) = (weightDecay, isDecoupled)
        self.largestNorm = largestNorm
    }

    /// The numbers of the step, each computed in `Double` and rounded once.
    package var numbers: AdamNumbers {
        let rate = Double(learningRate)
        return AdamNumbers(
            scale: 1, decay: isDecoupled ? 0 : Float(weightDecay),
            shrink: isDecoupled ? Float(rate * weightDecay) : 0,
            beta1: Float(beta1), rest1: Float(1 - beta1), beta2: Float(beta2),
            rest2: Float(1 - beta2), rate: Float(rate / (1 - Self.power(beta1, step))),
            root: Float(1 / (1 - Self.power(beta2, step)).squareRoot()), epsilon: epsilon)
    }

    /// baseⁿ by repeated squaring: the same products on every machine.
    static func power(_ base: Double, _ n: Int) -> Double {
        var result = 1.0, square = base, left = n
        while left > 0 {
            if left & 1 == 1 { result *= square }
            square *= square
            left >>= 1
        }
        return result
    }

    /// Takes the step.
    /// - Returns: the first element of `all` with a number that is not finite, or nil.
    func apply(to all: [UpdateRule.Panels], threads: Int) -> Int? {
        var numbers = numbers
        numbers.scale = UpdateRule.scale(for: all, largestNorm: largestNorm, threads: threads)
        var bad: Int?
        for (index, panels) in all.enumerated() {
            guard let second = panels.second else {
                preconditionFailure("the stack has no second moments")
            }
            var rule = numbers.cValue
            let failure = ck_adam_update(
                panels.count, &rule, panels.gradient, panels.velocity, second, panels.weights,
                Int32(threads))
            if failure != 0, bad == nil { bad = index }
        }
        return bad
    }
}

/// What a step of Adam multiplies by: `ck_adam_rule`.
package struct AdamNumbers: Sendable, Equatable {
    package var scale, decay, shrink, beta1, rest1, beta2, rest2, rate, root, epsilon: Float

    package init(
        scale: Float, decay: Float, shrink: Float, beta1: Float, rest1: Float, beta2: Float,
        rest2: Float, rate: Float, root: Float, epsilon: Float
    ) {
        (self.scale, self.decay, self.shrink) = (scale, decay, shrink)
        (self.beta1, self.rest1, self.beta2, self.rest2) = (beta1, rest1, beta2, rest2)
        (self.rate, self.root, self.epsilon) = (rate, root, epsilon)
    }

    var cValue: ck_adam_rule {
        ck_adam_rule(
            scale: scale, decay: decay, shrink: shrink, beta1: beta1, rest1: rest1, beta2: beta2,
            rest2: rest2, rate: rate, root: root, epsilon: epsilon)
    }
}

extension Kernels {
    /// A step of Adam with its numbers.
    /// - Returns: whether all weights and moments are finite.
    package static func adamUpdate(
        _ numbers: AdamNumbers, gradient: Span<Float>, first: inout Output, second: inout Output,
        weights: inout Output, threads: Int
    ) -> Bool {
        precondition(
            gradient.count == first.count && gradient.count == second.count
                && gradient.count == weights.count,
            "\(gradient.count) gradients, \(first.count) and \(second.count) moments, \(weights.count) weights"
        )
        let threads = checkThreads(threads)
        var rule = numbers.cValue
        return gradient.withUnsafeBufferPointer { g in
            first.withUnsafeMutableBufferPointer { m in
                second.withUnsafeMutableBufferPointer { v in
                    weights.withUnsafeMutableBufferPointer { w in
                        ck_adam_update(
                            g.count, &rule, g.baseAddress, m.baseAddress, v.baseAddress,
                            w.baseAddress, threads)
                    }
                }
            }
        } == 0
    }
}

extension NetworkStack {
    /// Like `backward`, with a step of Adam. The stack's role is `adaptiveTraining`.
    /// - Throws: `KernelError.outOfMemory`.
    package func backward(delta: Span<Float>, rule: AdamRule) throws(KernelError) -> Int? {
        try gradient(delta: delta)
        let (places, panels) = updatePanels
        return rule.apply(to: panels, threads: pass.team).map { places[$0] }
    }
}
