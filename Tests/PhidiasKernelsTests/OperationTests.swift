import KernelOperations
import PhidiasKernels
import Testing

/// All tests of the kernels, one after another: each takes several threads.
@Suite(.serialized) enum KernelTests {}

extension KernelTests {
    /// Every operation of the table over its edge shapes.
    @Suite struct Operations {
        // A seed for each case: products take their alpha and beta from it. Seed 0 is for timing.
        private func cases(
            _ operation: KernelOperation
        ) -> some Sequence<(size: KernelOperation.Size, prepared: KernelCase)> {
            operation.edges.enumerated().lazy.map { index, size in
                (size, operation.prepare(size, UInt64(index) + 1))
            }
        }

        @Test(arguments: KernelOperation.all)
        func kernelsAreWithinTheirBounds(operation: KernelOperation) throws {
            var worst = 0.0
            for (size, prepared) in cases(operation) {
                let verdict = try prepared.verify(.kernels(threads: 1))
                #expect(verdict.isRight, "\(size): \(verdict.failure ?? "")")
                worst = max(worst, verdict.worst)
            }
            print("\(operation.name): worst error is \(worst) of its bound")
        }

        @Test(arguments: KernelOperation.all)
        func opponentsAreWithinTheirBounds(operation: KernelOperation) throws {
            for (size, prepared) in cases(operation) {
                var opponents = [Implementation.naive]
                if operation.isTuned { opponents += [.tuned(threads: 1), .tuned(threads: 3)] }
                for opponent in opponents {
                    let verdict = try prepared.verify(opponent)
                    #expect(verdict.isRight, "\(opponent), \(size): \(verdict.failure ?? "")")
                }
            }
        }

        /// A NaN's sign is no part of the promise: it depends on the order in which a compiler,
        /// or the instrumentation of a sanitizer, gives two operands to an instruction.
        private func withoutSignsOfNaN(_ bits: [[UInt32]]) -> [[UInt32]] {
            bits.map { array in
                array.map { Float(bitPattern: $0).isNaN ? $0 & 0x7fff_ffff : $0 }
            }
        }

        @Test(arguments: KernelOperation.all)
        func everyTableHasTheBitsOfTheReference(operation: KernelOperation) throws {
            defer { KernelTable.select(nil) }
            for (size, prepared) in cases(operation) {
                #expect(KernelTable.select("reference"))
                let reference = withoutSignsOfNaN(
                    try prepared.result(.kernels(threads: 1)).bits)
                for table in KernelTable.available.dropFirst() {
                    #expect(KernelTable.select(table) && KernelTable.name == table)
                    let bits = withoutSignsOfNaN(
                        try prepared.result(.kernels(threads: 1)).bits)
                    #expect(bits == reference, "\(table), \(size)")
                }
            }
        }

        @Test(arguments: KernelOperation.all)
        func threadsChangeNoBit(operation: KernelOperation) throws {
            for (size, prepared) in cases(operation) {
                let one = try prepared.result(.kernels(threads: 1)).bits
                for threads in [2, 3, 7] {
                    let bits = try prepared.result(.kernels(threads: threads)).bits
                    #expect(bits == one, "\(threads) threads, \(size)")
                }
            }
        }

        /// The benchmarks' own cases, since a benchmark must not be the first to run them.
        @Test(arguments: KernelOperation.all)
        func benchmarkCasesAreRight(operation: KernelOperation) throws {
            for size in operation.benchmarks {
                let verdict = try operation.prepare(size, KernelOperation.timingSeed).verify(
                    .kernels(threads: 2))
                #expect(verdict.isRight, "\(size): \(verdict.failure ?? "")")
            }
        }

        @Test func namesAreUnique() {
            let names = KernelOperation.all.map(\.name)
            #expect(Set(names).count == names.count)
        }
    }
}
