import Foundation
import KernelOperations
import PhidiasKernels
import Testing

extension KernelTests {
    /// What the kernels do beside their results: threads, subnormals, the floating-point state.
    @Suite struct State {
        @Test func aParallelRegionRunsOnSeveralThreads() {
            #expect(Threads.observed(1) == 1)
            #expect(Threads.observed(2) == 2)
            #expect(Threads.observed(7) == 7)
        }

        /// Also in memory that was used before, which the system's allocator hands out again.
        @Test func newBuffersAreZero() throws {
            for count in [1, 15, 20_001, 1_900_001] {
                for threads in [1, 2, 3, 7] {
                    let nan = [Float](repeating: .nan, count: count)
                    try AlignedBuffer(count: count).set(nan.span)
                    let buffer = try AlignedBuffer(count: count, threads: threads)
                    #expect(
                        buffer.values.allSatisfy { $0.bitPattern == 0 },
                        "\(count) floats, \(threads) threads")
                }
            }
        }

        @Test func anUnknownTableIsRefused() {
            let before = KernelTable.name
            #expect(!KernelTable.select("abacus"))
            #expect(KernelTable.name == before)
            #expect(KernelTable.available.first == "reference")
            #expect(KernelTable.available.contains(before))
        }

        @Test func subnormalVelocitiesBecomePlusZero() {
            let tiny = Float.leastNormalMagnitude
            defer { KernelTable.select(nil) }
            for table in KernelTable.available {
                #expect(KernelTable.select(table))
                // (velocity, gradient) -> new velocity, with momentum ½ and learning rate ½
                let cases: [(v: Float, g: Float, expected: Float)] = [
                    (tiny, 0, 0), (-tiny, 0, 0), (2 * tiny, 0, tiny), (-2 * tiny, 0, -tiny),
                    (1.5 * tiny, 0, 0), (0, tiny, 0), (0, -2 * tiny, tiny),
                    (0, 2 * tiny, -tiny), (.leastNonzeroMagnitude, 0, 0), (-0.0, 0, 0), (1, 1, 0),
                    (.infinity, 0, .infinity),
                ]
                for padding in [0, 3, 8] {  // in the vectors' body and in their tail
                    let pad = [Float](repeating: 0, count: padding)
                    var v = cases.map(\.v) + pad, w = v.map { _ in Float(0) }
                    let g = cases.map(\.g) + pad
                    var velocity = v.mutableSpan, weights = w.mutableSpan
                    Kernels.momentumUpdate(
                        learningRate: 0.5, momentum: 0.5, gradient: g.span, velocity: &velocity,
                        weights: &weights, threads: 1)
                    for (i, item) in cases.enumerated() {
                        #expect(v[i].bitPattern == item.expected.bitPattern, "\(table) \(item)")
                        #expect(w[i] == item.expected, "\(table) \(item)")
                    }
                }
            }
        }

        @Test func velocityNotANumberStaysSo() {
            var v: [Float] = [.nan, 1, 1], w: [Float] = [0, 0, 0]
            let g: [Float] = [0, .nan, 0]
            var velocity = v.mutableSpan, weights = w.mutableSpan
            Kernels.momentumUpdate(
                learningRate: 0.5, momentum: 0.5, gradient: g.span, velocity: &velocity,
                weights: &weights, threads: 1)
            #expect(v[0].isNaN && v[1].isNaN && v[2] == 0.5)
            #expect(w[0].isNaN && w[1].isNaN && w[2] == 0.5)
        }

        #if arch(x86_64)
            @Test func theFloatingPointStateIsUntouched() throws {
                func control() -> UInt32 {
                    var environment = fenv_t()
                    fegetenv(&environment)
                    return environment.__mxcsr & ~0x3f  // without the flags of past exceptions
                }
                let before = control()
                for operation in KernelOperation.all {
                    guard let size = operation.edges.last else { continue }
                    _ = try operation.prepare(size, 1).result(.kernels(threads: 2))
                    #expect(control() == before, "\(operation.name)")
                }
                #expect(before & 0x8040 == 0, "neither flushed to zero nor taken for it")
            }
        #endif

        @Test func infinityAndNaNPassThroughProducts() throws {
            // [1, ∞, −∞; NaN, 0, 1] · [1; 1; 0]: the sums of IEEE arithmetic
            let a: [Float] = [1, .infinity, 5, .nan, 0, 1, .infinity, -.infinity, 0]
            let b: [Float] = [1, 1, 0]
            defer { KernelTable.select(nil) }
            for table in KernelTable.available {
                #expect(KernelTable.select(table))
                var c: [Float] = [7, 7, 7]
                var span = c.mutableSpan
                try Kernels.gemm(
                    .none, .none, m: 3, n: 1, k: 3, alpha: 1, a: a.span, lda: 3, b: b.span,
                    ldb: 1, beta: 0, c: &span, ldc: 1, threads: 1)
                #expect(c[0] == .infinity && c[1].isNaN && c[2].isNaN)
            }
        }

        @Test func quotaOfACgroup() throws {
            let root = FileManager.default.temporaryDirectory
                .appendingPathComponent("phidias-cgroup-\(UInt64.random(in: 0 ... .max))")
            defer { try? FileManager.default.removeItem(at: root) }
            func write(_ text: String, _ path: String) throws {
                let file = root.appendingPathComponent(path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try text.write(to: file, atomically: false, encoding: .utf8)
            }
            func quota(_ membership: String) throws -> Int? {
                try write(membership, "membership")
                return Threads.quota(
                    membership: root.appendingPathComponent("membership").path, root: root.path)
            }
            try write("max 100000\n", "free/cpu.max")
            try write("150000 100000\n", "tight/cpu.max")
            try write("max 100000\n", "tight/inner/cpu.max")
            try write("300000\n", "cpu/old/cpu.cfs_quota_us")
            try write("100000\n", "cpu/old/cpu.cfs_period_us")
            try write("-1\n", "cpu/loose/cpu.cfs_quota_us")
            try write("100000\n", "cpu/loose/cpu.cfs_period_us")
            #expect(try quota("0::/free\n") == nil)
            #expect(try quota("0::/tight\n") == 2)
            #expect(try quota("0::/tight/inner\n") == 2, "the parent's limit holds")
            #expect(try quota("4:cpu,cpuacct:/old\n") == 3)
            #expect(try quota("4:cpu,cpuacct:/loose\n") == nil)
            #expect(try quota("0::/missing\n") == nil)
            #expect(Threads.quota(membership: "/nonexistent/file", root: root.path) == nil)
        }
    }
}
