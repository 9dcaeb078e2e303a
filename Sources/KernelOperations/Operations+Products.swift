import PhidiasKernels
import PureSwiftKernels

extension KernelOperation {
    /// C = alpha · op(A) · op(B) + beta · C in its four forms.
    static let products = [(false, false), (false, true), (true, false), (true, true)].map {
        product(transposeA: $0, transposeB: $1)
    }

    /// m × n × k of dense layers (forward; a layer of 10; a weight gradient), and large squares.
    package static let productShapes = [
        Size(64, 128, 784), Size(64, 300, 784), Size(128, 512, 784), Size(256, 1024, 784),
        Size(1024, 1024, 1024), Size(10, 30, 784), Size(64, 10, 128), Size(784, 128, 64),
        Size(1000, 1000, 1000),
    ]

    /// Products of at most 64³ multiplications, for which LIBXSMM generates code.
    package static let smallProductShapes = [
        Size(8, 8, 8), Size(16, 16, 16), Size(32, 32, 32), Size(64, 64, 64), Size(10, 30, 784),
        Size(10, 10, 30), Size(64, 10, 128), Size(64, 30, 64),
    ]

    /// Matrices times vectors.
    private static let vectorShapes = [Size(1, 1000, 784), Size(1000, 1, 784)]

    // Around the tiles of 6 × 16, the panels of 16, past one block of k, past the rows of A that are
    // packed together, and past a block of C.
    private static let edgeSizes: [Size] = {
        let edges = [0, 1, 5, 6, 7, 15, 16, 17, 33, 64]
        let cross = edges.flatMap { m in edges.flatMap { n in edges.map { Size(m, n, $0) } } }
        return cross + [
            Size(13, 40, 255), Size(13, 40, 257), Size(391, 20, 30), Size(20, 263, 600),
            Size(391, 70, 300), Size(1159, 70, 17), Size(100, 10, 800), Size(600, 21, 40),
            Size(20, 50, 300),
        ]
    }()

    // Each is met by every tenth shape; with beta 0 the old C is NaN and must not be read.
    private static let factors: [(alpha: Float, beta: Float)] = [
        (1, 0), (1, 1), (-0.5, 0.75), (0, 1), (2, 0), (1, -1), (0, 0), (0.3, 1.7),
    ]

    private static func product(transposeA: Bool, transposeB: Bool) -> KernelOperation {
        // As in BLAS: N for a matrix as it stands, T for its transpose.
        let form = (transposeA ? "t" : "n") + (transposeB ? "t" : "n")
        return KernelOperation(
            name: "gemm-\(form)", edges: edgeSizes,
            benchmarks: transposeA || transposeB
                ? [Size(512, 512, 512)] : productShapes + vectorShapes,
            flops: { 2 * Double($0.m) * Double($0.n) * Double($0.k) },
            bytes: { 4 * Double($0.m * $0.k + $0.k * $0.n + $0.m * $0.n) },
            isTuned: true
        ) { size, seed in
            prepareProduct(transposeA, transposeB, size, seed)
        }
    }

    /// - Parameter library: computes whoever is asked to, if there is one. It knows no gaps, so it
    ///   is given the timing seed alone.
    static func prepareProduct(
        _ transposeA: Bool, _ transposeB: Bool, _ size: Size, _ seed: UInt64,
        by library: LibraryProduct.Multiplication? = nil
    ) -> KernelCase {
        let (m, n, k) = (size.m, size.n, size.k)
        var inputs = InputGenerator(seed: seed)
        let (alpha, beta) = factors[Int(seed % UInt64(factors.count))]
        // A gap that is no multiple of a vector slows everybody down.
        let drawn = inputs.below(4), gap = seed == timingSeed ? 0 : drawn
        let a = GuardedMatrix(
            inputs.floats(m * k), rows: transposeA ? k : m, columns: transposeA ? m : k, gap: gap)
        let b = GuardedMatrix(
            inputs.floats(k * n), rows: transposeB ? n : k, columns: transposeB ? k : n, gap: gap)
        let old = beta == 0 ? [Float](repeating: .nan, count: m * n) : inputs.floats(m * n)
        let c = GuardedMatrix(old, rows: m, columns: n, gap: gap)
        return KernelCase(outputs: [c]) { _ in
            let exact = Oracle.product(
                transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, a: a.doubles,
                lda: a.columns, b: b.doubles, ldb: b.columns)
            return [scaled(exact, alpha, beta, old, depth: k)]
        } body: { implementation, buffers in
            let (x, y) = (a.extent, b.extent)
            try withSpan(&buffers, c.extent) { out in
                if let library {
                    return library(
                        a.storage.span.extracting(x), b.storage.span.extracting(y), &out)
                }
                switch implementation {
                case .kernels(let threads):
                    try Kernels.gemm(
                        transposeA ? .transposed : .none, transposeB ? .transposed : .none,
                        m: m, n: n, k: k, alpha: alpha, a: a.storage.span.extracting(x),
                        lda: a.rowLength, b: b.storage.span.extracting(y), ldb: b.rowLength,
                        beta: beta, c: &out, ldc: c.rowLength, threads: threads)
                case .naive:
                    Naive.gemm(
                        transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
                        alpha: alpha, a: a.storage.span.extracting(x), lda: a.rowLength,
                        b: b.storage.span.extracting(y), ldb: b.rowLength, beta: beta, c: &out,
                        ldc: c.rowLength)
                case .tuned(let threads):
                    Tuned.gemm(
                        transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
                        alpha: alpha, a: a.storage.span.extracting(x), lda: a.rowLength,
                        b: b.storage.span.extracting(y), ldb: b.rowLength, beta: beta, c: &out,
                        ldc: c.rowLength, threads: threads)
                }
            }
            return 0
        }
    }

    // A term is rounded at most once as a product, k − 1 times in the sum, and three times with
    // alpha, beta and the last addition: γ_{k+3}(|alpha|·Σ|a||b| + |beta·c|).
    private static func scaled(
        _ exact: Oracle.Sums, _ alpha: Float, _ beta: Float, _ old: [Float], depth: Int
    ) -> KernelCase.Expectation {
        let gamma = Oracle.gamma(depth + 3)
        let kept = old.map { beta == 0 ? 0 : Double(beta) * Double($0) }
        return .init(
            values: zip(exact.values, kept).map { Double(alpha) * $0 + $1 },
            bounds: zip(exact.magnitudes, kept).map {
                gamma * (abs(Double(alpha)) * $0 + abs($1))
            })
    }
}
