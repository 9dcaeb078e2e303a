import Charts
import Phidias
import Statistics

/// What the golden pair is worth to somebody who would otherwise search: counted over all orders in
/// which the settings of the grid could be tried, on the images of one cell each.
extension SweepReport {
    struct RandomSearchComparison: Sendable {
        /// The best of some settings, as it is found by validation.
        struct Best: Sendable {
            let tries: Int
            /// Its mean test accuracy.
            let test: Double
            /// How much that is ahead of the golden pair's, and the 95 % interval of that; nil for one
            /// cell of each setting.
            let ahead: Double
            let interval: Interval?
        }

        /// After one try, two, and so on.
        let best: [Best]
        /// After how many tries a setting with better validation than the golden pair's has been found
        /// in half of all searches, and in nine of ten; nil where that does not happen.
        let half, nineOfTen: Int?
    }

    private static let mostTries = 30
    /// Fewer settings are no search.
    private static let leastSettings = 10

    /// - Returns: nil unless one of ten settings or more has the golden pair, which did not diverge,
    ///   and all have the same cells.
    static func randomSearch(_ rows: [Row], _ plan: SweepPlan) throws -> RandomSearchComparison? {
        guard rows.count >= leastSettings, rows.count(where: \.isGolden) == 1,
            let golden = rows.first(where: \.isGolden), !golden.rounds.isEmpty,
            golden.diverged == 0,
            rows.allSatisfy({ $0.rounds.count + $0.diverged == golden.rounds.count })
        else { return nil }
        // A setting that diverged is kept by nobody who has another, and is worth nothing.
        let worst = (rows.lazy.flatMap(\.validation).min() ?? 0) - 1
        let cells = rows.map { row in
            Dictionary(
                zip(row.rounds, zip(row.validation, row.test)), uniquingKeysWith: { $1 })
        }
        let rounds = golden.rounds.map { round in
            cells.map { $0[round] ?? (worst, 0) }
        }
        let best = try (1...min(mostTries, rows.count)).map { tries in
            let found = try rounds.map { settings in
                try RandomSearch.expectedOutcome(
                    scores: settings.map(\.0), outcomes: settings.map(\.1), tries: tries)
            }
            let ahead = zip(found, golden.test).map { $0 - $1 }
            return RandomSearchComparison.Best(
                tries: tries, test: found.reduce(0, +) / Double(rounds.count),
                ahead: ahead.reduce(0, +) / Double(rounds.count),
                interval: rounds.count < 2
                    ? nil
                    : try TTest.correctedResampled(
                        found, golden.test, testToTrain: plan.testToTrain
                    )
                    .interval())
        }
        // The searcher has the images of one of the cells, any of them.
        let better = zip(rounds, golden.validation).map { settings, own in
            settings.count(where: { $0.0 > own })
        }
        func tries(_ share: Double) throws -> Int? {
            try (1...rows.count).first { tries in
                let chances = try better.map {
                    try RandomSearch.chance(of: $0, among: rows.count, tries: tries)
                }
                return chances.reduce(0, +) / Double(rounds.count) >= share
            }
        }
        return RandomSearchComparison(
            best: best, half: try tries(0.5), nineOfTen: try tries(0.9))
    }

    /// Sentences for a reader of the table.
    var randomSearchNotes: [String] {
        guard let randomSearch else { return [] }
        func found(_ tries: Int?) -> String {
            tries.map { $0 == 1 ? "one try" : "\($0) tries" } ?? "no number of tries"
        }
        let shown = randomSearch.best.filter { [1, 2, 3, 5, 10, 20, 30].contains($0.tries) }
        let list = shown.map { best in
            let interval = best.interval.map {
                " (\(Self.points($0.low)) to \(Self.points($0.high)))"
            }
            return "\(best.tries): \(Self.points(best.ahead))\(interval ?? "")"
        }
        return [
            "A search that tries settings of this grid at random finds one with better validation \(measure) than φ after \(found(randomSearch.half)) in half of all cases, and after \(found(randomSearch.nineOfTen)) in nine of ten.",
            "Points of test \(measure) by which the best of so many random tries, chosen by validation, is ahead of φ, on average\(shown.first?.interval == nil ? "" : " (95 % interval)"): \(list.joined(separator: ", ")).",
        ]
    }

    static func points(_ share: Double) -> String {
        let text = (100 * share).fixed(2)
        return share > 0 ? "+\(text)" : text.replacing("-", with: "−")
    }

    /// Points of test accuracy over the number of tries; nil where that cannot be counted.
    var randomSearchChart: Chart? {
        randomSearch.map { search in
            let hasBand = search.best.allSatisfy { $0.interval != nil }
            return Chart(
                title: "Random search beside the golden pair",
                panels: [
                    .init(
                        x: ChartAxis("settings tried at random", .logarithmic(base: 2)),
                        y: ChartAxis("points of test \(measure) ahead", .linear),
                        series: [
                            .init(
                                hasBand
                                    ? "best by validation, mean and 95 % interval"
                                    : "best by validation, mean",
                                search.best.map { (x: Double($0.tries), y: 100 * $0.ahead) },
                                band: hasBand
                                    ? search.best.compactMap { best in
                                        best.interval.map { (100 * $0.low, 100 * $0.high) }
                                    } : [])
                        ],
                        references: [.init("golden pair, without a search", .y(0))])
                ])
        }
    }

    var randomSearchJSON: JSON {
        guard let randomSearch else { return .null }
        func number(_ tries: Int?) -> JSON { tries.map { .integer($0) } ?? .null }
        return .members([
            "tries_to_beat_golden": .members([
                "half": number(randomSearch.half), "nine_of_ten": number(randomSearch.nineOfTen),
            ]),
            "best_of": .array(
                randomSearch.best.map { best in
                    .members([
                        "tries": .integer(best.tries),
                        "test_\(measure.rawValue)": .number(best.test),
                        "ahead_of_golden": .number(best.ahead),
                        "interval": best.interval.map {
                            .array([.number($0.low), .number($0.high)])
                        } ?? .null,
                    ])
                }),
        ])
    }
}
