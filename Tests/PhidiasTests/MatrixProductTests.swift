import Phidias
import PhidiasKernels
import Testing

@Suite struct MatrixProductTests {
    /// A matrix of some numbers in its rows, and of `gap` others between them.
    struct Stored {
        var values: [Float]
        let distance: Int

        init(rows: Int, columns: Int, gap: Int, seed: UInt64) {
            distance = columns + gap
            let random = CounterRandom(seed: seed, purpose: .user)
            values = (0..<max(rows * distance - (rows > 0 ? gap : 0), 0)).map {
                Float(Int(random.bits(UInt64($0)).x % 2001) - 1000) / 512
            }
        }
    }

    /// The definition: a chain of fused multiply-adds for each element.
    static func naive(
        m: Int, n: Int, k: Int, alpha: Float, _ a: Stored, _ transposeA: Bool, _ b: Stored,
        _ transposeB: Bool, beta: Float, _ c: Stored
    ) -> [Float] {
        var result = c.values
        for i in 0..<m {
            for j in 0..<n {
                var sum: Float = 0
                for p in 0..<k {
                    sum.addProduct(
                        a.values[transposeA ? p * a.distance + i : i * a.distance + p],
                        b.values[transposeB ? j * b.distance + p : p * b.distance + j])
                }
                let place = i * c.distance + j
                let old = beta == 0 ? 0 : beta * c.values[place]
                result[place] = old.addingProduct(alpha, sum)
            }
        }
        return result
    }

    @Test(
        arguments: [
            (1, 1, 1), (3, 2, 4), (6, 16, 7), (7, 17, 33), (1, 40, 20), (40, 1, 20), (40, 5, 90),
            (13, 40, 257), (90, 70, 30), (5, 7, 0),
        ], [false, true])
    func everyElementIsOneChain(_ size: (m: Int, n: Int, k: Int), _ hasGaps: Bool) throws {
        let (m, n, k) = size
        for (transposeA, transposeB) in [
            (false, false), (true, false), (false, true), (true, true),
        ] {
            for (alpha, beta) in [(1, 0), (-0.7, 1.3)] as [(Float, Float)] {
                let a = Stored(
                    rows: transposeA ? k : m, columns: transposeA ? m : k, gap: hasGaps ? 3 : 0,
                    seed: 1)
                let b = Stored(
                    rows: transposeB ? n : k, columns: transposeB ? k : n, gap: hasGaps ? 1 : 0,
                    seed: 2)
                var c = Stored(rows: m, columns: n, gap: hasGaps ? 2 : 0, seed: 3)
                let expected = Self.naive(
                    m: m, n: n, k: k, alpha: alpha, a, transposeA, b, transposeB, beta: beta, c)
                if beta == 0 {
                    for i in 0..<m { for j in 0..<n { c.values[i * c.distance + j] = .nan } }
                }
                for table in KernelTable.available {
                    #expect(KernelTable.select(table))
                    defer { KernelTable.select(nil) }
                    for threads in [1, 2, 3] {
                        var values = c.values
                        var span = values.mutableSpan
                        try MatrixProduct.multiply(
                            m: m, n: n, k: k, alpha: alpha, a: a.values.span,
                            lda: hasGaps ? a.distance : nil, transposeA: transposeA,
                            b: b.values.span, ldb: hasGaps ? b.distance : nil,
                            transposeB: transposeB, beta: beta, into: &span,
                            ldc: hasGaps ? c.distance : nil, threads: threads)
                        let isSame = zip(values, expected).allSatisfy {
                            $0.bitPattern == $1.bitPattern
                        }
                        #expect(isSame, "\(table), \(threads), \(transposeA), \(transposeB)")
                    }
                }
            }
        }
    }

