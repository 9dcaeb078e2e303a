import Foundation
import KernelOperations
import PhidiasKernels
import Testing

extension KernelTests {
    /// Products of all sizes at which a driver changes its way, over matrices that end where
    /// memory ends: a read past them is a crash.
    @Suite struct Products {
        /// Floats that end, or begin, at a page which nobody may touch.
        private final class Fenced {
            private let base: UnsafeMutableRawPointer
            private let bytes: Int
            let values: UnsafeMutableBufferPointer<Float>

            init(_ count: Int, atStart: Bool, _ value: (Int) -> Float) throws {
                let page = Int(getpagesize()), size = count * MemoryLayout<Float>.stride
                let inner = (size + page - 1) / page * page
                bytes = inner + 2 * page
                base = try #require(
                    mmap(nil, bytes, PROT_NONE, MAP_PRIVATE | Int32(MAP_ANONYMOUS), -1, 0))
                mprotect(base + page, inner, PROT_READ | PROT_WRITE)
                let first = base + page + (atStart ? 0 : inner - size)
                values = .init(
                    start: first.bindMemory(to: Float.self, capacity: count), count: count)
                for index in 0..<count { values[index] = value(index) }
            }

            deinit { munmap(base, bytes) }
        }

        private static let sizes:
            [(m: ClosedRange<Int>, n: ClosedRange<Int>, k: ClosedRange<Int>)] =
                [
                    (1...40, 1...40, 0...40), (1...20, 1...100, 100...200),
                    (1...60, 17...70, 129...300),
                    (16...200, 1...15, 0...140), (16...90, 1...40, 340...720),
                    (30...90, 129...150, 1...20),
                    (200...300, 1...16, 100...130), (250...300, 256...300, 0...20),
                    (1...1, 1...100, 0...200), (1...100, 1...1, 0...200),
                    (1...1, 1900...2200, 1...40), (1900...2200, 1...1, 1...40),
                    (1...1, 16...70, 505...519), (16...70, 1...1, 505...519),
                ]

        @Test(arguments: sizes.indices, KernelTable.available)
        func everySumIsOneChainAndNothingPastAMatrixIsRead(range: Int, table: String) throws {
            defer { KernelTable.select(nil) }
            #expect(KernelTable.select(table))
            var random = InputGenerator(seed: UInt64(range))
            for _ in 0..<60 {
                let size = Self.sizes[range]
                let m = Int.random(in: size.m, using: &random)
                let n = Int.random(in: size.n, using: &random)
                let k = Int.random(in: size.k, using: &random)
                let (ta, tb) = (Bool.random(using: &random), Bool.random(using: &random))
                let gaps = (0..<3).map { _ in max(0, Int.random(in: -9...9, using: &random)) }
                let (lda, ldb, ldc) = (
                    max(1, ta ? m : k) + gaps[0], max(1, tb ? k : n) + gaps[1], n + gaps[2]
                )
                func extent(_ rows: Int, _ columns: Int, _ row: Int) -> Int {
                    rows == 0 ? 0 : (rows - 1) * row + columns
                }
                let atStart = Bool.random(using: &random)
                func fenced(_ count: Int) throws -> Fenced {
                    try Fenced(count, atStart: atStart) { _ in
                        Float.random(in: -1...1, using: &random)
                    }
                }
                let a = try fenced(extent(ta ? k : m, ta ? m : k, lda))
                let b = try fenced(extent(tb ? n : k, tb ? k : n, ldb))
                let c = try fenced(extent(m, n, ldc))
                let alpha: Float = Bool.random(using: &random) ? 1 : -0.7
                let beta: Float = Bool.random(using: &random) ? 0 : 1.3
                var expected = Array(c.values)
                for i in 0..<m {
                    for j in 0..<n {
                        var sum: Float = 0
                        for p in 0..<k {
                            sum.addProduct(
                                a.values[ta ? p * lda + i : i * lda + p],
                                b.values[tb ? j * ldb + p : p * ldb + j])
                        }
                        let old = beta == 0 ? 0 : beta * expected[i * ldc + j]
                        expected[i * ldc + j] = old.addingProduct(alpha, sum)
                    }
                }
                var out = MutableSpan(_unsafeElements: c.values)
                try Kernels.gemm(
                    ta ? .transposed : .none, tb ? .transposed : .none, m: m, n: n, k: k,
                    alpha: alpha, a: Span(_unsafeElements: UnsafeBufferPointer(a.values)), lda: lda,
                    b: Span(_unsafeElements: UnsafeBufferPointer(b.values)), ldb: ldb, beta: beta,
                    c: &out,
                    ldc: ldc, threads: Int.random(in: 1...3, using: &random))
                let isSame = zip(c.values, expected).allSatisfy { $0.bitPattern == $1.bitPattern }
                #expect(isSame, "\(m)×\(n)×\(k), \(ta), \(tb), \(lda), \(ldb), \(ldc)")
            }
        }
    }
}
