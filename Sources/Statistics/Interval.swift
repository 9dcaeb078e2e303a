/// An interval that holds what is estimated with a stated confidence.
package struct Interval: Sendable, Hashable, Codable {
    package let low, high: Double
    /// Between 0 and 1: 0.95 for 95 %.
    package let confidence: Double

    package init(low: Double, high: Double, confidence: Double) {
        (self.low, self.high, self.confidence) = (low, high, confidence)
    }

    package func contains(_ value: Double) -> Bool { low <= value && value <= high }
}
