import PureSwiftKernels
import Testing

/// The naive and the tuned Swift kernels against the oracle, with derived bounds. Edge shapes,
/// guards and special values are walked by the table of operations in PhidiasKernelsTests.
@Suite struct SwiftKernelTests {
    static func floats(_ count: Int, start: Int, scale: Float = 1) -> [Float] {
        OracleGradientTests.values(count, start: start).map { Float($0) * scale }
    }

    enum Opponent: CaseIterable {
        case naive, tuned, tunedParallel
        var threads: Int { self == .tunedParallel ? 3 : 1 }
    }

    @Test(arguments: Opponent.allCases)
    func gemm(opponent: Opponent) {
        for (m, n, k) in [(1, 1, 1), (6, 8, 256), (7, 9, 257), (97, 33, 70), (25, 1030, 40)] {
            for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
                let a = Self.floats(m * k, start: 3), b = Self.floats(k * n, start: 4)
                let old = Self.floats(m * n, start: 5)
                let (lda, ldb) = (ta ? m : k, tb ? k : n)
                let alpha: Float = 0.75, beta: Float = -1.5
                var c = old
                var span = c.mutableSpan
                if opponent == .naive {
                    Naive.gemm(
                        transposeA: ta, transposeB: tb, m: m, n: n, k: k, alpha: alpha, a: a.span,
                        lda: lda, b: b.span, ldb: ldb, beta: beta, c: &span, ldc: n)
                } else {
                    Tuned.gemm(
                        transposeA: ta, transposeB: tb, m: m, n: n, k: k, alpha: alpha, a: a.span,
                        lda: lda, b: b.span, ldb: ldb, beta: beta, c: &span, ldc: n,
                        threads: opponent.threads)
                }
                let exact = Oracle.product(
                    transposeA: ta, transposeB: tb, m: m, n: n, k: k, a: a.map(Double.init),
                    lda: lda, b: b.map(Double.init), ldb: ldb)
                let gamma = Oracle.gamma(k + 3)
                for i in c.indices {
                    let expected = 0.75 * exact.values[i] - 1.5 * Double(old[i])
                    let magnitude = 0.75 * exact.magnitudes[i] + 1.5 * abs(Double(old[i]))
                    let isNear = abs(Double(c[i]) - expected) <= gamma * magnitude
                    #expect(isNear, "\(m) × \(n) × \(k), \(ta) \(tb), element \(i)")
                    guard isNear else { return }
                }
            }
        }
    }

    /// Worst error in units in the last place of the rounded result.
    static func worst(
        _ x: [Float], _ exact: (Double) -> Double,
        _ function: (Span<Float>, inout MutableSpan<Float>) -> Void
    ) -> Double {
        var y = [Float](repeating: 0, count: x.count)
        var span = y.mutableSpan
        function(x.span, &span)
        return zip(x, y).reduce(0) { worst, pair in
            let expected = exact(Double(pair.0))
            let error = abs(Double(pair.1) - expected) / Double(Float(expected).ulp)
            return error <= worst ? worst : error  // a NaN becomes the worst
        }
    }

    // Four roundings of half an ulp around an exp of 1 ulp stay below 4 ulp in the result.
    @Test func functions() {
        let x = (-8003...8003).map { Float($0) / 100 }
        let positive = (0...8003).map { Float($0) * Float($0) / 50_000 }
        let naive = [
            Self.worst(x, Oracle.exp) { Naive.exp($0, into: &$1) },
            Self.worst(x, Oracle.sigmoid) { Naive.sigmoid($0, into: &$1) },
            Self.worst(positive, Oracle.log1p) { Naive.log1p($0, into: &$1) },
        ]
        let tuned = [
            Self.worst(x, Oracle.exp) { Tuned.exp($0, into: &$1, threads: 2) },
            Self.worst(x, Oracle.sigmoid) { Tuned.sigmoid($0, into: &$1, threads: 2) },
            Self.worst(positive, Oracle.log1p) { Tuned.log1p($0, into: &$1, threads: 2) },
        ]
        print("worst ulp of exp, sigmoid, log1p: naive \(naive), tuned \(tuned)")
        for error in naive + tuned { #expect(error <= 4) }
    }

    /// One training step of both Swift networks lands where the oracle's gradient points.
    @Test(arguments: [SwiftNetwork.Implementation.naive, .tuned(threads: 2)])
    func trainingStep(implementation: SwiftNetwork.Implementation) {
        let batch = OracleGradientTests.batch
        let exact = OracleGradientTests.network(.sigmoid, .identity)
        let x = OracleGradientTests.values(batch * 5, start: 7).map { Float($0) }
        let targets = OracleGradientTests.targets(.synaptic, soft: false)
        // The oracle starts from the parameters that the Float network can hold.
        let layers = exact.layers.map { layer in
            SwiftNetwork.Layer(
                inputs: layer.inputs, outputs: layer.outputs,
                weight: (0..<layer.inputs * layer.outputs).map { i in
                    Float(layer.weight[i % layer.outputs * layer.inputs + i / layer.outputs])
                },
                bias: layer.bias.map { Float($0) })
        }
        var rounded = exact
        for index in rounded.layers.indices {
            rounded.layers[index].weight = exact.layers[index].weight.map { Double(Float($0)) }
            rounded.layers[index].bias = exact.layers[index].bias.map { Double(Float($0)) }
        }
        var network = SwiftNetwork(layers: layers, implementation: implementation)
        _ = network.step(
            x, targets: targets.map { Float($0) }, batch: batch, loss: .synaptic,
            learningRate: 0.5, momentum: 0.9)

        let wide = x.map(Double.init)
        let outputs = rounded.forward(wide, batch: batch)
        let (_, delta) = OracleNetwork.loss(
            .synaptic, logits: outputs[1], targets: targets, batch: batch)
        let gradients = rounded.backward(wide, outputs: outputs, delta: delta, batch: batch)
        // No path from a parameter to its gradient has 64 roundings, and with values below 1 in
        // layers of at most 5 units no sum of absolute terms exceeds 4.
        let bound = Oracle.gamma(64) * 4
        for (index, layer) in rounded.layers.enumerated() {
            for i in layer.weight.indices {
                let (unit, input) = (i / layer.inputs, i % layer.inputs)
                let got = Double(network.layers[index].weight[input * layer.outputs + unit])
                let expected = layer.weight[i] - 0.5 * gradients[index].weight[i]
                #expect(abs(got - expected) <= bound, "layer \(index), weight \(i)")
            }
            for i in layer.bias.indices {
                let expected = layer.bias[i] - 0.5 * gradients[index].bias[i]
                #expect(abs(Double(network.layers[index].bias[i]) - expected) <= bound)
            }
        }
    }

    @Test(arguments: [false, true])
    func momentumUpdateFlushesSubnormals(tuned: Bool) {
        var v: [Float] = [0x1p-126, 1, -0x1p-130, .nan], w: [Float] = [1, 1, 1, 1]
        let g: [Float] = [0, 2, 0, 0]
        var velocity = v.mutableSpan, weights = w.mutableSpan
        if tuned {
            Tuned.momentumUpdate(
                learningRate: 0.5, momentum: 0.5, gradient: g.span, velocity: &velocity,
                weights: &weights, threads: 1)
        } else {
            Naive.momentumUpdate(
                learningRate: 0.5, momentum: 0.5, gradient: g.span, velocity: &velocity,
                weights: &weights)
        }
        #expect(v[0].bitPattern == 0 && v[1] == -0.5 && v[2].bitPattern == 0 && v[3].isNaN)
        #expect(w[0] == 1 && w[1] == 0.5 && w[2] == 1 && w[3].isNaN)
    }
}
