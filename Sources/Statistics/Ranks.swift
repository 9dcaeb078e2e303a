/// Ranks of values.
package enum Ranks {
    /// Which of the values has rank 1.
    package enum First: Sendable, Hashable {
        case smallest, largest
    }

    /// The rank of each value, from 1; equal values share the average of their ranks.
    /// - Parameter tolerance: neighbours in the order count as equal if they differ by no more: for
    ///   means, which rounding can separate.
    package static func average(
        _ values: [Double], first: First = .smallest, tolerance: Double = 0
    ) throws(StatisticsError) -> [Double] {
        try check(values, needed: 1)
        return ranks(values, first, tolerance)
    }

    private static func ranks(
        _ values: [Double], _ first: First, _ tolerance: Double
    ) -> [Double] {
        let order = values.indices.sorted {
            first == .smallest ? values[$0] < values[$1] : values[$0] > values[$1]
        }
        var result = values, start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count
                && abs(values[order[end]] - values[order[end - 1]]) <= tolerance
            { end += 1 }
            for index in order[start..<end] { result[index] = Double(start + end + 1) / 2 }
            start = end
        }
        return result
    }

    /// The rank of each competitor by its mean score, and the percentile interval of that rank over
    /// resampled rounds. All competitors take part in the same rounds (folds, seeds), which are
    /// drawn for all of them together: a round that is hard for all changes no rank.
    ///
    /// The bootstrap of a rank is known to be rough where competitors are nearly tied (Hall and
    /// Miller, *Ann. Statist.* 37, 2009): read the interval as an indication of doubt, not as a
    /// test.
    ///
    /// - Parameter scores: the scores of each competitor, one in each round; at least two rounds.
    package static func bootstrap(
        scores: [[Double]], first: First = .largest, confidence: Double = 0.95,
        resamples: Int = 9_999, using generator: inout some RandomNumberGenerator
    ) throws(StatisticsError) -> [(rank: Double, interval: Interval)] {
        try check(confidence: confidence)
        guard resamples >= 1 else {
            throw .outOfRange(name: "the resamples", value: Double(resamples), allowed: "1 or more")
        }
        guard let rounds = scores.first?.count else { throw .tooFewValues(count: 0, needed: 1) }
        for row in scores {
            guard row.count == rounds else { throw .unequalLengths(rounds, row.count) }
            try check(row, needed: 2)
        }
        var seen = scores.map { _ in [Double]() }
        var times = [Double](repeating: 1, count: rounds)
        // Sums of the same scores in another order are equal except for rounding.
        let size = scores.joined().reduce(0) { Swift.max($0, abs($1)) }
        let tolerance = 1e-14 * size * Double(rounds * rounds)
        func placed() -> [Double] {
            ranks(
                scores.map { row in zip(row, times).reduce(0) { $0 + $1.0 * $1.1 } }, first,
                tolerance)
        }
        let observed = placed()
        for _ in 0..<resamples {
            times = [Double](repeating: 0, count: rounds)
            for _ in 0..<rounds { times[generator.index(below: rounds)] += 1 }
            for (index, rank) in placed().enumerated() { seen[index].append(rank) }
        }
        return zip(observed, seen).map { rank, all in
            let sorted = all.sorted()
            let interval = Interval(
                low: quantile(sorted, (1 - confidence) / 2),
                high: quantile(sorted, (1 + confidence) / 2), confidence: confidence)
            return (rank, interval)
        }
    }
}
