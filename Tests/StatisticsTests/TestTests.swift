import Foundation
import Statistics
import Testing

/// The t-tests, the permutation test and the correction for many of them.
@Suite struct TestTests {
    @Test func pairedTAgreesWithSciPy() throws {
        for pair in try Fixture.scipy.get().paired {
            let test = try TTest.paired(pair.first, pair.second)
            expect(test.statistic, isNear: pair.statistic)
            expect(test.pValue, isNear: pair.pValues.twoSided)
            #expect(test.degreesOfFreedom == Double(pair.first.count - 1))
            let interval = try test.interval()
            expect(interval.low, isNear: pair.low)
            expect(interval.high, isNear: pair.high)
            for (side, p) in [
                (Alternative.less, pair.pValues.less), (.greater, pair.pValues.greater),
            ] {
                expect(
                    try TTest.paired(pair.first, pair.second, alternative: side).pValue, isNear: p)
            }
        }
    }

    @Test func correctedResampledTAgreesWithSciPy() throws {
        for pair in try Fixture.scipy.get().paired {
            let expected = pair.corrected
            let test = try TTest.correctedResampled(
                pair.first, pair.second, testToTrain: expected.testToTrain)
            expect(test.statistic, isNear: expected.statistic)
            expect(test.pValue, isNear: expected.pValue)
            expect(try test.interval().low, isNear: expected.low)
            expect(try test.interval().high, isNear: expected.high)
        }
    }

    @Test func equalDifferencesNeedNoChance() throws {
        let same = try TTest.paired([1, 2, 3], [1, 2, 3])
        #expect(same.statistic == 0 && same.pValue == 1)
        let shifted = try TTest.paired([2, 3, 4], [1, 2, 3])
        #expect(shifted.statistic == .infinity && shifted.pValue == 0)
        #expect(try shifted.interval() == Interval(low: 1, high: 1, confidence: 0.95))
    }

    @Test func exactPermutationsAgreeWithSciPy() throws {
        var generator = SeededGenerator(1)
        for pair in try Fixture.scipy.get().paired {
            for (side, p) in [
                (Alternative.twoSided, pair.permutation.twoSided),
                (.less, pair.permutation.less), (.greater, pair.permutation.greater),
            ] {
                let test = try PermutationTest.paired(
                    pair.first, pair.second, alternative: side, using: &generator)
                #expect(test.isExact)
                #expect(test.arrangements == 1 << pair.first.count)
                expect(test.pValue, isNear: p, "\(side)")
                #expect(test.pValue >= test.smallestPValue)
            }
        }
        #expect(generator.state == 1, "an exact test draws nothing")
    }

    /// Shares of 10,000, whose differences are rounded, and the same as whole numbers, which are not.
    @Test func tiesOfAccuraciesAreTies() throws {
        var generator = SeededGenerator(4)
        for _ in 0..<100 {
            let counts = (0..<10).map { _ in
                (
                    Double(9500 + generator.index(below: 30)),
                    Double(9500 + generator.index(below: 30))
                )
            }
            let whole = try PermutationTest.paired(
                counts.map(\.0), counts.map(\.1), using: &generator)
            let shares = try PermutationTest.paired(
                counts.map { $0.0 / 10_000 }, counts.map { $0.1 / 10_000 }, using: &generator)
            #expect(shares.pValue == whole.pValue)
        }
    }

    /// Within 4.5 standard deviations of a binomial share of 20,000.
    @Test func sampledPermutationsComeNear() throws {
        var generator = SeededGenerator(2)
        for pair in try Fixture.scipy.get().paired where pair.first.count >= 10 {
            let test = try PermutationTest.paired(
                pair.first, pair.second, exactPairs: 0, samples: 20_000, using: &generator)
            #expect(!test.isExact && test.arrangements == 20_000)
            let p = pair.permutation.twoSided
            let bound = 4.5 * (p * (1 - p) / 20_000).squareRoot() + 1.0 / 20_000
            #expect(abs(test.pValue - p) <= bound, "\(test.pValue), exactly \(p)")
        }
    }

    @Test func knowsWhenSignificanceIsOutOfReach() throws {
        #expect(PermutationTest.smallestPValue(pairs: 5) == 0.0625)
        #expect(PermutationTest.smallestPValue(pairs: 5, alternative: .less) == 0.03125)
        var generator = SeededGenerator(3)
        // Five pairs, as clear as can be; then two of them without a difference.
        let clear = try PermutationTest.paired(
            [2, 3, 4, 5, 6], [1, 1, 1, 1, 1], using: &generator)
        #expect(clear.pValue == 0.0625 && clear.smallestPValue == 0.0625)
        let fewer = try PermutationTest.paired(
            [2, 3, 4, 1, 1], [1, 1, 1, 1, 1], using: &generator)
        #expect(fewer.pValue == 0.25 && fewer.smallestPValue == 0.25)
        let none = try PermutationTest.paired([1, 1], [1, 1], using: &generator)
        #expect(none.pValue == 1 && none.smallestPValue == 1)
    }

    @Test func holmAgreesWithItsDefinition() throws {
        for example in try Fixture.scipy.get().holm {
            expect(try Holm.adjusted(example.pValues), areNear: example.adjusted)
        }
        #expect(try Holm.adjusted([]) == [])
        #expect(throws: StatisticsError.notAProbability(1.5)) { try Holm.adjusted([0.1, 1.5]) }
    }

    @Test func whatCannotBePairedIsRefused() {
        #expect(throws: StatisticsError.unequalLengths(2, 3)) {
            try TTest.paired([1, 2], [1, 2, 3])
        }
        #expect(throws: StatisticsError.tooFewValues(count: 1, needed: 2)) {
            try TTest.paired([1], [2])
        }
        #expect(throws: StatisticsError.notFinite(value: .infinity, index: 1)) {
            try TTest.paired([1, 2], [3, .infinity])
        }
        #expect(throws: StatisticsError.self) {
            try TTest.correctedResampled([1, 2], [2, 4], testToTrain: 0)
        }
    }
}
