import Statistics
import Testing

/// Random search by counting, beside random searches.
@Suite struct RandomSearchTests {
    /// Scores with ties, and outcomes that do not follow them.
    static let scores = (0..<60).map { Double($0 * 37 % 60 / 3) }
    static let outcomes = (0..<60).map { Double($0 * 17 % 60) }

    @Test func expectedOutcomesAreThoseOfManySearches() throws {
        let searches = 100_000, most = 30
        var generator = SeededGenerator(7)
        var sums = [Double](repeating: 0, count: most), squares = sums
        var places = Array(Self.scores.indices)
        for _ in 0..<searches {
            places.shuffle(using: &generator)
            var best = places[0]
            for tries in 1...most {
                // Of equal scores the first: in random order each is kept equally often.
                let place = places[tries - 1]
                if Self.scores[place] > Self.scores[best] { best = place }
                sums[tries - 1] += Self.outcomes[best]
                squares[tries - 1] += Self.outcomes[best] * Self.outcomes[best]
            }
        }
        for tries in 1...most {
            let mean = sums[tries - 1] / Double(searches)
            let variance = squares[tries - 1] / Double(searches) - mean * mean
            let counted = try RandomSearch.expectedOutcome(
                scores: Self.scores, outcomes: Self.outcomes, tries: tries)
            let error = (variance / Double(searches)).squareRoot()
            #expect(abs(counted - mean) < 4.5 * error, "\(tries): \(counted), \(mean)")
        }
    }

    @Test func chancesAreThoseOfManySearches() throws {
        let searches = 100_000
        var generator = SeededGenerator(8)
        for wanted in [1, 7, 22] {
            var found = [Int](repeating: 0, count: 60)
            var places = Array(0..<60)
            for _ in 0..<searches {
                places.shuffle(using: &generator)
                found[places.firstIndex { $0 < wanted } ?? 0] += 1
            }
            var within = 0
            for tries in 1...60 {
                within += found[tries - 1]
                let chance = try RandomSearch.chance(of: wanted, among: 60, tries: tries)
                let error = (chance * (1 - chance) / Double(searches)).squareRoot()
                #expect(
                    abs(chance - Double(within) / Double(searches)) <= 4.5 * error,
                    "\(wanted), \(tries)")
            }
        }
    }

    @Test func theEndsAreExact() throws {
        let mean = Self.outcomes.reduce(0, +) / 60
        expect(
            try RandomSearch.expectedOutcome(
                scores: Self.scores, outcomes: Self.outcomes, tries: 1), isNear: mean)
        let distinct = (0..<60).map { Double($0 * 37 % 60) }
        expect(
            try RandomSearch.expectedOutcome(scores: distinct, outcomes: Self.outcomes, tries: 60),
            isNear: Self.outcomes[distinct.firstIndex(of: 59) ?? 0])
        expect(
            try RandomSearch.expectedOutcome(scores: [3], outcomes: [0.5], tries: 1), isNear: 0.5)
        #expect(try RandomSearch.chance(of: 0, among: 5, tries: 5) == 0)
        #expect(try RandomSearch.chance(of: 2, among: 5, tries: 4) == 1)
        #expect(try RandomSearch.chance(of: 5, among: 5, tries: 1) == 1)
    }

    @Test func whatCannotBeCountedIsRefused() {
        for tries in [-1, 0, 4] {
            #expect(throws: StatisticsError.self) {
                try RandomSearch.expectedOutcome(
                    scores: [1, 2, 3], outcomes: [1, 2, 3], tries: tries)
            }
            #expect(throws: StatisticsError.self) {
                try RandomSearch.chance(of: 1, among: 3, tries: tries)
            }
        }
        #expect(throws: StatisticsError.self) {
            try RandomSearch.expectedOutcome(scores: [], outcomes: [], tries: 1)
        }
        #expect(throws: StatisticsError.self) {
            try RandomSearch.expectedOutcome(scores: [1, 2], outcomes: [1], tries: 1)
        }
        #expect(throws: StatisticsError.self) {
            try RandomSearch.expectedOutcome(scores: [1, .nan], outcomes: [1, 2], tries: 1)
        }
        for wanted in [-1, 4] {
            #expect(throws: StatisticsError.self) {
                try RandomSearch.chance(of: wanted, among: 3, tries: 1)
            }
        }
    }
}
