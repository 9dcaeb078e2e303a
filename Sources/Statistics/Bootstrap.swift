import RealModule

/// Resamples of a sample, drawn with replacement, and the resulting intervals for a statistic.
///
/// Source: Efron and Tibshirani, *An Introduction to the Bootstrap* (1993), sect. 13.3 (percentile)
/// and 14.3 (BCa).
package struct Bootstrap: Sendable {
    /// The statistic of the sample itself.
    package let estimate: Double
    /// The statistic of every resample, ascending.
    package let distribution: [Double]
    /// The statistic without each of the values in turn.
    let jackknife: [Double]

    /// - Parameters:
    ///   - sample: at least two values, independent of each other.
    ///   - resamples: more of them lower the Monte Carlo error, not that of a small sample.
    ///   - generator: a seeded one makes the result repeatable.
    ///   - statistic: finite for every resample.
    package init(
        _ sample: [Double], resamples: Int = 9_999,
        using generator: inout some RandomNumberGenerator,
        statistic: ([Double]) -> Double = { $0.reduce(0, +) / Double($0.count) }
    ) throws(StatisticsError) {
        try check(sample, needed: 2)
        guard resamples >= 1 else {
            throw .outOfRange(name: "the resamples", value: Double(resamples), allowed: "1 or more")
        }
        var resample = sample, results: [Double] = []
        results.reserveCapacity(resamples)
        for _ in 0..<resamples {
            for place in resample.indices {
                resample[place] = sample[generator.index(below: sample.count)]
            }
            results.append(statistic(resample))
        }
        let without = sample.indices.map { left in
            statistic(Array(sample[..<left] + sample[(left + 1)...]))
        }
        try self.init(estimate: statistic(sample), results, jackknife: without)
    }

    package init(
        estimate: Double, _ results: [Double], jackknife: [Double]
    ) throws(StatisticsError) {
        try check(results, needed: 1)
        try check(jackknife + [estimate], needed: 1)
        (self.estimate, self.jackknife) = (estimate, jackknife)
        distribution = results.sorted()
    }

    /// The standard deviation of the resamples' statistic.
    package var standardError: Double {
        var moments = Moments()
        for value in distribution { moments.add(value) }
        return moments.standardDeviation
    }

    /// The percentile interval: the middle share of the resamples.
    package func percentile(confidence: Double = 0.95) throws(StatisticsError) -> Interval {
        try check(confidence: confidence)
        return Interval(
            low: quantile(distribution, (1 - confidence) / 2),
            high: quantile(distribution, (1 + confidence) / 2), confidence: confidence)
    }

    /// The bias-corrected and accelerated interval, whose coverage error shrinks faster with the
    /// size of the sample.
    /// - Throws: ``StatisticsError/noVariance(value:)`` if all resamples or all jackknife values
    ///   are equal, `outOfRange` if all resamples are on one side of the estimate, and `notFinite`
    ///   if the values are too large for their cubes: then there is no such interval.
    package func accelerated(confidence: Double = 0.95) throws(StatisticsError) -> Interval {
        try check(confidence: confidence)
        guard distribution[0] < distribution[distribution.count - 1] else {
            throw .noVariance(value: distribution[0])
        }
        let below = distribution.reduce(0.0) {
            $0 + ($1 < estimate ? 1 : $1 == estimate ? 0.5 : 0)
        }
        let share = below / Double(distribution.count)
        guard share > 0 && share < 1 else {
            throw .outOfRange(
                name: "the share of resamples below the estimate", value: share,
                allowed: "between 0 and 1")
        }
        let bias = Normal.quantile(share)
        let centre = jackknife.reduce(0, +) / Double(jackknife.count)
        let squares = jackknife.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
        guard squares > 0 else { throw .noVariance(value: centre) }
        let cubes = jackknife.reduce(0) { $0 + Double.pow(centre - $1, 3) }
        let acceleration = cubes / (6 * squares * squares.squareRoot())
        guard acceleration.isFinite else { throw .notFinite(value: acceleration, index: 0) }
        func place(_ probability: Double) -> Double {
            let shifted = bias + Normal.quantile(probability)
            return Normal.cumulative(bias + shifted / (1 - acceleration * shifted))
        }
        return Interval(
            low: quantile(distribution, place((1 - confidence) / 2)),
            high: quantile(distribution, place((1 + confidence) / 2)), confidence: confidence)
    }
}

/// The quantile of ascending values at `probability`, linear between the two nearest (type 7 of
/// Hyndman and Fan, *The American Statistician* 50, 1996).
package func quantile(_ sorted: [Double], _ probability: Double) -> Double {
    let place = probability * Double(sorted.count - 1)
    let index = Swift.min(Swift.max(Int(place), 0), sorted.count - 1)
    let next = Swift.min(index + 1, sorted.count - 1)
    return sorted[index] + (sorted[next] - sorted[index]) * (place - Double(index))
}

extension RandomNumberGenerator {
    /// A number uniform in 0 ..< bound, without bias: Lemire, *ACM Trans. Model. Comput. Simul.* 29
    /// (2019). Written out, so that a seed keeps its meaning when the standard library changes.
    package mutating func index(below bound: Int) -> Int {
        let bound = UInt64(bound), reject = (0 &- bound) % bound
        while true {
            let product = (next() as UInt64).multipliedFullWidth(by: bound)
            if product.low >= reject { return Int(product.high) }
        }
    }
}
