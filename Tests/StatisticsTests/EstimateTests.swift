import Foundation
import Statistics
import Testing

/// Moments, intervals, resampling, ranks and histograms.
@Suite struct EstimateTests {
    @Test func momentsAndStudentIntervalsAgreeWithSciPy() throws {
        for example in try Fixture.scipy.get().moments {
            let moments = try Moments(example.sample)
            let interval = try moments.interval(confidence: example.confidence)
            expect(moments.mean, isNear: example.mean)
            expect(moments.variance, isNear: example.variance)
            expect(interval.low, isNear: example.low)
            expect(interval.high, isNear: example.high)
            #expect(interval.contains(example.mean) && !interval.contains(example.high + 1))
        }
    }

    @Test func streamsGiveTheSameMomentsHoweverDivided() throws {
        for example in try Fixture.scipy.get().moments where abs(example.mean) < 1e6 {
            for cut in 0...example.sample.count {
                var parts = (Moments(), Moments())
                for value in example.sample[..<cut] { parts.0.add(value) }
                for value in example.sample[cut...] { parts.1.add(value) }
                parts.0.add(parts.1)
                #expect(parts.0.count == example.sample.count)
                expect(parts.0.mean, isNear: example.mean)
                expect(parts.0.variance, isNear: example.variance)
            }
        }
        #expect(Moments().variance.isNaN && Moments().mean == 0)
    }

    @Test func bootstrapIntervalsAgreeWithSciPy() throws {
        for example in try Fixture.scipy.get().bootstraps where example.sample.count > 2 {
            let bootstrap = try Bootstrap(
                estimate: example.estimate, example.distribution, jackknife: example.jackknife)
            for (interval, expected) in [
                (try bootstrap.percentile(confidence: 0.9), example.percentile),
                (try bootstrap.accelerated(confidence: 0.9), example.bca),
            ] {
                expect(interval.low, isNear: expected[0])
                expect(interval.high, isNear: expected[1])
            }
        }
    }

    @Test func resamplesAreOfTheSampleAndOfTheSeed() throws {
        let sample = (0..<40).map { Double($0 * $0) }
        var generator = SeededGenerator(4)
        let one = try Bootstrap(sample, resamples: 4_000, using: &generator)
        let two = try Bootstrap(sample, resamples: 4_000, using: &generator)
        var again = SeededGenerator(4)
        let repeated = try Bootstrap(sample, resamples: 4_000, using: &again)
        #expect(one.distribution == repeated.distribution)
        #expect(one.distribution != two.distribution)
        expect(one.estimate, isNear: 513.5, "the mean of 0², 1² … 39²")
        // The bootstrap's standard error of a mean is √((n−1)/n) times the usual one; over 4,000
        // resamples it comes within 4.5/√8,000 of that, for near-normal means.
        let usual = try Moments(sample).standardError * (39.0 / 40).squareRoot()
        #expect(abs(one.standardError / usual - 1) < 0.05)
        let wide = try one.percentile(), narrow = try one.percentile(confidence: 0.5)
        #expect(wide.low < narrow.low && narrow.high < wide.high && narrow.contains(one.estimate))
        // Without a seed's luck: indices are even, 4.5 standard deviations of a binomial count.
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[generator.index(below: 7)] += 1 }
        for count in counts { #expect(abs(Double(count) - 10_000) < 4.5 * 92.6) }
    }

