import Foundation
import PhidiasKernels
import Testing

extension KernelTests {
    /// OpenMP may give a region fewer threads than are asked for: within another region, by
    /// OMP_THREAD_LIMIT, or by OMP_DYNAMIC from one region to the next.
    @Suite struct FewerThreads {
        /// Runs `body` with one thread in every region that this thread begins.
        private static func alone(_ body: () throws -> Void) throws {
            typealias Get = @convention(c) () -> CInt
            typealias Set = @convention(c) (CInt) -> Void
            // RTLD_DEFAULT, which is no constant in Swift.
            let get = try #require(dlsym(nil, "omp_get_max_active_levels"))
            let set = try #require(dlsym(nil, "omp_set_max_active_levels"))
            let levels = unsafeBitCast(get, to: Get.self)()
            unsafeBitCast(set, to: Set.self)(0)
            defer { unsafeBitCast(set, to: Set.self)(levels) }
            #expect(Threads.observed(4) == 1)
            try body()
        }

        @Test(arguments: Kernels.Transpose.allCases) func productsStayRight(tb: Kernels.Transpose)
            throws
        {
            let (m, n, k) = (300, 500, 400)
            func values(_ count: Int) -> [Float] { (0..<count).map { Float($0 % 17) - 8 } }
            let a = values(m * k), b = values(k * n)
            func product(threads: Int) throws -> [Float] {
                var c = [Float](repeating: 0, count: m * n)
                var span = c.mutableSpan
                try Kernels.gemm(
                    .transposed, tb, m: m, n: n, k: k, alpha: 1, a: a.span, lda: m, b: b.span,
                    ldb: tb == .none ? n : k, beta: 0, c: &span, ldc: n, threads: threads)
                return c
            }
            let one = try product(threads: 1)
            for threads in [2, 7, 16] {
                try Self.alone {
                    let isSame = try product(threads: threads) == one
                    #expect(isSame, "\(threads) threads asked for")
                }
            }
        }

        @Test func aStepGoesOnWithTheThreadsThatBeganIt() throws {
            let probe = DenseStackProbe([37, 40, 10], hidden: .sigmoid, batch: 13)
            func trained(_ forward: (NetworkStack) throws -> [Float]) throws -> DenseValues {
                let stack = try probe.stack(layers: 2)
                let delta = probe.logitDelta(.synaptic, try forward(stack))
                #expect(
                    stack.backward(delta: delta.span, learningRate: 0.1, momentum: 0.9) == nil)
                return stack.values(of: 0)
            }
            let usual = try trained { probe.forward($0, probe.indices, threads: 2) }
            let fewer = try trained { stack in
                var logits: [Float] = []
                try Self.alone { logits = probe.forward(stack, probe.indices, threads: 2) }
                return logits
            }
            #expect(fewer == usual)
        }
    }
}
