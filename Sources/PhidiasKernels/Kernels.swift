import CKernels

/// The C kernels on Swift's spans: shapes are checked, then pointers are passed. No logic here.
/// Shapes, formulas and error bounds: `CKernels.h`.
package enum Kernels {
    package typealias Output = MutableSpan<Float>

    package enum Transpose: Sendable, CaseIterable {
        case none, transposed
        var cValue: ck_transpose { self == .none ? CK_NO_TRANSPOSE : CK_TRANSPOSE }
    }

    // The last element of an m × n matrix with row length ld lies inside `count` elements.
    private static func check(_ name: String, _ m: Int, _ n: Int, _ ld: Int, _ count: Int) {
        precondition(ld >= n, "\(name): row length \(ld) is less than \(n) columns")
        precondition(
            m == 0 || n == 0 || (m - 1) * ld + n <= count,
            "\(name): \(m) rows of \(n) at distance \(ld) do not fit into \(count) elements")
    }

    static func checkThreads(_ threads: Int) -> Int32 {
        precondition(threads > 0, "thread count \(threads) is not positive")
        return Int32(threads)
    }

    /// C[m,n] = alpha · op(A)[m,k] · op(B)[k,n] + beta · C, row-major.
    package static func gemm(
        _ ta: Transpose, _ tb: Transpose, m: Int, n: Int, k: Int, alpha: Float,
        a: Span<Float>, lda: Int, b: Span<Float>, ldb: Int, beta: Float,
        c: inout Output, ldc: Int, threads: Int
    ) throws(KernelError) {
        precondition(m >= 0 && n >= 0 && k >= 0, "negative size \(m) × \(n) × \(k)")
        ta == .none ? check("A", m, k, lda, a.count) : check("A", k, m, lda, a.count)
        tb == .none ? check("B", k, n, ldb, b.count) : check("B", n, k, ldb, b.count)
        check("C", m, n, ldc, c.count)
        let threads = checkThreads(threads)
        let status = a.withUnsafeBufferPointer { pa in
            b.withUnsafeBufferPointer { pb in
                c.withUnsafeMutableBufferPointer { pc in
                    ck_sgemm(
                        ta.cValue, tb.cValue, m, n, k, alpha, pa.baseAddress, lda, pb.baseAddress,
                        ldb,
                        beta, pc.baseAddress, ldc, threads)
                }
            }
        }
        if status != 0 { throw .outOfMemory(floats: m * n) }
    }

    /// C[i,j] += bias[j].
    package static func biasAdd(
        m: Int, n: Int, bias: Span<Float>, c: inout Output, ldc: Int, threads: Int
    ) {
        precondition(bias.count == n, "\(bias.count) biases for \(n) columns")
        check("C", m, n, ldc, c.count)
        let threads = checkThreads(threads)
        bias.withUnsafeBufferPointer { b in
            c.withUnsafeMutableBufferPointer { c in
                ck_bias_add(m, n, b.baseAddress, c.baseAddress, ldc, threads)
            }
        }
    }

    private typealias Map = (
        Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int32
    ) -> Void

    private static func map(
        _ kernel: Map, _ x: Span<Float>, _ y: inout Output, _ threads: Int
    ) {
        precondition(x.count == y.count, "\(x.count) inputs, \(y.count) outputs")
        let threads = checkThreads(threads)
        x.withUnsafeBufferPointer { px in
            y.withUnsafeMutableBufferPointer { py in
                kernel(px.count, px.baseAddress, py.baseAddress, threads)
            }
        }
    }

    package static func sigmoid(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(ck_sigmoid, x, &y, threads)
    }

    package static func relu(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(ck_relu, x, &y, threads)
    }

    package static func tanh(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(ck_tanh, x, &y, threads)
    }

    package static func leakyReLU(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(ck_leaky_relu, x, &y, threads)
    }

    package static func exp(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(ck_exp, x, &y, threads)
    }

    package static func log1p(_ x: Span<Float>, into y: inout Output, threads: Int) {
        map(ck_log1p, x, &y, threads)
    }

    /// delta ← delta · y(1 − y), where y is the sigmoid's output.
    package static func sigmoidBackward(_ y: Span<Float>, delta: inout Output, threads: Int) {
        map(ck_sigmoid_backward, y, &delta, threads)
    }

    /// delta ← delta where y > 0, else 0, where y is ReLU's output.
    package static func reluBackward(_ y: Span<Float>, delta: inout Output, threads: Int) {
        map(ck_relu_backward, y, &delta, threads)
    }

    /// delta ← delta · (1 − y²), where y is tanh's output.
    package static func tanhBackward(_ y: Span<Float>, delta: inout Output, threads: Int) {
        map(ck_tanh_backward, y, &delta, threads)
    }

    /// delta ← delta where y > 0, else 0.01 delta, where y is leaky ReLU's output.
    package static func leakyReLUBackward(_ y: Span<Float>, delta: inout Output, threads: Int) {
        map(ck_leaky_relu_backward, y, &delta, threads)
    }

    /// Rows of p become the softmax of the rows of z.
    package static func softmax(
        m: Int, n: Int, z: Span<Float>, ldz: Int, into p: inout Output, ldp: Int, threads: Int
    ) {
        check("z", m, n, ldz, z.count)
        check("p", m, n, ldp, p.count)
        let threads = checkThreads(threads)
        z.withUnsafeBufferPointer { pz in
            p.withUnsafeMutableBufferPointer { pp in
                ck_softmax(m, n, pz.baseAddress, ldz, pp.baseAddress, ldp, threads)
            }
        }
    }

    /// v ← αv − ηg, w ← w + v.
    package static func momentumUpdate(
        learningRate: Float, momentum: Float, gradient: Span<Float>,
        velocity: inout Output, weights: inout Output, threads: Int
    ) {
        precondition(
            gradient.count == velocity.count && gradient.count == weights.count,
            "\(gradient.count) gradients, \(velocity.count) velocities, \(weights.count) weights")
        let threads = checkThreads(threads)
        gradient.withUnsafeBufferPointer { g in
            velocity.withUnsafeMutableBufferPointer { v in
                weights.withUnsafeMutableBufferPointer { w in
                    ck_momentum_update(
                        g.count, learningRate, momentum, g.baseAddress, v.baseAddress,
                        w.baseAddress, threads)
                }
            }
        }
    }

    /// Sum in double over fixed shards.
    package static func sum(_ x: Span<Float>, threads: Int) -> Double {
        let threads = checkThreads(threads)
        return x.withUnsafeBufferPointer { ck_sum($0.count, $0.baseAddress, threads) }
    }

    /// The number of rows of logits[m,n] whose first largest element is at the row's label.
    package static func countCorrect(
        m: Int, n: Int, logits: Span<Float>, labels: Span<UInt8>, threads: Int
    ) -> Int {
        check("logits", m, n, n, logits.count)
        precondition(labels.count >= m, "\(labels.count) labels for \(m) rows")
        let threads = checkThreads(threads)
        return logits.withUnsafeBufferPointer { z in
            labels.withUnsafeBufferPointer { l in
                ck_count_correct(m, n, z.baseAddress, l.baseAddress, threads)
            }
        }
    }
}
