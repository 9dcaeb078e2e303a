import RealModule

/// The paired permutation test: under the hypothesis that there is no difference within pairs, each
/// difference could equally well have the other sign. The p-value is how often the mean difference
/// is then at least as extreme as the observed one.
///
/// Source: Fisher, *The Design of Experiments* (1935), sect. 21. Including the observed arrangement
/// among the sampled ones: Phipson and Smyth, *Stat. Appl. Genet. Mol. Biol.* 9 (2010).
package struct PermutationTest: Sendable, Hashable {
    package let meanDifference: Double
    package let pValue: Double
    /// The smallest p-value that any outcome of this test could have had.
    package let smallestPValue: Double
    /// Whether all arrangements were counted, rather than a sample of them.
    package let isExact: Bool
    /// The number of arrangements that were counted or drawn.
    package let arrangements: Int

    /// The most pairs whose 2ⁿ arrangements may be counted.
    package static let mostExactPairs = 24

    /// - Parameters:
    ///   - exactPairs: up to this many pairs all arrangements are counted, at most
    ///     `mostExactPairs`.
    ///   - samples: arrangements drawn if there are more pairs; p is then at least
    ///     1/(samples + 1).
    ///   - generator: chooses the sample; not used if the test is exact.
    package static func paired(
        _ first: [Double], _ second: [Double], alternative: Alternative = .twoSided,
        exactPairs: Int = 20, samples: Int = 99_999,
        using generator: inout some RandomNumberGenerator
    ) throws(StatisticsError) -> PermutationTest {
        let values = try differences(first, second, needed: 1)
        guard samples >= 1 else {
            throw .outOfRange(name: "the samples", value: Double(samples), allowed: "1 or more")
        }
        let size = (first + second).reduce(0) { $0 + abs($1) }
        let counter = ExtremeCounter(values, alternative, slack: 1e-14 * size)
        // If a difference is 0, its two signs are one arrangement.
        let fixed = values.filter { $0 == 0 }.count
        let smallest = smallestPValue(pairs: values.count - fixed, alternative: alternative)
        let mean = values.reduce(0, +) / Double(values.count)
        if values.count <= Swift.min(exactPairs, mostExactPairs) {
            let all = 1 << values.count
            return PermutationTest(
                meanDifference: mean, pValue: Double(counter.countAll()) / Double(all),
                smallestPValue: smallest, isExact: true, arrangements: all)
        }
        let extreme = counter.count(of: samples, using: &generator)
        return PermutationTest(
            meanDifference: mean, pValue: Double(extreme + 1) / Double(samples + 1),
            smallestPValue: Swift.max(smallest, 1 / Double(samples + 1)), isExact: false,
            arrangements: samples)
    }

    /// The smallest p-value possible with a number of pairs: 2¹⁻ⁿ, one-sided 2⁻ⁿ.
    package static func smallestPValue(
        pairs: Int, alternative: Alternative = .twoSided
    ) -> Double {
        let least = Double.pow(2, -Double(pairs))
        return alternative == .twoSided ? Swift.min(2 * least, 1) : least
    }
}

/// Counts the arrangements of signs whose sum is at least as extreme as that of the differences.
private struct ExtremeCounter {
    let values: [Double]
    let alternative: Alternative
    /// Sums that differ from the observed one by rounding count as equal to it.
    let bound: Double

    /// - Parameter slack: the largest difference between equal sums by rounding, including the sum
    ///   of the differences.
    init(_ values: [Double], _ alternative: Alternative, slack: Double) {
        (self.values, self.alternative) = (values, alternative)
        let sum = values.reduce(0, +)
        let oriented = alternative == .less ? -sum : alternative == .twoSided ? abs(sum) : sum
        bound = oriented - slack
    }

    private func isExtreme(_ sum: Double) -> Bool {
        switch alternative {
        case .twoSided: abs(sum) >= bound
        case .less: -sum >= bound
        case .greater: sum >= bound
        }
    }

    func countAll() -> Int { count(from: 0, sum: 0) }

    private func count(from index: Int, sum: Double) -> Int {
        guard index < values.count else { return isExtreme(sum) ? 1 : 0 }
        return count(from: index + 1, sum: sum + values[index])
            + count(from: index + 1, sum: sum - values[index])
    }

    func count(of samples: Int, using generator: inout some RandomNumberGenerator) -> Int {
        var extreme = 0
        for _ in 0..<samples {
            var sum = 0.0, bits: UInt64 = 0
            for (index, value) in values.enumerated() {
                if index % 64 == 0 { bits = generator.next() }
                sum += bits & 1 == 0 ? value : -value
                bits >>= 1
            }
            if isExtreme(sum) { extreme += 1 }
        }
        return extreme
    }
}
