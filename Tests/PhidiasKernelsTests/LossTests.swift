import PhidiasKernels
import PureSwiftKernels
import Testing

extension KernelTests {
    /// The losses of docs/theory.md in single precision.
    @Suite struct Losses {
        // The logits of the theory's table; ln φ as the float nearest to it.
        static let logits: [Float] = [-20, -5, -2, 0, 0.4812118250596035, 1, 3, 8]

        private func synaptic(_ z: [Float], target: Float) -> (loss: [Float], delta: [Float]) {
            let targets = [Float](repeating: target, count: z.count)
            var loss = z, delta = z
            var values = loss.mutableSpan, gradient = delta.mutableSpan
            Kernels.synapticLoss(
                logits: z.span, targets: targets.span, scale: 1, loss: &values, delta: &gradient,
                threads: 1)
            return (loss, delta)
        }

        private func ulps(_ got: Float, _ exact: Double) -> Double {
            abs(Double(got) - exact) / Double(Float(exact).ulp)
        }

        @Test(arguments: [Float(0), 1])
        func tableWithinFourUlp(target: Float) {
            let got = synaptic(Self.logits, target: target)
            for (i, z) in Self.logits.enumerated() {
                let exact = Oracle.loss(.synaptic, logit: Double(z), target: Double(target))
                #expect(ulps(got.loss[i], exact.value) <= 4, "L(\(target), \(z))")
                #expect(ulps(got.delta[i], exact.gradient) <= 4, "∂L(\(target), \(z))")
            }
        }

        /// As naively written, (p − t) − z·p·(1 − p) is 0 at z = 20; the truth is −4.33e−8.
        @Test func nothingCancelsAtTwenty() {
            let gradient = synaptic([20], target: 1).delta[0]
            #expect(abs(gradient + 4.33e-8) < 0.005e-8)
        }

        @Test func symmetryIsExact() {
            let z = (-4000...4000).map { Float($0) / 100 }
            let on = synaptic(z, target: 1), off = synaptic(z.map { -$0 }, target: 0)
            #expect(on.loss.map(\.bitPattern) == off.loss.map(\.bitPattern))
            #expect(on.delta == off.delta.map { -$0 })
        }

        @Test func theGradientNeverChangesSign() {
            let z = (-8000...8000).map { Float($0) / 100 }
            #expect(synaptic(z, target: 1).delta.allSatisfy { $0 < 0 })
            #expect(synaptic(z, target: 0).delta.allSatisfy { $0 > 0 })
        }

        @Test(arguments: LossKind.allCases)
        func extremeLogitsStayFinite(kind: LossKind) {
            let z: [Float] = [
                .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1e30,
                -1e30, 200, -200, 0, 0,
            ]
            for t in [Float(0), 0.5, 1] {
                let targets = (0..<z.count).map { $0 % 2 == 0 ? t : 1 - t }
                var loss = [Float](repeating: .nan, count: z.count), delta = loss
                do {
                    var values = loss.mutableSpan, gradient = delta.mutableSpan
                    switch kind {
                    case .synaptic:
                        Kernels.synapticLoss(
                            logits: z.span, targets: targets.span, scale: 1, loss: &values,
                            delta: &gradient, threads: 1)
                    case .crossEntropy:
                        Kernels.crossEntropyLoss(
                            logits: z.span, targets: targets.span, scale: 1, loss: &values,
                            delta: &gradient, threads: 1)
                    case .meanSquare:
                        Kernels.meanSquareLoss(
                            logits: z.span, targets: targets.span, scale: 1, loss: &values,
                            delta: &gradient, threads: 1)
                    case .synapticSoftmax, .crossEntropySoftmax:
                        var rows = values._mutatingExtracting(0..<z.count / 2)
                        if kind == .synapticSoftmax {
                            Kernels.synapticSoftmaxLoss(
                                m: z.count / 2, n: 2, logits: z.span, targets: targets.span,
                                scale: 1, loss: &rows, delta: &gradient, threads: 1)
                        } else {
                            Kernels.crossEntropySoftmaxLoss(
                                m: z.count / 2, n: 2, logits: z.span, targets: targets.span,
                                scale: 1, loss: &rows, delta: &gradient, threads: 1)
                        }
                    }
                }
                let count = kind.isSoftmax ? z.count / 2 : z.count
                #expect(loss[..<count].allSatisfy { $0.isFinite && $0 >= 0 }, "\(t): \(loss)")
                #expect(delta.allSatisfy { $0.isFinite }, "\(t): \(delta)")
            }
        }

        @Test func softmaxCheckValue() {
            // Target class 0, p = (0.05, 0.5, 0.05625 × 8): docs/theory.md.
            let p = [0.05, 0.5] + [Double](repeating: 0.05625, count: 8)
            let z = p.map { Float(PortableMath.log($0)) }
            let t: [Float] = [1] + [Float](repeating: 0, count: 9)
            var loss: [Float] = [0], delta = z
            var value = loss.mutableSpan, gradient = delta.mutableSpan
            Kernels.synapticSoftmaxLoss(
                m: 1, n: 10, logits: z.span, targets: t.span, scale: 1, loss: &value,
                delta: &gradient, threads: 1)
            let exact = Oracle.loss(
                .synapticSoftmax, logits: z.map(Double.init), targets: t.map(Double.init))
            #expect(abs(exact.value - 4.787169634565586) < 1e-6)
            #expect(abs(Double(loss[0]) - exact.value) <= exact.valueBound)
            for j in delta.indices {
                #expect(abs(Double(delta[j]) - exact.gradient[j]) <= exact.gradientBounds[j])
            }
        }
    }
}
