import RealModule

/// Count, mean and variance of a stream of numbers, without storing them.
///
/// Source: Welford, *Technometrics* 4 (1962); the merging of two streams: Chan, Golub and LeVeque,
/// *The American Statistician* 37 (1983), eqs. 1.5a and 1.5b.
package struct Moments: Sendable, Hashable {
    package private(set) var count = 0
    /// The mean; 0 as long as there are no values.
    package private(set) var mean = 0.0
    private var squares = 0.0

    /// The moments of no values.
    package init() {}

    /// The moments of at least one value, all finite. They take two passes, so that a large mean
    /// beside a small variance costs no digits (Chan, Golub and LeVeque, eq. 1.7).
    package init(_ values: [Double]) throws(StatisticsError) {
        try check(values, needed: 1)
        count = values.count
        let rough = values.reduce(0, +) / Double(count)
        let rest = values.reduce(0) { $0 + ($1 - rough) }
        mean = rough + rest / Double(count)
        squares =
            values.reduce(0) { $0 + ($1 - rough) * ($1 - rough) } - rest * rest / Double(count)
    }

    package mutating func add(_ value: Double) {
        count += 1
        let before = value - mean
        mean += before / Double(count)
        squares += before * (value - mean)
    }

    /// Adds all values that another stream has seen.
    package mutating func add(_ other: Moments) {
        guard other.count > 0 else { return }
        let total = Double(count + other.count), difference = other.mean - mean
        squares +=
            other.squares + difference * difference * Double(count) * Double(other.count) / total
        mean += difference * Double(other.count) / total
        count += other.count
    }

    /// The unbiased sample variance, with the divisor n − 1; NaN for fewer than two values.
    package var variance: Double {
        count > 1 ? Swift.max(squares, 0) / Double(count - 1) : .nan
    }

    package var standardDeviation: Double { variance.squareRoot() }

    /// The standard error of the mean; NaN for fewer than two values.
    package var standardError: Double { (variance / Double(count)).squareRoot() }

    /// Student's interval of the mean, for at least two independent, approximately normal values.
    package func interval(confidence: Double = 0.95) throws(StatisticsError) -> Interval {
        guard count >= 2 else { throw .tooFewValues(count: count, needed: 2) }
        return try Interval(
            around: mean, standardError: standardError, degreesOfFreedom: Double(count - 1),
            confidence: confidence)
    }
}

extension Interval {
    /// `centre` ± t·`standardError`, with Student's t of the given degrees of freedom.
    init(
        around centre: Double, standardError: Double, degreesOfFreedom: Double, confidence: Double
    ) throws(StatisticsError) {
        try check(confidence: confidence)
        let half =
            standardError == 0
            ? 0
            : -StudentT(degreesOfFreedom: degreesOfFreedom).quantile((1 - confidence) / 2)
                * standardError
        self.init(low: centre - half, high: centre + half, confidence: confidence)
    }
}