    @Test func largeProductsStayWithinTheBound() throws {
        let (m, n, k) = (31, 45, 1500)
        let a = Stored(rows: m, columns: k, gap: 0, seed: 4).values
        let b = Stored(rows: k, columns: n, gap: 0, seed: 5).values
        let product = try MatrixProduct.product(a, b, m: m, n: n, k: k)
        // γ of the documentation. Products of such numbers are exact in Double, and their sums nearly.
        let units = Double(k + 3) * 0x1p-24
        let gamma = units / (1 - units)
        for i in 0..<m {
            for j in 0..<n {
                var (exact, size) = (0.0, 0.0)
                for p in 0..<k {
                    let term = Double(a[i * k + p]) * Double(b[p * n + j])
                    exact += term
                    size += abs(term)
                }
                #expect(abs(Double(product[i * n + j]) - exact) <= gamma * size)
            }
        }
    }

    @Test func productOfArraysIsThatOfTheBook() throws {
        let product = try MatrixProduct.product(
            [1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12], m: 2, n: 2, k: 3)
        #expect(product == [58, 64, 139, 154])
        #expect(try MatrixProduct.product([], [], m: 2, n: 2, k: 0) == [0, 0, 0, 0])
        #expect(try MatrixProduct.product([], [1, 2], m: 0, n: 2, k: 1) == [])
    }

    /// Calls with arrays of so many elements.
    static func multiply(
        m: Int = 2, n: Int = 3, k: Int = 4, a: Int = 8, lda: Int? = nil, b: Int = 12,
        ldb: Int? = nil, c: Int = 6, ldc: Int? = nil, threads: Int? = 1
    ) throws(MatrixError) {
        let (a, b) = ([Float](repeating: 1, count: a), [Float](repeating: 1, count: b))
        var c = [Float](repeating: 1, count: c)
        var span = c.mutableSpan
        try MatrixProduct.multiply(
            m: m, n: n, k: k, a: a.span, lda: lda, b: b.span, ldb: ldb, into: &span, ldc: ldc,
            threads: threads)
    }

    @Test func whatDoesNotFitIsAnError() throws {
        try Self.multiply()
        #expect(throws: MatrixError.size("m", -1)) { try Self.multiply(m: -1) }
        #expect(throws: MatrixError.size("n", .min)) { try Self.multiply(n: .min) }
        #expect(throws: MatrixError.size("k", -4)) { try Self.multiply(k: -4) }
        #expect(throws: MatrixError.rowLength("A", distance: 3, columns: 4)) {
            try Self.multiply(lda: 3)
        }
        #expect(throws: MatrixError.rowLength("B", distance: -3, columns: 3)) {
            try Self.multiply(ldb: -3)
        }
        #expect(throws: MatrixError.rowLength("C", distance: 0, columns: 3)) {
            try Self.multiply(ldc: 0)
        }
        #expect(throws: MatrixError.elements("A", rows: 2, columns: 4, distance: 4, found: 7)) {
            try Self.multiply(a: 7)
        }
        #expect(throws: MatrixError.elements("B", rows: 4, columns: 3, distance: 4, found: 14)) {
            try Self.multiply(b: 14, ldb: 4)
        }
        try Self.multiply(b: 15, ldb: 4)
        #expect(throws: MatrixError.elements("C", rows: 2, columns: 3, distance: 3, found: 5)) {
            try Self.multiply(c: 5)
        }
        #expect(
            throws: MatrixError.elements("A", rows: 2, columns: 4, distance: .max, found: 8)
        ) { try Self.multiply(lda: .max) }
        #expect(
            throws: MatrixError.elements("A", rows: .max, columns: 4, distance: 4, found: 8)
        ) { try Self.multiply(m: .max) }
        #expect(throws: MatrixError.threads(.threads(0))) { try Self.multiply(threads: 0) }
        #expect(throws: MatrixError.threads(.threads(-1))) { try Self.multiply(threads: -1) }
        #expect(
            throws: MatrixError.memory(rows: .max, columns: 2, reason: "no memory is that large")
        ) { _ = try MatrixProduct.product([], [], m: .max, n: 2, k: 0) }
        #expect(throws: MatrixError.self) {
            _ = try MatrixProduct.product([], [], m: 1 << 40, n: 1 << 16, k: 0)
        }
    }

    /// There is no row for it to lead to.
    @Test func distanceOfASingleRowIsOfNoUse() throws {
        try Self.multiply(m: 1, k: 1, a: 1, lda: .max, b: 3, ldb: .max, c: 3, ldc: .max)
    }
}
