/// An interval that contains the estimated quantity with a stated confidence.
package struct Interval: Sendable, Hashable, Codable {
    package let low, high: Double
    /// The confidence, between 0 and 1: 0.95 for 95 %.
    package let confidence: Double

    package init(low: Double, high: Double, confidence: Double) {
        (self.low, self.high, self.confidence) = (low, high, confidence)
    }

    /// The part of the interval inside a range; if there is none, the range's nearest end.
    package func clamped(to range: ClosedRange<Double>) -> Interval {
        func inside(_ value: Double) -> Double {
            Swift.min(Swift.max(value, range.lowerBound), range.upperBound)
        }
        return Interval(low: inside(low), high: inside(high), confidence: confidence)
    }

    package func contains(_ value: Double) -> Bool { low <= value && value <= high }
}
