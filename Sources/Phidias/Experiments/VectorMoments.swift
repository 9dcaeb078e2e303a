/// Mean square and variance over time of a sequence of vectors of one length.
package struct VectorMoments: Sendable {
    /// The number of vectors seen.
    package private(set) var count = 0
    private var sums: [Double]
    private var squares = 0.0

    /// - Parameter length: number of elements of a vector, at least 1.
    package init(length: Int) { sums = [Double](repeating: 0, count: length) }

    package mutating func add(_ values: [Float]) {
        precondition(values.count == sums.count, "\(values.count) values, not \(sums.count)")
        var added = 0.0
        for index in sums.indices {
            let value = Double(values[index])
            sums[index] += value
            added += value * value
        }
        squares += added
        count += 1
    }

    /// The unbiased variance over time, mean over the elements; NaN for fewer than two vectors.
    package var variance: Double {
        guard count > 1 else { return .nan }
        let squaresOfSums = sums.reduce(0) { $0 + $1 * $1 }
        return max(squares - squaresOfSums / Double(count), 0)
            / (Double(count - 1) * Double(sums.count))
    }

    /// The square of the mean over time, mean over the elements.
    package var squaredMean: Double {
        sums.reduce(0) { $0 + $1 * $1 } / (Double(count * count) * Double(sums.count))
    }
}
