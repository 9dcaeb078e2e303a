import PhidiasKernels

/// A learning-rate schedule as a description: with the run's length it is a function from the
/// step to a factor of the peak.
public enum Schedule: Sendable, Hashable {
    case constant
    /// Times `factor` after every `epochs` epochs.
    case step(epochs: Int, factor: Double)
    /// Times `factor` an epoch, a little every step.
    case exponential(factor: Double)
    /// Half a cosine from the peak to `final` (an absolute rate; nil: a hundredth of the peak).
    case cosine(final: Double?)
    /// Half a cosine up from a hundredth of `peak` over the first 30 % of the steps, and down
    /// again. `peak` is an absolute rate; nil: the learning rate.
    case oneCycle(peak: Double?)

    /// Share of a one-cycle run in which the rate rises.
    public static let rise = 0.3

    /// From the form of the command line: `constant`, `step:EPOCHS,FACTOR`,
    /// `exponential:FACTOR`, `cosine[:FINAL]`, `one-cycle[:PEAK]`.
    /// - Throws: `OptimizationError.schedule`.
    public init(_ text: String) throws(OptimizationError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let values =
            parts.count == 1
            ? [] : parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let numbers = values.compactMap(Double.init)
        guard numbers.count == values.count, numbers.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw .schedule(text)
        }
        switch (String(parts[0]), numbers.count) {
        case ("constant", 0): self = .constant
        case ("step", 2):
            guard let epochs = Int(values[0]), epochs > 0, numbers[1] <= 1 else {
                throw .schedule(text)
            }
            self = .step(epochs: epochs, factor: numbers[1])
        case ("exponential", 1) where numbers[0] <= 1: self = .exponential(factor: numbers[0])
        case ("cosine", 0): self = .cosine(final: nil)
        case ("cosine", 1): self = .cosine(final: numbers[0])
        case ("one-cycle", 0): self = .oneCycle(peak: nil)
        case ("one-cycle", 1): self = .oneCycle(peak: numbers[0])
        default: throw .schedule(text)
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

/// How long a run is: what a schedule needs to know of it.
public struct RunLength: Sendable, Hashable {
    public let stepsPerEpoch, epochs: Int

    public init(stepsPerEpoch: Int, epochs: Int) {
        self.stepsPerEpoch = stepsPerEpoch
        self.epochs = epochs
    }

    public var steps: Int { stepsPerEpoch * epochs }
}

/// The learning rate as a function of the step.
public struct LearningRate: Sendable, Hashable {
    /// The rate that the schedule starts from.
    public let base: Double
    public let schedule: Schedule
    /// Epochs over which the rate rises linearly to the schedule's value.
    public let warmUp: Double

    public static let golden = LearningRate(unchecked: GoldenRatio.learningRate)

    private init(unchecked base: Double) {
        self.base = base
        schedule = .constant
        warmUp = 0
    }

    /// - Parameters:
    ///   - base: finite and above 0.
    ///   - warmUp: epochs, finite and at least 0.
    public init(_ base: Double, schedule: Schedule = .constant, warmUp: Double = 0)
        throws(OptimizationError)
    {
        guard base.isFinite, base > 0, Float(base) > 0, Float(base).isFinite else {
            throw .learningRate(base)
        }
        guard warmUp.isFinite, warmUp >= 0 else { throw .warmUp(warmUp) }
        self.base = base
        self.schedule = schedule
        self.warmUp = warmUp
    }

    /// The rate of a step, counted from 0. Past the end it stays at the last value.
    public func value(atStep step: Int, of run: RunLength) -> Double {
        let scheduled = scheduled(step, run)
        let warm = (warmUp * Double(run.stepsPerEpoch)).rounded(.up)
        let begun = Double(step) + 1
        return begun < warm ? scheduled * (begun / warm) : scheduled
    }

    private func scheduled(_ step: Int, _ run: RunLength) -> Double {
        let last = max(run.steps - 1, 1)
        let progress = Double(min(step, last)) / Double(last)
        switch schedule {
        case .constant: return base
        case .step(let epochs, let factor):
            let drops = min(step / (epochs * run.stepsPerEpoch), run.epochs / epochs)
            return (0..<drops).reduce(base) { rate, _ in rate * factor }
        case .exponential(let factor):
            let epochs = Double(min(step, last)) / Double(run.stepsPerEpoch)
            return base * PortableMath.exp(epochs * PortableMath.log(factor))
        case .cosine(let final):
            return Self.cosine(from: base, to: final ?? base / 100, progress)
        case .oneCycle(let peak):
            let top = peak ?? base
            return progress < Schedule.rise
                ? Self.cosine(from: top / 100, to: top, progress / Schedule.rise)
                : Self.cosine(
                    from: top, to: top / 100, (progress - Schedule.rise) / (1 - Schedule.rise))
        }
    }

    private static func cosine(from: Double, to: Double, _ progress: Double) -> Double {
        let share = (1 + PortableMath.cos(progress * .pi)) / 2
        return to + (from - to) * share
    }

    /// No step's rate is above this.
    var maximum: Double {
        switch schedule {
        case .oneCycle(let peak): peak ?? base
        case .cosine(let final): max(base, final ?? 0)
        default: base
        }
    }
}
