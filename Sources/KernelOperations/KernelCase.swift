/// One case of an operation: inputs, the buffers its results go to, and what they must become.
package struct KernelCase: Sendable {
    /// Everything that a run leaves behind.
    package struct Result: Sendable {
        package var buffers: [[Float]]
        package var scalar: Double

        /// Equal only if every bit is, guards included.
        package var bits: [[UInt32]] {
            buffers.map { $0.map(\.bitPattern) }
                + [
                    [
                        UInt32(scalar.bitPattern >> 32),
                        UInt32(truncatingIfNeeded: scalar.bitPattern),
                    ]
                ]
        }
    }

    /// Exact values, and how far from each a result may be.
    struct Expectation {
        var values, bounds: [Double]
    }

    /// What the comparison with the oracle found.
    package struct Verdict: Sendable {
        /// Largest error, in units of its bound; 0 where the result is exact.
        package var worst = 0.0
        /// The first element that is wrong; nil if none is.
        package var failure: String?
        package var isRight: Bool { failure == nil }
    }

    package typealias Body = @Sendable (Implementation, inout [[Float]]) throws -> Double
    /// The same so many times in a row.
    typealias RepeatedBody = @Sendable (Implementation, Int, inout [[Float]]) throws -> Double

    package let outputs: [GuardedMatrix]
    /// Whether a run writes all of its outputs and reads none: then it may follow another on the same
    /// buffers, whose parts the threads' caches hold as in training.
    private(set) var overwrites = false
    let expectations: @Sendable (Implementation) -> [Expectation]
    let expectedScalar: @Sendable () -> (value: Double, bound: Double)
    private let body: RepeatedBody

    init(
        outputs: [GuardedMatrix], overwrites: Bool = false,
        expecting expectations: @escaping @Sendable (Implementation) -> [Expectation],
        body: @escaping Body
    ) {
        self.init(
            outputs: outputs, overwrites: overwrites, expecting: expectations,
            repeatedBody: Self.repeated(body))
    }

    /// - Parameter body: repeats the work itself, where what a run costs beside it would be seen.
    init(
        outputs: [GuardedMatrix], overwrites: Bool = false,
        expecting expectations: @escaping @Sendable (Implementation) -> [Expectation],
        repeatedBody body: @escaping RepeatedBody
    ) {
        self.outputs = outputs
        self.overwrites = overwrites
        self.expectations = expectations
        self.body = body
        expectedScalar = { (0, 0) }
    }

    init(
        expectingScalar scalar: @escaping @Sendable () -> (value: Double, bound: Double),
        body: @escaping Body
    ) {
        outputs = []
        expectations = { _ in [] }
        expectedScalar = scalar
        self.body = Self.repeated(body)
    }

    private static func repeated(_ body: @escaping Body) -> RepeatedBody {
        { implementation, runs, buffers in
            var result = 0.0
            for _ in 0..<runs { result = try body(implementation, &buffers) }
            return result
        }
    }

    /// Buffers as they are before a run.
    package func freshBuffers() -> [[Float]] { outputs.map { $0.copied(isKept: overwrites) } }

    /// Computes into `buffers`, which `freshBuffers` made. This call alone is timed.
    package func run(
        _ implementation: Implementation, times: Int = 1, _ buffers: inout [[Float]]
    ) throws -> Double {
        try body(implementation, times, &buffers)
    }

    package func result(_ implementation: Implementation) throws -> Result {
        var buffers = freshBuffers()
        let scalar = try run(implementation, &buffers)
        return Result(buffers: buffers, scalar: scalar)
    }

    package func verify(_ implementation: Implementation) throws -> Verdict {
        judge(try result(implementation), by: implementation)
    }

    /// Compares with the oracle: every element inside its bound, every other float untouched.
    package func judge(_ result: Result, by implementation: Implementation) -> Verdict {
        var verdict = Verdict()
        let scalar = expectedScalar()
        verdict.check(result.scalar, scalar.value, scalar.bound) { "result" }
        for (number, expected) in expectations(implementation).enumerated() {
            let before = outputs[number], after = result.buffers[number]
            guard after.count == before.storage.count else {
                verdict.failure = "output \(number) has \(after.count) floats"
                return verdict
            }
            var isWritten = [Bool](repeating: false, count: after.count)
            for (i, index) in before.indices.enumerated() {
                isWritten[index] = true
                verdict.check(Double(after[index]), expected.values[i], expected.bounds[i]) {
                    "output \(number), row \(i / before.columns), column \(i % before.columns)"
                }
            }
            for index in after.indices where !isWritten[index] {
                if after[index].bitPattern != before.storage[index].bitPattern {
                    verdict.fail("output \(number): a float beside the result was written")
                }
            }
        }
        return verdict
    }
}

extension KernelCase.Verdict {
    mutating func fail(_ text: String) {
        if failure == nil { failure = text }
    }

    // NaN must be NaN, infinity the same infinity; anything else within the bound, and a NaN
    // where none belongs fails because no comparison with it is true.
    fileprivate mutating func check(
        _ got: Double, _ expected: Double, _ bound: Double, _ place: () -> String
    ) {
        if expected.isNaN ? got.isNaN : got == expected { return }
        let error = abs(got - expected)
        guard error <= bound else {
            return fail("\(place()): \(got) instead of \(expected) ± \(bound)")
        }
        worst = max(worst, error / bound)
    }
}
