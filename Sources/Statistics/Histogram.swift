/// Counts of a stream of numbers in bins of equal width.
package struct Histogram: Sendable, Hashable {
    package let range: ClosedRange<Double>
    package private(set) var counts: [Int]
    /// The counts of numbers that are in no bin: below and above the range, and NaN.
    package private(set) var below = 0, above = 0, notANumber = 0

    /// - Precondition: the range and its width are finite, it is not empty, and there is at least
    ///   one bin.
    package init(_ range: ClosedRange<Double>, bins: Int) {
        precondition(
            (range.upperBound - range.lowerBound).isFinite
                && range.lowerBound < range.upperBound && bins > 0, "\(bins) bins over \(range)")
        self.range = range
        counts = [Int](repeating: 0, count: bins)
    }

    /// The histogram with these counts.
    package init(
        _ range: ClosedRange<Double>, counts: [Int], below: Int, above: Int, notANumber: Int
    ) {
        self.init(range, bins: counts.count)
        (self.counts, self.below, self.above) = (counts, below, above)
        self.notANumber = notANumber
    }

    private var width: Double {
        (range.upperBound - range.lowerBound) / Double(counts.count)
    }

    private func edge(_ bin: Int) -> Double {
        bin == counts.count ? range.upperBound : range.lowerBound + Double(bin) * width
    }

    /// The boundaries of the bins, one more than bins; a bin includes its lower one, the last bin
    /// both.
    package var edges: [Double] { (0...counts.count).map(edge) }

    /// The number of values in bins.
    package var total: Int { counts.reduce(0, +) }

    /// The shares of `total` per unit of the range: their integral is 1; all 0 if it is empty.
    package var densities: [Double] {
        let scale = total == 0 ? 0 : 1 / (Double(total) * width)
        return counts.map { Double($0) * scale }
    }

    package mutating func add(_ value: Double) {
        if value < range.lowerBound {
            below += 1
        } else if value > range.upperBound {
            above += 1
        } else if value.isNaN {
            notANumber += 1
        } else {
            var bin = Swift.min(Int((value - range.lowerBound) / width), counts.count - 1)
            // The division may round across a boundary.
            if value < edge(bin) { bin -= 1 }
            if bin + 1 < counts.count && value >= edge(bin + 1) { bin += 1 }
            counts[bin] += 1
        }
    }
}
