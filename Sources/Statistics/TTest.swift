/// The alternative to the hypothesis that there is no difference.
package enum Alternative: Sendable, Hashable {
    case twoSided
    /// The first sample is smaller.
    case less
    /// The first sample is larger.
    case greater
}

/// Student's t of paired differences, first − second.
package struct TTest: Sendable, Hashable {
    package let meanDifference, standardError, degreesOfFreedom: Double
    /// `meanDifference` in standard errors; ±∞ if all differences are equal, and 0 if all are 0.
    package let statistic: Double
    package let pValue: Double

    /// The paired test over independent pairs, such as runs from different seeds. Needs two pairs.
    package static func paired(
        _ first: [Double], _ second: [Double], alternative: Alternative = .twoSided
    ) throws(StatisticsError) -> TTest {
        let moments = try Moments(differences(first, second, needed: 2))
        return TTest(moments, standardError: moments.standardError, alternative)
    }

    /// The corrected resampled test for pairs that share training data, such as folds: the variance
    /// of the mean of k differences is taken as (1/k + n_test/n_train)·s².
    ///
    /// Source: Nadeau and Bengio, *Machine Learning* 52 (2003), sect. 3.2; for repeated
    /// cross-validation, k counts all folds of all repetitions (Bouckaert and Frank, PAKDD 2004).
    /// - Parameter testToTrain: n_test/n_train; 1/(k − 1) for k folds.
    package static func correctedResampled(
        _ first: [Double], _ second: [Double], testToTrain: Double,
        alternative: Alternative = .twoSided
    ) throws(StatisticsError) -> TTest {
        guard testToTrain > 0 && testToTrain.isFinite else {
            throw .outOfRange(
                name: "the ratio of test to training data", value: testToTrain,
                allowed: "positive and finite")
        }
        let moments = try Moments(differences(first, second, needed: 2))
        let factor = 1 / Double(moments.count) + testToTrain
        return TTest(
            moments, standardError: (factor * moments.variance).squareRoot(), alternative)
    }

    private init(_ moments: Moments, standardError: Double, _ alternative: Alternative) {
        meanDifference = moments.mean
        self.standardError = standardError
        degreesOfFreedom = Double(moments.count - 1)
        statistic = moments.mean == 0 ? 0 : moments.mean / standardError
        let distribution = StudentT(degreesOfFreedom: degreesOfFreedom)
        pValue =
            switch alternative {
            case .twoSided: 2 * distribution.survival(abs(statistic))
            case .less: distribution.cumulative(statistic)
            case .greater: distribution.survival(statistic)
            }
    }

    /// The interval of the mean difference that corresponds to the two-sided test.
    package func interval(confidence: Double = 0.95) throws(StatisticsError) -> Interval {
        try Interval(
            around: meanDifference, standardError: standardError,
            degreesOfFreedom: degreesOfFreedom, confidence: confidence)
    }
}
