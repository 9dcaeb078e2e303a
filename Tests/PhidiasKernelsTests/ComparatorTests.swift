import KernelOperations
import Testing

extension KernelTests {
    /// The check is itself checked: deliberately wrong results of every operation.
    @Suite struct Comparator {
        enum Fault: CaseIterable {
            case notANumber, sign, rowShift, transposition, slightlyOff, nothingWritten
            case guardBefore, guardAfter, gap
        }

        private func size(_ operation: KernelOperation) -> KernelOperation.Size {
            // Sums of few terms, so that their bound is narrow.
            if let first = operation.edges.first, first.convolution != nil { return first }
            // Square where there are two dimensions, so that a transposed result has the shape.
            let isMatrix = operation.edges.contains { $0.n > 1 }
            return isMatrix ? .init(16, 16, 9) : .init(40)
        }

        /// A seed whose products have a nonzero alpha, no NaN in C, and a gap between rows.
        private func prepared(_ operation: KernelOperation) -> KernelCase {
            let size = size(operation)
            let seeds = stride(from: UInt64(1), to: 800, by: 8)
            let all = seeds.lazy.map { operation.prepare(size, $0) }
            let withGap = all.first { $0.outputs.contains { $0.rowLength > $0.columns } }
            return withGap ?? operation.prepare(size, 1)
        }

        /// The result with the fault in its last output, or nil where the fault makes no sense.
        private func spoil(
            _ right: KernelCase.Result, _ fault: Fault, _ prepared: KernelCase
        ) -> KernelCase.Result? {
            var wrong = right
            guard let output = prepared.outputs.last else {
                switch fault {
                case .notANumber: wrong.scalar = .nan
                case .sign: wrong.scalar = -right.scalar
                case .slightlyOff: wrong.scalar += max(1, abs(right.scalar) * 0x1p-30)
                default: return nil
                }
                return wrong
            }
            let last = prepared.outputs.count - 1
            let values = right.buffers[last]
            let (rows, columns) = (output.rows, output.columns)
            switch fault {
            case .notANumber:
                let index = output.indices.first { !values[$0].isNaN } ?? 0
                wrong.buffers[last][index] = .nan
            case .sign:
                for index in output.indices { wrong.buffers[last][index].negate() }
            case .rowShift:
                let indices = output.indices
                let shift = rows > 1 ? columns : 1
                for (to, from) in zip(indices, indices.dropFirst(shift)) {
                    wrong.buffers[last][to] = values[from]
                }
            case .transposition:
                guard rows == columns else { return nil }
                for i in 0..<rows {
                    for j in 0..<columns {
                        wrong.buffers[last][output.index(i, j)] = values[output.index(j, i)]
                    }
                }
            case .slightlyOff:
                // 64 ulp of the largest element: far below what an eye sees in a sum or a plot
                let finite = output.indices.filter { values[$0].isFinite }
                guard let index = finite.max(by: { abs(values[$0]) < abs(values[$1]) })
                else { return nil }
                wrong.buffers[last][index] += 64 * values[index].ulp
            case .nothingWritten:
                wrong.buffers[last] = output.storage
            case .guardBefore:
                wrong.buffers[last][output.index(0, 0) - 1] = 0
            case .guardAfter:
                wrong.buffers[last][output.index(rows - 1, columns - 1) + 1] = 0
            case .gap:
                guard output.rowLength > columns else { return nil }
                wrong.buffers[last][output.index(0, columns)] = 0
            }
            return wrong
        }

        @Test(arguments: KernelOperation.all, Fault.allCases)
        func wrongResultsAreRejected(operation: KernelOperation, fault: Fault) throws {
            let prepared = prepared(operation)
            let right = try prepared.result(.naive)
            #expect(prepared.judge(right, by: .naive).isRight)
            guard let wrong = spoil(right, fault, prepared) else { return }
            #expect(!prepared.judge(wrong, by: .naive).isRight)
            #expect(wrong.bits != right.bits)
        }

        @Test func everyFaultAppliesSomewhere() throws {
            for fault in Fault.allCases {
                let spoiled = try KernelOperation.all.filter { operation in
                    let prepared = prepared(operation)
                    return spoil(try prepared.result(.naive), fault, prepared) != nil
                }
                #expect(!spoiled.isEmpty, "\(fault)")
            }
        }
    }
}
