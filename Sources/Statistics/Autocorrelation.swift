/// The correlation of a series with itself some steps later.
package struct Autocorrelation: Sendable, Hashable {
    /// The correlations at lag 0, 1, 2…; the first is 1.
    package let values: [Double]
    /// The length of the series.
    package let count: Int

    /// r_k = Σ (x_t − x̄)(x_{t+k} − x̄) / Σ (x_t − x̄)², the biased estimate, whose spectrum is
    /// never negative (Box and Jenkins, *Time Series Analysis*, eq. 2.1.12).
    /// - Parameters:
    ///   - series: at least two values, not all of them equal.
    ///   - lags: the largest lag, less than the number of values.
    package init(_ series: [Double], lags: Int) throws(StatisticsError) {
        try check(series, needed: 2)
        guard (0..<series.count).contains(lags) else {
            throw .outOfRange(
                name: "the largest lag", value: Double(lags),
                allowed: "from 0 to \(series.count - 1)")
        }
        let mean = try Moments(series).mean
        let centred = series.map { $0 - mean }
        try self.init(
            covariances: (0...lags).map { lag in
                zip(centred, centred.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 }
            }, count: series.count)
    }

    /// The autocorrelation from autocovariances, or their sums over many series, at lag 0, 1, 2…
    package init(covariances: [Double], count: Int) throws(StatisticsError) {
        try check(covariances, needed: 1)
        guard covariances[0] > 0 else { throw .noVariance(value: covariances[0]) }
        values = covariances.map { $0 / covariances[0] }
        self.count = count
    }

    /// The variance of the exponential average (1 − α) Σ αᵏ x_{t−k} over that of x:
    ///
    ///     (1 − α)/(1 + α) · (1 + 2 Σ αᵏ ρ_k)
    ///
    /// from the double sum Σ αⁱ⁺ʲ ρ_{|i−j|} of a stationary series, collected by lag. The sum ends
    /// at the last lag here, so α to the power of that lag should be small. Independent values give
    /// (1 − α)/(1 + α).
    /// - Precondition: 0 ≤ `weight` < 1.
    package func varianceRatio(weight: Double) -> Double {
        precondition(weight >= 0 && weight < 1, "the weight \(weight)")
        var power = 1.0, sum = 0.0
        for value in values.dropFirst() {
            power *= weight
            sum += power * value
        }
        return (1 - weight) / (1 + weight) * (1 + 2 * sum)
    }
}
