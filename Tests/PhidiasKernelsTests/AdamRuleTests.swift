import Foundation
import PhidiasKernels
import PureSwiftKernels
import Testing

extension KernelTests {
    /// Steps of Adam over whole networks, element by element, against the oracle.
    @Suite struct AdamRules {
        static let rules = [
            AdamRule(learningRate: 0.25, step: 1),
            AdamRule(learningRate: 0.01, step: 3, beta1: 0.5, beta2: 0.9, weightDecay: 0.125),
            AdamRule(
                learningRate: 0.01, step: 1000, epsilon: 1e-3, weightDecay: 0.5,
                isDecoupled: true),
        ]

        static func stack(_ probe: DenseStackProbe, threads: Int = 2) throws -> NetworkStack {
            let stack = try NetworkStack(
                .init(layers: probe.shapes), batchCapacity: probe.batch, role: .adaptiveTraining,
                threads: threads)
            for (layer, values) in probe.weights.enumerated() { stack.set(of: layer, to: values) }
            return stack
        }

        /// Two steps, so that there are moments.
        @Test(arguments: rules) func aStepIsTheFormulas(rule: AdamRule) throws {
            let probe = DenseStackProbe([37, 33, 10], hidden: .tanh, batch: 13)
            let stack = try Self.stack(probe)
            var rule = rule
            for _ in 1...2 {
                let delta = probe.logitDelta(.synaptic, probe.forward(stack, probe.indices))
                try stack.gradient(delta: delta.span)
                func all(_ content: NetworkStack.Content) -> [Float] {
                    (0..<2).flatMap { layer in
                        let values = stack.values(content, of: layer)
                        return values.weight + values.bias
                    }
                }
                let (g, m, v, w) = (
                    all(.gradient), all(.velocity), all(.secondMoments), all(.weights)
                )
                #expect(try stack.backward(delta: delta.span, rule: rule) == nil)
                let now = (m: all(.velocity), v: all(.secondMoments), w: all(.weights))
                let numbers = rule.numbers
                let step = AdamStep(
                    scale: numbers.scale, decay: numbers.decay, shrink: numbers.shrink,
                    beta1: numbers.beta1, rest1: numbers.rest1, beta2: numbers.beta2,
                    rest2: numbers.rest2, rate: numbers.rate, root: numbers.root,
                    epsilon: numbers.epsilon)
                for i in w.indices {
                    let exact = Oracle.adamUpdate(
                        step, gradient: g[i], first: m[i], second: v[i], weight: w[i])
                    for (got, expected) in [
                        (now.m[i], exact.first), (now.v[i], exact.second), (now.w[i], exact.weight),
                    ] where !(abs(Double(got) - expected.value) <= expected.bound) {
                        Issue.record("element \(i): \(got) instead of \(expected)")
                        return
                    }
                }
                #expect(now.w != w)
                rule.step += 1
            }
        }

        /// The bias corrections against libm's powers, in `Double`.
        @Test(arguments: [1, 2, 3, 10, 1000, 1_000_000, 1 << 40])
        func correctionsAreThoseOfTheStep(step: Int) {
            let rule = AdamRule(learningRate: 0.125, step: step)
            let first = 0.125 / (1 - pow(0.9, Double(step)))
            let second = 1 / (1 - pow(0.999, Double(step))).squareRoot()
            #expect(abs(Double(rule.numbers.rate) - first) <= 0x1p-24 * first * 1.001)
            #expect(abs(Double(rule.numbers.root) - second) <= 0x1p-24 * second * 1.001)
        }

        /// A limit that the norm does not reach changes no bit, and one that it exceeds scales it.
        @Test func theNormIsLimited() throws {
            let probe = DenseStackProbe([37, 33, 10], hidden: .sigmoid, batch: 13)
            func firstMoments(_ limit: Double?) throws -> [Float] {
                let stack = try Self.stack(probe)
                let delta = probe.logitDelta(.synaptic, probe.forward(stack, probe.indices))
                let rule = AdamRule(learningRate: 0.25, step: 1, largestNorm: limit)
                _ = try stack.backward(delta: delta.span, rule: rule)
                return (0..<2).flatMap { layer in
                    let values = stack.values(.velocity, of: layer)
                    return values.weight + values.bias
                }
            }
            func norm(_ values: [Float]) -> Double {
                values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            }
            let free = try firstMoments(nil)
            #expect(try firstMoments(1e9) == free)
            // m = 0.1 g
            #expect(norm(free) > 0.025)
            #expect(abs(norm(try firstMoments(0.125)) - 0.0125) < 1e-6)
        }

        @Test func aNumberThatIsNotFiniteIsSeenWithItsLayer() throws {
            let probe = DenseStackProbe([37, 33, 10], hidden: .sigmoid, batch: 13)
            for layer in 0..<2 {
                let stack = try Self.stack(probe)
                var values = stack.values(of: layer)
                values.bias[3] = .infinity
                _ = probe.forward(stack, probe.indices)
                stack.set(of: layer, to: values)
                let delta = [Float](repeating: 0.5, count: 130)
                let rule = AdamRule(learningRate: 0.25, step: 1)
                #expect(try stack.backward(delta: delta.span, rule: rule) == layer)
            }
        }
    }
}
