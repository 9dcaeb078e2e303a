import Phidias

/// What `EpochMetrics.Score.quality` is: its name for people, and as raw value that in JSON.
enum QualityMeasure: String, CustomStringConvertible {
    /// The share of images classified correctly.
    case accuracy
    /// Where numbers are predicted.
    case r2

    init(_ score: EpochMetrics.Score) { self = score.accuracy == nil ? .r2 : .accuracy }

    /// Of a network's predictions.
    init(_ network: Network) { self = network.outputActivation == .identity ? .r2 : .accuracy }

    var description: String { self == .r2 ? "R²" : rawValue }
}
