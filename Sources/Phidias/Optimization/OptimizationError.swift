/// Settings that training cannot use.
public enum OptimizationError: PhidiasError, Equatable {
    /// A learning rate that is not finite or not above 0.
    case learningRate(Double)
    /// A momentum weight that is not in 0 ..< 1.
    case momentum(Double)
    /// A schedule's largest rate that golden coupling cannot follow.
    case coupling(Double)
    /// A number of warm-up epochs that is not finite or is below 0.
    case warmUp(Double)
    /// A weight decay that is not finite or is below 0.
    case weightDecay(Double)
    /// A limit of the gradient's norm that is not finite or not above 0.
    case norm(Double)
    /// A weight of Adam's moments, by name, that is not in 0 ..< 1.
    case beta(String, Double)
    /// An ε of Adam that is not above 0.
    case epsilon(Double)
    /// A share of label smoothing that is not in 0 ..< 1.
    case labelSmoothing(Double)
    /// A number that must be at least 1 in a run; its name and its value.
    case runLength(String, Int)
    /// A step below 0, the first.
    case step(Int)
    /// A custom schedule, by name, that gives no valid rate for a step counted from 0.
    case scheduledRate(schedule: String, step: Int, rate: Double)
    /// A text that is not a schedule.
    case schedule(String)
    /// A text that is neither a number nor a word that the option accepts.
    case number(String, option: String, words: String)

    public var description: String {
        switch self {
        case .learningRate(let value):
            "The learning rate is \(value); it must be finite and above 0, and a Float must hold it."
        case .momentum(let value):
            "The momentum is \(value); it must be at least 0 and below 1."
        case .coupling(let value):
            """
            Golden coupling, 1 − √η, needs learning rates above 0 and at most 1, but this one \
            reaches \(value).
            """
        case .warmUp(let value):
            "The warm-up is \(value) epochs; it must be finite and at least 0."
        case .weightDecay(let value):
            "The weight decay is \(value); it must be finite and at least 0."
        case .norm(let value):
            "The largest norm of the gradient is \(value); it must be finite and above 0."
        case .beta(let name, let value):
            "Adam's \(name) is \(value); it must be at least 0 and below 1, also as a Float."
        case .epsilon(let value):
            "Adam's epsilon is \(value); it must be finite and at least 1.2e-38, the least normal Float."
        case .labelSmoothing(let value):
            "The label smoothing is \(value); it must be at least 0 and below 1."
        case .runLength(let what, let count):
            "The number of \(what) is \(count); it must be at least 1."
        case .step(let step): "There is no step \(step): steps are counted from 0."
        case .scheduledRate(let schedule, let step, let rate):
            "The schedule '\(schedule)' gives the learning rate \(rate) in step \(step), counted from 0; it must be finite and above 0, and a Float must hold it."
        case .schedule(let text):
            """
            The schedule '\(text)' is none of constant, step:EPOCHS,FACTOR, exponential:FACTOR, \
            cosine[:FINAL], one-cycle[:PEAK], with whole EPOCHS from 1, factors above 0 and at \
            most 1, and rates that are finite and above 0.
            """
        case .number(let text, let option, let words):
            "The \(option) '\(text)' is neither \(words) nor a number."
        }
    }

    public var exitCode: Int32 { 64 }
}
