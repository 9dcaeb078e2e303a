/// The shape of a learning rate over a run, as a description: `LearningRate` makes it a function
/// from the step to a value.
public enum Schedule: Sendable, Hashable {
    /// The learning rate in every step.
    case constant
    /// Times `factor` after every `epochs` epochs. `epochs` at least 1, 0 < `factor` ≤ 1.
    case step(epochs: Int, factor: Double)
    /// Times `factor` an epoch, a little every step. 0 < `factor` ≤ 1.
    case exponential(factor: Double)
    /// Half a cosine from the learning rate to `final` (a rate; nil: a hundredth of the learning
    /// rate), which the last of at least two steps reaches.
    case cosine(final: Double?)
    /// Half a cosine up from a hundredth of `peak` over the first 30 % of the steps, and half a
    /// cosine down to a hundredth again; two steps have no time to rise. `peak` is a rate; nil: the
    /// learning rate.
    case oneCycle(peak: Double?)

    /// From the form of the command line: `constant`, `step:EPOCHS,FACTOR`,
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

    /// Whether the numbers are in their ranges.
    var isValid: Bool {
        switch self {
        case .constant: true
        case .step(let epochs, let factor): epochs > 0 && factor > 0 && factor <= 1
        case .exponential(let factor): factor > 0 && factor <= 1
        case .cosine(let rate), .oneCycle(let rate): rate.map(LearningRate.isValid) ?? true
        }
    }
}

extension Schedule: CustomStringConvertible {
    /// The form that `init(_:)` reads.
    public var description: String {
        switch self {
        case .constant: "constant"
        case .step(let epochs, let factor): "step:\(epochs),\(factor)"
        case .exponential(let factor): "exponential:\(factor)"
        case .cosine(let final): final.map { "cosine:\($0)" } ?? "cosine"
        case .oneCycle(let peak): peak.map { "one-cycle:\($0)" } ?? "one-cycle"
        }
    }
}
