/// The shape of a learning rate over a run, as a description: `LearningRate` turns it into a
/// function of the step.
public enum Schedule: Sendable, Hashable {
    /// The same learning rate in every step.
    case constant
    /// The rate times `factor` after every `epochs` epochs. `epochs` is at least 1, 0 < `factor` ≤
    /// 1.
    case step(epochs: Int, factor: Double)
    /// The rate times `factor` per epoch, a little in every step. 0 < `factor` ≤ 1.
    case exponential(factor: Double)
    /// Half a cosine from the learning rate to `final` (a rate; nil: a hundredth of the learning
    /// rate), which the last of at least two steps reaches.
    case cosine(final: Double?)
    /// Half a cosine up from a hundredth of `peak` over the first 30 % of the steps, and half a
    /// cosine down to a hundredth again; with only two steps there is no rise. `peak` is a rate;
    /// nil: the learning rate.
    case oneCycle(peak: Double?)
    /// The learning rate times a function of the step. Only in Swift: it has no text form, and the
    /// record of a run cannot hold it.
    case custom(Custom)

    /// A function of the step that serves as a schedule.
    ///
    ///     let rate = try LearningRate(
    ///         0.1, schedule: .custom("inverse root") { step, _ in 1 / Double(step + 1).squareRoot() })
    public struct Custom: Sendable, Hashable {
        /// The name in messages.
        public let name: String
        private let function: Function

        /// A class, so that two functions can be compared: they are equal if they are the same
        /// object.
        private final class Function: Sendable {
            let value: @Sendable (_ step: Int, _ run: RunLength) -> Double

            init(_ value: @escaping @Sendable (Int, RunLength) -> Double) { self.value = value }
        }

        /// - Parameters:
        ///   - name: the name in messages.
        ///   - factor: the factor of the learning rate, for a step counted from 0 (from the end of
        ///     the warm-up) and the length of the run. It must depend on these alone, or resumed
        ///     training differs.
        public init(
            _ name: String, factor: @escaping @Sendable (_ step: Int, _ run: RunLength) -> Double
        ) {
            self.name = name
            function = Function(factor)
        }

        func factor(_ step: Int, _ run: RunLength) -> Double { function.value(step, run) }

        /// Whether both have the same name, and one is a copy of the other.
        public static func == (a: Custom, b: Custom) -> Bool {
            a.function === b.function && a.name == b.name
        }

        /// Hashes the name and the identity of the function.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(name)
            hasher.combine(ObjectIdentifier(function))
        }
    }

    /// A schedule from your own function: see `Custom`.
    public static func custom(
        _ name: String, factor: @escaping @Sendable (_ step: Int, _ run: RunLength) -> Double
    ) -> Schedule {
        .custom(Custom(name, factor: factor))
    }

    /// A schedule from its text on the command line: `constant`, `step:EPOCHS,FACTOR`,
    /// `exponential:FACTOR`, `cosine[:FINAL]`, `one-cycle[:PEAK]`.
    /// - Throws: `OptimizationError.schedule`.
    public init(_ text: String) throws(OptimizationError) {
        guard let schedule = Self.parse(text), schedule.isValid else { throw .schedule(text) }
        self = schedule
    }

    private static func parse(_ text: String) -> Schedule? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let values =
            parts.count == 1 ? [] : parts[1].split(separator: ",", omittingEmptySubsequences: false)
        let numbers = values.compactMap { Double($0) }
        guard numbers.count == values.count else { return nil }
        switch (parts[0], numbers.count) {
        case ("constant", 0): return .constant
        case ("step", 2):
            guard let epochs = Int(values[0]) else { return nil }
            return .step(epochs: epochs, factor: numbers[1])
        case ("exponential", 1): return .exponential(factor: numbers[0])
        case ("cosine", 0...1): return .cosine(final: numbers.first)
        case ("one-cycle", 0...1): return .oneCycle(peak: numbers.first)
        default: return nil
        }
    }

    /// Whether all numbers are in range.
    var isValid: Bool {
        switch self {
        case .constant: true
        case .step(let epochs, let factor): epochs > 0 && factor > 0 && factor <= 1
        case .exponential(let factor): factor > 0 && factor <= 1
        case .cosine(let rate), .oneCycle(let rate): rate.map(LearningRate.isValid) ?? true
        case .custom: true  // Each step is checked.
        }
    }
}

extension Schedule: CustomStringConvertible {
    /// The text that `init(_:)` reads; for a custom schedule its name, which cannot be read back.
    public var description: String {
        switch self {
        case .constant: "constant"
        case .step(let epochs, let factor): "step:\(epochs),\(factor)"
        case .exponential(let factor): "exponential:\(factor)"
        case .cosine(let final): final.map { "cosine:\($0)" } ?? "cosine"
        case .oneCycle(let peak): peak.map { "one-cycle:\($0)" } ?? "one-cycle"
        case .custom(let custom): "custom (\(custom.name))"
        }
    }
}
