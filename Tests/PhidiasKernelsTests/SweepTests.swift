import PhidiasKernels
import PureSwiftKernels
import Testing

extension KernelTests {
    /// Functions over the whole range of floats, by bit patterns.
    @Suite struct Sweep {
        /// Every 4,099th bit pattern, every 13th of −16 to −¼, where the sigmoid of a quotient is
        /// hardest to get right, every 13th of ½ to 10 for tanh, and those where something changes.
        static let patterns: [Float] = {
            let dense = stride(from: UInt64(0), to: 1 << 32, by: 4099).map {
                Float(bitPattern: UInt32($0))
            }
            let steep = stride(
                from: Float(-0.25).bitPattern, through: Float(-16).bitPattern, by: 13
            ).map { Float(bitPattern: $0) }
            let bent = stride(from: Float(0.5).bitPattern, through: Float(10).bitPattern, by: 13)
                .map { Float(bitPattern: $0) }
            let edges: [Float] = [
                0.625, 9.25, 9.0108,
                0, 1, 2, .infinity, .greatestFiniteMagnitude, .leastNormalMagnitude,
                .leastNonzeroMagnitude, 0x1.62e42ep6, 0x1.62e430p6, 87.33655, 103.27893,
                103.97208, 16.635532, 17.32868, 0.34657359, 0x1p-24, 0x1p-25, 0x1p-12,
            ]
            let around = edges.flatMap { [$0.nextDown, $0, $0.nextUp] }
            return dense + steep + bent + around + around.map { -$0 } + [
                .nan, -.nan, .signalingNaN,
            ]
        }()

        typealias Kernel = (Span<Float>, inout MutableSpan<Float>) -> Void

        /// The worst error in ulp of the rounded result, and where; infinite for a NaN, an
        /// infinity or a finite number in the wrong place.
        static func worst(
            _ x: [Float], _ y: [Float], _ exact: (Double) -> Double
        ) -> (ulp: Double, at: Float) {
            var worst = (ulp: 0.0, at: Float(0))
            for (x, y) in zip(x, y) {
                let expected = exact(Double(x)), rounded = Float(expected)
                if expected.isNaN ? y.isNaN : y == rounded { continue }
                let error = abs(Double(y) - expected) / Double(rounded.ulp)
                if !(error <= worst.ulp) { worst = (error.isNaN ? .infinity : error, x) }
            }
            return worst
        }

        static func results(_ kernel: Kernel) -> [Float] {
            var y = [Float](repeating: 1234, count: patterns.count)
            var span = y.mutableSpan
            kernel(patterns.span, &span)
            return y
        }

        @Test func sigmoid() {
            let y = Self.results { Kernels.sigmoid($0, into: &$1, threads: 2) }
            let worst = Self.worst(Self.patterns, y, Oracle.sigmoid)
            print("sigmoid: worst error \(worst.ulp) ulp at \(worst.at), limit 2")
            #expect(worst.ulp <= 2)
        }

        /// The sign is that of x also where the value is 0; from 9.01 on it is 1.
        @Test func tanhIsOdd() {
            let y = Self.results { Kernels.tanh($0, into: &$1, threads: 2) }
            let worst = Self.worst(Self.patterns, y, Oracle.tanh)
            print("tanh: worst error \(worst.ulp) ulp at \(worst.at), limit 2")
            #expect(worst.ulp <= 2)
            for (x, y) in zip(Self.patterns, y) {
                let isRight =
                    x.isNaN
                    ? y.isNaN
                    : y.sign == x.sign && abs(y) <= 1 && (abs(x) > 0x1p-12 || y == x)
                        && (abs(x) < 9.02 || abs(y) == 1)
                #expect(isRight, "tanh(\(x)) = \(y)")
                guard isRight else { return }
            }
            let turned = Self.patterns.map { -$0 }
            var odd = turned
            var span = odd.mutableSpan
            Kernels.tanh(turned.span, into: &span, threads: 1)
            #expect(zip(y, odd).allSatisfy { $0.isNaN || $0.bitPattern == (-$1).bitPattern })
        }

        /// Where its two forms meet, and where it saturates.
        @Test func tanhIsMonotoneToAnUlp() {
            let x = (-700_000...700_000).map { Float($0) * 0x1p-16 }
            var y = x
            var span = y.mutableSpan
            Kernels.tanh(x.span, into: &span, threads: 2)
            for (below, above) in zip(y, y.dropFirst()) where !(above >= below - 2 * below.ulp) {
                Issue.record("\(above) follows \(below)")
                return
            }
            #expect(y.first == -1 && y.last == 1)
        }

        @Test func leakyReLUIsExact() {
            let y = Self.results { Kernels.leakyReLU($0, into: &$1, threads: 2) }
            for (x, y) in zip(Self.patterns, y) {
                let isRight = x.isNaN ? y.isNaN : y.bitPattern == (x > 0 ? x : 0.01 * x).bitPattern
                #expect(isRight, "leaky-relu(\(x)) = \(y)")
                guard isRight else { return }
            }
        }

        @Test func exp() {
            let y = Self.results { Kernels.exp($0, into: &$1, threads: 2) }
            let worst = Self.worst(Self.patterns, y, Oracle.exp)
            print("exp: worst error \(worst.ulp) ulp at \(worst.at), limit 2")
            #expect(worst.ulp <= 2)
        }

        @Test func log1p() {
            let y = Self.results { Kernels.log1p($0, into: &$1, threads: 2) }
            let worst = Self.worst(Self.patterns, y, Oracle.log1p)
            print("log1p: worst error \(worst.ulp) ulp at \(worst.at), limit 2")
            #expect(worst.ulp <= 2)
        }

        @Test func reluIsExact() {
            let y = Self.results { Kernels.relu($0, into: &$1, threads: 2) }
            for (x, y) in zip(Self.patterns, y) {
                let isRight = x.isNaN ? y.isNaN : y.bitPattern == (x > 0 ? x : 0).bitPattern
                #expect(isRight, "relu(\(x)) = \(y)")
                guard isRight else { return }
            }
        }

        /// Dense around the places where the sigmoid bends and saturates.
        @Test func sigmoidIsMonotoneToAnUlp() {
            let x = (-2_000_000...2_000_000).map { Float($0) * 0x1p-14 }
            var y = x
            var span = y.mutableSpan
            Kernels.sigmoid(x.span, into: &span, threads: 2)
            for (below, above) in zip(y, y.dropFirst()) where !(above >= below - 2 * below.ulp) {
                Issue.record("\(above) follows \(below)")
                return
            }
            #expect(y.first == 0 || y.first ?? 1 < 0x1p-126)
            #expect(y.last == 1)
        }

        @Test func theMeasureSeesWrongFunctions() {
            let y = Self.results { Kernels.sigmoid($0, into: &$1, threads: 1) }
            #expect(Self.worst(Self.patterns, y, { Oracle.sigmoid(-$0) }).ulp > 2)
            #expect(Self.worst(Self.patterns, y, Oracle.exp).ulp > 2)
            var spoiled = y
            spoiled[1000] = .nan
            #expect(Self.worst(Self.patterns, spoiled, Oracle.sigmoid).ulp == .infinity)
            spoiled = y
            spoiled[spoiled.count - 1] = 0.5  // a NaN went in
            #expect(Self.worst(Self.patterns, spoiled, Oracle.sigmoid).ulp > 2)
            spoiled = y
            let half = Self.patterns.firstIndex { $0 > 0.1 } ?? 0
            spoiled[half] += 3 * spoiled[half].ulp
            #expect(Self.worst(Self.patterns, spoiled, Oracle.sigmoid).ulp > 2)
        }
    }
}
