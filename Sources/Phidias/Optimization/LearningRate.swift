import PhidiasKernels

/// The learning rate as a function of the step.
///
/// Computed in `Double` with + − × ÷ and functions that have the same bits on every machine.
public struct LearningRate: Sendable, Hashable {
    /// The rate that the schedule starts from.
    public let base: Double
    /// The change of the rate over the run.
    public let schedule: Schedule
    /// Epochs of linear increase before the schedule.
    public let warmUp: Double
    /// The factor of every rate of the schedule: 1, or less after divergences.
    public private(set) var factor = 1.0

    /// η = (1 − α)², constant.
    public static let golden = LearningRate(unchecked: GoldenRatio.learningRate)

    /// The lower limit of every rate, 2⁻¹²⁶, the smallest normal `Float`: a decaying schedule stays
    /// above 0, as golden coupling requires.
    public static let least = Double(Float.leastNormalMagnitude)

    /// The share of a one-cycle run in which the rate rises.
    public static let rise = 0.3

    private init(unchecked base: Double) {
        self.base = base
        schedule = .constant
        warmUp = 0
    }

    /// - Parameters:
    ///   - base: finite and above 0.
    ///   - schedule: counted from the end of the warm-up.
    ///   - warmUp: epochs of linear increase to the schedule's first value, finite and at least 0;
    ///     a warm-up of W steps gives (s + 1) / W of that value at step s.
    /// - Throws: `OptimizationError` for other values, and for a schedule out of its ranges.
    public init(_ base: Double, schedule: Schedule = .constant, warmUp: Double = 0)
        throws(OptimizationError)
    {
        guard Self.isValid(base) else { throw .learningRate(base) }
        guard schedule.isValid else { throw .schedule(schedule.description) }
        guard warmUp.isFinite, warmUp >= 0 else { throw .warmUp(warmUp) }
        self.base = base
        self.schedule = schedule
        self.warmUp = warmUp
    }

    /// The base rate from its text on the command line: `golden`, or a number.
    /// - Throws: `OptimizationError`.
    public static func base(_ text: String) throws(OptimizationError) -> Double {
        if text == "golden" { return GoldenRatio.learningRate }
        guard let value = Double(text) else {
            throw .number(text, option: "learning rate", words: "golden")
        }
        guard isValid(value) else { throw .learningRate(value) }
        return value
    }

    static func isValid(_ rate: Double) -> Bool {
        Float(rate) > 0 && Float(rate).isFinite
    }

    /// A learning rate given by your own function of the step: η = `rate(step, run)`.
    ///
    ///     let rate = try LearningRate(name: "inverse root") { step, _ in
    ///         0.1 / Double(step + 1).squareRoot()
    ///     }
    /// - Parameters:
    ///   - name: the name in messages.
    ///   - rate: the rate of a step counted from 0, finite and above 0: see `Schedule.Custom`.
    public init(
        name: String, rate: @escaping @Sendable (_ step: Int, _ run: RunLength) -> Double
    ) {
        base = 1
        schedule = .custom(name, factor: rate)
        warmUp = 0
    }

    /// The rate of a step, counted from 0. After the run it keeps its last value.
    /// - Throws: `OptimizationError.step` for a step below 0; `.scheduledRate` if a custom schedule
    ///   gives no valid rate.
    public func value(atStep number: Int, of run: RunLength) throws(OptimizationError) -> Double {
        guard number >= 0 else { throw .step(number) }
        let step = min(number, run.steps - 1)
        // Whole numbers of steps stay whole, although the product is rounded.
        let warm = (warmUp * Double(run.stepsPerEpoch) * (1 - 1e-12)).rounded(.up)
        let rate: Double
        if Double(step) >= warm, let gone = Int(exactly: warm), gone <= step {
            rate = scheduled(step: step - gone, of: run.steps - gone, run)
        } else {
            rate = scheduled(step: 0, of: run.steps, run) * ((Double(step) + 1) / warm)
        }
        if case .custom(let custom) = schedule, !(rate > 0 && Float(rate).isFinite) {
            throw .scheduledRate(schedule: custom.name, step: number, rate: rate)
        }
        return max(rate * factor, Self.least)
    }

    /// The same schedule at half its rates.
    public var halved: LearningRate {
        var half = self
        half.factor /= 2
        return half
    }

    private func scheduled(step: Int, of steps: Int, _ run: RunLength) -> Double {
        let progress = Double(step) / Double(max(steps - 1, 1))
        switch schedule {
        case .constant: return base
        case .step(let epochs, let factor):
            let drops = step / run.stepsPerEpoch / epochs
            var rate = base
            // A rate below the least one, or one that no longer changes, needs no further product.
            for _ in 0..<drops {
                let next = rate * factor
                if rate < Self.least || next == rate { break }
                rate = next
            }
            return rate
        case .exponential(let factor):
            let epochs = Double(step) / Double(run.stepsPerEpoch)
            return base * PortableMath.exp(epochs * PortableMath.log(factor))
        case .cosine(let final):
            return Self.cosine(from: base, to: final ?? base / 100, progress)
        case .oneCycle(let peak):
            let top = peak ?? base
            return progress < Self.rise
                ? Self.cosine(from: top / 100, to: top, progress / Self.rise)
                : Self.cosine(from: top, to: top / 100, (progress - Self.rise) / (1 - Self.rise))
        case .custom(let custom): return base * custom.factor(step, run)
        }
    }

    /// Exactly `from` at 0 and `to` at 1.
    private static func cosine(from: Double, to: Double, _ progress: Double) -> Double {
        let share = (1 + PortableMath.cos(progress * .pi)) / 2
        return from * share + to * (1 - share)
    }

    /// An upper bound of all steps' rates, up to rounding; nil if it is not known in advance.
    var maximum: Double? {
        switch schedule {
        case .oneCycle(let peak): factor * (peak ?? base)
        case .cosine(let final): factor * max(base, final ?? 0)
        case .constant, .step, .exponential: factor * base
        case .custom: nil
        }
    }
}
