/// A step from gradients that are in memory: what the kernels' fused update has no form of.
///
/// With the gradient g of all parameters, its Euclidean norm G, and a limit c:
///
///     g ← g · min(1, c / G),  g ← g + λ w,  v ← α v − η g,  w ← w + v
///
/// or, with Nesterov's momentum, w ← w + α v − η g after the same v. Each operation is rounded on its
/// own, in this order; a velocity below 2⁻¹²⁶ is stored as 0, as in the kernels.
package struct UpdateRule: Sendable, Equatable {
    package var learningRate, momentum: Float
    /// λ: 0 for none.
    package var weightDecay: Float
    package var isNesterov: Bool
    /// c: nil for none.
    package var largestNorm: Double?

    package init(
        learningRate: Float, momentum: Float, weightDecay: Float = 0, isNesterov: Bool = false,
        largestNorm: Double? = nil
    ) {
        (self.learningRate, self.momentum) = (learningRate, momentum)
        (self.weightDecay, self.isNesterov) = (weightDecay, isNesterov)
        self.largestNorm = largestNorm
    }

    /// Whether it is only the update that the kernels do on the way.
    package var isPlain: Bool { weightDecay == 0 && !isNesterov && largestNorm == nil }

    /// Weights, velocity and gradient of one layer, padding included.
    struct Panels {
        let count: Int
        let weights, velocity, gradient: UnsafeMutablePointer<Float>
    }

    /// Takes the step.
    /// - Returns: the first element of `all` with a weight that is not finite, or nil.
    func apply(to all: [Panels]) -> Int? {
        let scale = scale(for: all)
        var bad: Int?
        for (index, panels) in all.enumerated() {
            if !apply(to: panels, scale: scale), bad == nil { bad = index }
        }
        return bad
    }

    /// What the gradient is multiplied by. A norm that is not finite ends training anyway.
    private func scale(for all: [Panels]) -> Float {
        guard let largestNorm else { return 1 }
        var square = 0.0
        for panels in all {
            // Eight chains, joined in one order: a sum that depends on nothing but the layout.
            var chains = SIMD8<Double>()
            for start in stride(from: 0, to: panels.count, by: 8) {
                for lane in 0..<8 {
                    let value = Double(panels.gradient[start + lane])
                    chains[lane] += value * value
                }
            }
            let fours = chains.lowHalf + chains.highHalf
            let twos = fours.lowHalf + fours.highHalf
            square += twos[0] + twos[1]
        }
        let norm = square.squareRoot()
        return norm > largestNorm ? Float(largestNorm / norm) : 1
    }

    /// - Returns: whether all weights are finite.
    private func apply(to panels: Panels, scale: Float) -> Bool {
        let (w, v, g) = (panels.weights, panels.velocity, panels.gradient)
        var seen: Float = 0
        for i in 0..<panels.count {
            let step = learningRate * (g[i] * scale + weightDecay * w[i])
            let velocity = momentum * v[i] - step
            v[i] = velocity.magnitude < Float.leastNormalMagnitude ? 0 : velocity
            w[i] += isNesterov ? momentum * v[i] - step : v[i]
            // 0 · w is 0 but for a w that is not finite.
            seen += 0 * w[i]
        }
        return seen == 0
    }
}

extension DenseStack {
    /// Like `backward`, by a rule of any form.
    /// - Throws: `KernelError.outOfMemory`.
    package func backward(delta: Span<Float>, rule: UpdateRule) throws(KernelError) -> Int? {
        guard !rule.isPlain else {
            return backward(
                delta: delta, learningRate: rule.learningRate, momentum: rule.momentum)
        }
        try gradient(delta: delta)
        return rule.apply(to: updatePanels)
    }
}

extension ConvolutionStack {
    /// Like `backward`, by a rule of any form.
    /// - Throws: `KernelError.outOfMemory`.
    package func backward(delta: Span<Float>, rule: UpdateRule) throws(KernelError) -> Int? {
        guard !rule.isPlain else {
            return backward(
                delta: delta, learningRate: rule.learningRate, momentum: rule.momentum)
        }
        try gradient(delta: delta)
        let (places, panels) = updatePanels
        return rule.apply(to: panels).map { places[$0] }
    }
}
