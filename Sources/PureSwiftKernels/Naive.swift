import Foundation

/// The kernels' operations as the obvious loops in `Float`: what one writes first. They are
/// checked against `Oracle`, and are the slower of the two opponents in the benchmarks.
package enum Naive {
    package typealias Output = MutableSpan<Float>

    /// C[m,n] = alpha · op(A)[m,k] · op(B)[k,n] + beta · C, row-major; C is not read when beta is 0.
    package static func gemm(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Float,
        a: Span<Float>, lda: Int, b: Span<Float>, ldb: Int, beta: Float,
        c: inout Output, ldc: Int
    ) {
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                c.withUnsafeMutableBufferPointer { c in
                    for i in 0..<m {
                        for j in 0..<n {
                            var sum: Float = 0
                            for p in 0..<k {
                                let x = transposeA ? a[p * lda + i] : a[i * lda + p]
                                let y = transposeB ? b[j * ldb + p] : b[p * ldb + j]
                                sum += x * y
                            }
                            let old = beta == 0 ? 0 : beta * c[i * ldc + j]
                            c[i * ldc + j] = alpha * sum + old
                        }
                    }
                }
            }
        }
    }

    /// C[i,j] += bias[j].
    package static func biasAdd(m: Int, n: Int, bias: Span<Float>, c: inout Output, ldc: Int) {
        for i in 0..<m {
            for j in 0..<n { c[i * ldc + j] += bias[j] }
        }
    }

    package static func sigmoid(_ x: Float) -> Float { 1 / (1 + Foundation.exp(-x)) }

    package static func sigmoid(_ x: Span<Float>, into y: inout Output) {
        for i in x.indices { y[i] = sigmoid(x[i]) }
    }

    /// delta ← delta · y(1 − y), where y is the sigmoid's output.
    package static func sigmoidBackward(_ y: Span<Float>, delta: inout Output) {
        for i in y.indices { delta[i] *= y[i] * (1 - y[i]) }
    }

    package static func relu(_ x: Span<Float>, into y: inout Output) {
        for i in x.indices { y[i] = x[i] <= 0 ? 0 : x[i] }
    }

    /// delta ← delta where y > 0, else 0, where y is ReLU's output.
    package static func reluBackward(_ y: Span<Float>, delta: inout Output) {
        for i in y.indices { delta[i] = y[i] > 0 ? delta[i] : 0 }
    }

    package static func tanh(_ x: Span<Float>, into y: inout Output) {
        for i in x.indices { y[i] = Foundation.tanh(x[i]) }
    }

    /// delta ← delta · (1 − y²), where y is tanh's output.
    package static func tanhBackward(_ y: Span<Float>, delta: inout Output) {
        for i in y.indices { delta[i] *= (1 - y[i]) * (1 + y[i]) }
    }

    package static func leakyReLU(_ x: Span<Float>, into y: inout Output) {
        for i in x.indices { y[i] = x[i] > 0 ? x[i] : 0.01 * x[i] }
    }

    /// delta ← delta where y > 0, else 0.01 delta, where y is leaky ReLU's output.
    package static func leakyReLUBackward(_ y: Span<Float>, delta: inout Output) {
        for i in y.indices { delta[i] = y[i] > 0 ? delta[i] : 0.01 * delta[i] }
    }

    package static func exp(_ x: Span<Float>, into y: inout Output) {
        for i in x.indices { y[i] = Foundation.exp(x[i]) }
    }

    /// y = ln(1 + x) for x ≥ 0; NaN below.
    package static func log1p(_ x: Span<Float>, into y: inout Output) {
        for i in x.indices { y[i] = x[i] >= 0 ? Foundation.log1p(x[i]) : .nan }
    }

    /// Rows of p become the softmax of the rows of z.
    package static func softmax(
        m: Int, n: Int, z: Span<Float>, ldz: Int, into p: inout Output, ldp: Int
    ) {
        for i in 0..<m {
            var top = -Float.infinity
            for j in 0..<n { top = max(top, z[i * ldz + j]) }
            var total: Float = 0
            for j in 0..<n {
                p[i * ldp + j] = Foundation.exp(z[i * ldz + j] - top)
                total += p[i * ldp + j]
            }
            for j in 0..<n { p[i * ldp + j] /= total }
        }
    }

    /// v ← fma(−η, g, αv), +0 where |v| < 2⁻¹²⁶; w ← w + v.
    package static func momentumUpdate(
        learningRate: Float, momentum: Float, gradient: Span<Float>,
        velocity: inout Output, weights: inout Output
    ) {
        for i in gradient.indices {
            let v = (momentum * velocity[i]).addingProduct(-learningRate, gradient[i])
            velocity[i] = v.magnitude < Float.leastNormalMagnitude ? 0 : v
            weights[i] += velocity[i]
        }
    }

    package static func sum(_ x: Span<Float>) -> Double {
        var sum = 0.0
        for i in x.indices { sum += Double(x[i]) }
        return sum
    }

    /// Rows of logits[m,n] whose first largest element is at the row's label; none with a NaN.
    package static func countCorrect(
        m: Int, n: Int, logits: Span<Float>, labels: Span<UInt8>
    ) -> Int {
        var correct = 0
        for i in 0..<m where n > 0 {
            var best = 0
            var ordered = true
            for j in 0..<n {
                let z = logits[i * n + j]
                if z.isNaN { ordered = false }
                if z > logits[i * n + best] { best = j }
            }
            if ordered && best == Int(labels[i]) { correct += 1 }
        }
        return correct
    }
}
