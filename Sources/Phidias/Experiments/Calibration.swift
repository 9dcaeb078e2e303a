/// How often predictions of some confidence are correct: a reliability diagram and the expected
/// calibration error, Σ |accuracy − confidence| over the bins, weighted by their counts (Naeini,
/// Cooper and Hauskrecht, AAAI 2015; Guo et al., ICML 2017, eq. 3).
package struct Calibration: Sendable {
    /// Predictions whose confidence lies in one of the equal bins from 0 to 1.
    package struct Bin: Sendable {
        package fileprivate(set) var count = 0
        /// The sum of the confidences, and the number of correct predictions.
        package fileprivate(set) var confidences = 0.0
        package fileprivate(set) var right = 0

        package init(count: Int = 0, confidences: Double = 0, right: Int = 0) {
            (self.count, self.confidences, self.right) = (count, confidences, right)
        }

        /// Mean confidence, and the share of correct predictions; NaN for an empty bin.
        package var confidence: Double { count == 0 ? .nan : confidences / Double(count) }
        package var accuracy: Double { count == 0 ? .nan : Double(right) / Double(count) }
    }

    package private(set) var bins: [Bin]

    package init(_ bins: [Bin]) { self.bins = bins }

    /// - Parameter bins: at least 1.
    package init(bins: Int = 15) { self.bins = [Bin](repeating: Bin(), count: bins) }

    /// - Parameter confidence: from 0 to 1; a boundary belongs to the bin above it, 1 to the last
    ///   bin. NaN, the signal of weights that are too large, belongs to none and is not counted.
    package mutating func add(confidence: Double, isRight: Bool) {
        if confidence.isNaN { return }
        precondition(confidence >= 0 && confidence <= 1, "a confidence of \(confidence)")
        let place = min(Int(confidence * Double(bins.count)), bins.count - 1)
        bins[place].count += 1
        bins[place].confidences += confidence
        if isRight { bins[place].right += 1 }
    }

    package var count: Int { bins.reduce(0) { $0 + $1.count } }

    /// The mean confidence over all predictions; NaN if there are none.
    package var meanConfidence: Double { bins.reduce(0) { $0 + $1.confidences } / Double(count) }
    package var accuracy: Double { Double(bins.reduce(0) { $0 + $1.right }) / Double(count) }
    package var expectedError: Double {
        bins.reduce(0) { $0 + abs(Double($1.right) - $1.confidences) } / Double(count)
    }
}