    @Test func whatHasNoIntervalIsRefused() throws {
        var generator = SeededGenerator(5)
        let constant = try Bootstrap([2, 2, 2], resamples: 9, using: &generator)
        #expect(try constant.percentile() == Interval(low: 2, high: 2, confidence: 0.95))
        #expect(throws: StatisticsError.noVariance(value: 2)) { try constant.accelerated() }
        #expect(throws: StatisticsError.notAProbability(1)) {
            try constant.percentile(confidence: 1)
        }
        #expect(throws: StatisticsError.tooFewValues(count: 0, needed: 1)) { try Moments([]) }
        #expect(throws: StatisticsError.tooFewValues(count: 1, needed: 2)) {
            try Moments([1]).interval()
        }
        #expect(throws: StatisticsError.self) { try Moments([1, .nan]) }
        let huge = try Bootstrap([1e300, -1e300, 0], resamples: 99, using: &generator)
        #expect(throws: StatisticsError.self) { try huge.accelerated() }
        let beyond = Interval(low: -0.2, high: 1.1, confidence: 0.9)
        #expect(beyond.clamped(to: 0...1) == Interval(low: 0, high: 1, confidence: 0.9))
    }

    @Test func ranksAgreeWithSciPy() throws {
        for example in try Fixture.scipy.get().rankings {
            #expect(try Ranks.average(example.values) == example.ranks)
            let reversed = try Ranks.average(example.values.map { -$0 }, first: .largest)
            #expect(reversed == example.ranks)
        }
    }

    @Test func rankIntervalsSayHowSureAPlaceIs() throws {
        var generator = SeededGenerator(6)
        // Far ahead in every round; two that win by turns; and a twin of one of them.
        let even = (0..<10).map { Double($0 % 2) }
        let scores = [even.map { $0 + 9 }, even, even.map { 1 - $0 }, even]
        let places = try Ranks.bootstrap(
            scores: scores, resamples: 2_000, using: &generator)
        #expect(places[0].rank == 1)
        #expect(places[0].interval == Interval(low: 1, high: 1, confidence: 0.95))
        #expect(places[1].rank == 3 && places[2].rank == 3)
        #expect(places[1].interval == places[3].interval, "twins tie in every resample")
        #expect(places[1].interval.low == 2.5 && places[1].interval.high == 3.5)
        #expect(places[2].interval.low == 2 && places[2].interval.high == 4)
        #expect(throws: StatisticsError.unequalLengths(2, 3)) {
            try Ranks.bootstrap(scores: [[1, 2], [1, 2, 3]], using: &generator)
        }
    }

    @Test func meansThatRoundingPutsApartAreTies() throws {
        let scores = [[0.01, 0.01, 0.06], [0.06, 0.01, 0.01], [0.01, 0.02, 0.01]]
        let means = scores.map { $0.reduce(0, +) / 3 }
        #expect(means[0] != means[1], "the example shows nothing")
        #expect(try Ranks.average(means, first: .largest, tolerance: 1e-12) == [1.5, 1.5, 3])
        var generator = SeededGenerator(7)
        let places = try Ranks.bootstrap(scores: scores, resamples: 9, using: &generator)
        #expect(places.map(\.rank) == [1.5, 1.5, 3])
    }

    @Test func binsEndWhereTheirEdgesAre() {
        var generator = SeededGenerator(8)
        for _ in 0..<300 {
            let low = Double(generator.index(below: 2000)) / 100 - 10
            let range = low...(low + Double(1 + generator.index(below: 500)) / 100)
            var histogram = Histogram(range, bins: 1 + generator.index(below: 60))
            let edges = histogram.edges
            for edge in edges.dropLast() { histogram.add(edge) }
            #expect(histogram.counts.allSatisfy { $0 == 1 }, "\(edges)")
        }
    }

    @Test func histogramCountsEveryNumberOnce() {
        var histogram = Histogram(-1...1, bins: 4)
        for value in [-1, -0.5, -0.49, 0, 0.999, 1, 1.001, -7, .nan, .infinity] {
            histogram.add(value)
        }
        #expect(histogram.counts == [1, 2, 1, 2])
        #expect(histogram.below == 1 && histogram.above == 2 && histogram.notANumber == 1)
        #expect(histogram.edges == [-1, -0.5, 0, 0.5, 1])
        #expect(histogram.densities.reduce(0, +) * 0.5 == 1)
    }
}
