/// Counts of a stream of numbers in bins of equal width.
package struct Histogram: Sendable, Hashable {
    package let range: ClosedRange<Double>
    package private(set) var counts: [Int]
    /// Numbers below and above the range, and NaN: in no bin.
    package private(set) var below = 0, above = 0, notANumber = 0

    /// - Precondition: the range is finite and not empty, and there is at least one bin.
    package init(_ range: ClosedRange<Double>, bins: Int) {
        precondition(
            range.lowerBound.isFinite && range.upperBound.isFinite
                && range.lowerBound < range.upperBound && bins > 0, "\(bins) bins over \(range)")
        self.range = range
        counts = [Int](repeating: 0, count: bins)
    }

    private var width: Double { (range.upperBound - range.lowerBound) / Double(counts.count) }

    /// The borders of the bins, one more than bins; a bin has its lower border, the last one both.
    package var edges: [Double] {
        counts.indices.map { range.lowerBound + Double($0) * width } + [range.upperBound]
    }

    /// Numbers in bins.
    package var total: Int { counts.reduce(0, +) }

    /// Shares of `total` per unit of the range: their integral is 1; all 0 if there is nothing.
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
            let place = (value - range.lowerBound) / width
            counts[Swift.min(Int(place), counts.count - 1)] += 1
        }
    }
}
