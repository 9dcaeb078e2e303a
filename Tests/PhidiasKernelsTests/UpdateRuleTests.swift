import PhidiasKernels
import Testing

extension KernelTests {
    /// Steps from gradients in memory, element by element, against the formula of `UpdateRule`.
    @Suite struct UpdateRules {
        static let rules = [
            UpdateRule(learningRate: 0.25, momentum: 0.875, weightDecay: 0.125),
            UpdateRule(learningRate: 0.25, momentum: 0.875, isNesterov: true),
            UpdateRule(learningRate: 0.25, momentum: 0.5, largestNorm: 0.0625),
            UpdateRule(learningRate: 0.25, momentum: 0.5, largestNorm: 1e9),
            UpdateRule(
                learningRate: 0.25, momentum: 0.75, weightDecay: 0.5, isNesterov: true,
                largestNorm: 0.25),
        ]

        static func all(_ values: DenseValues) -> [Float] { values.weight + values.bias }

        /// Two steps, so that there is a velocity.
        @Test(arguments: rules) func aStepIsTheFormulas(rule: UpdateRule) throws {
            let probe = DenseStackProbe([37, 33, 10], hidden: .sigmoid, batch: 13)
            let stack = try probe.stack(layers: 2)
            for step in 1...2 {
                let delta = probe.logitDelta(.synaptic, probe.forward(stack, probe.indices))
                try stack.gradient(delta: delta.span)
                let before = (0..<2).map { layer in
                    (
                        w: Self.all(stack.values(of: layer)),
                        v: Self.all(stack.values(.velocity, of: layer)),
                        g: Self.all(stack.values(.gradient, of: layer))
                    )
                }
                #expect(try stack.backward(delta: delta.span, rule: rule) == nil)
                let norm = before.flatMap(\.g).reduce(0.0) { $0 + Double($1) * Double($1) }
                    .squareRoot()
                #expect(norm > 0.25 && norm < 1e3)
                let scale = Float(min(1, (rule.largestNorm ?? .infinity) / norm))
                for layer in 0..<2 {
                    let (w, v) = (
                        Self.all(stack.values(of: layer)),
                        Self.all(stack.values(.velocity, of: layer))
                    )
                    for i in w.indices {
                        let old = before[layer]
                        let g = old.g[i] * scale + rule.weightDecay * old.w[i]
                        let velocity = rule.momentum * old.v[i] - rule.learningRate * g
                        let move =
                            rule.isNesterov
                            ? rule.momentum * velocity - rule.learningRate * g : velocity
                        // The norm's sum has another order than here: 1 ulp of the scale.
                        let room = rule.largestNorm == nil ? 0 : 1e-6 * (abs(g) + abs(velocity))
                        #expect(abs(v[i] - velocity) <= room, "step \(step), element \(i)")
                        #expect(
                            abs(w[i] - (old.w[i] + move)) <= 2 * room + (room == 0 ? 0 : w[i].ulp))
                    }
                }
            }
        }

        /// Without variations it is the kernels' own update, by the same path.
        @Test func aPlainRuleHasTheFusedUpdatesBits() throws {
            let probe = DenseStackProbe([37, 33, 10], hidden: .relu, batch: 13)
            let (a, b) = (try probe.stack(layers: 2), try probe.stack(layers: 2))
            let delta = probe.logitDelta(.synaptic, probe.forward(a, probe.indices))
            _ = probe.forward(b, probe.indices)
            _ = a.backward(delta: delta.span, learningRate: 0.25, momentum: 0.5)
            _ = try b.backward(
                delta: delta.span, rule: UpdateRule(learningRate: 0.25, momentum: 0.5))
            for layer in 0..<2 { #expect(a.values(of: layer) == b.values(of: layer)) }
        }

        @Test func aWeightThatIsNotFiniteIsSeenWithItsLayer() throws {
            let probe = DenseStackProbe([37, 33, 10], hidden: .sigmoid, batch: 13)
            for layer in 0..<2 {
                let stack = try probe.stack(layers: 2)
                var values = stack.values(of: layer)
                // A bias: it takes no part in the deltas, so that only its own layer sees it.
                values.bias[3] = .infinity
                _ = probe.forward(stack, probe.indices)
                stack.set(of: layer, to: values)
                let delta = [Float](repeating: 0.5, count: 130)
                let rule = UpdateRule(learningRate: 0.25, momentum: 0.5, isNesterov: true)
                #expect(try stack.backward(delta: delta.span, rule: rule) == layer)
            }
        }
    }
}
