import Charts
import FoundationEssentials
import Glibc
import Phidias
import Statistics

/// How the best learning rate moves with the size of the batch, or of a hidden layer: for sweeps that
/// vary the learning rate, one of these, and perhaps the momentum weight. The golden learning rate is
/// the same everywhere; the best one is not.
extension SweepReport {
    struct BestRates: Sendable {
        /// The best learning rate for a size and a momentum weight.
        struct Best: Sendable {
            let size: Int
            /// The one with the best validation, and what it is as a number.
            let row: Row
            let rate: Double
            /// The learning rates that are not significantly worse; nil where that cannot be decided.
            let level: ClosedRange<Double>?
            /// The golden pair for this size; nil if it is not in the grid, or diverged.
            let golden: Row?
            /// How much the best is ahead of the golden pair in mean test accuracy, and the 95 % interval
            /// of that; nil without a golden pair or with one cell of each.
            let ahead: Double?
            let interval: Interval?
        }

        /// The setting that is the size.
        let axis: String
        /// For each momentum weight, from the least size up.
        let momenta: [(momentum: String, best: [Best])]

        /// What the size is, for people.
        var name: String { axis == "hidden" ? "hidden units" : "batch size" }
    }

    private static let sizes = ["batch_size", "hidden"]
    /// Fewer learning rates have no shape.
    private static let leastRates = 4
    /// Of momentum weights, so that a chart can show them.
    private static let mostMomenta = 4

    /// - Returns: nil unless the learning rate, one size and at most the momentum weight vary.
    static func bestRates(_ rows: [Row], _ plan: SweepPlan) throws -> BestRates? {
        let varied = Set(plan.varied).subtracting(["learning_rate", "momentum"])
        guard varied.count == 1, let axis = varied.first, sizes.contains(axis),
            let rates = plan.document["learning_rate"], rates.count >= leastRates,
            let texts = plan.document[axis],
            let momenta = plan.document["momentum"], momenta.count <= mostMomenta
        else { return nil }
        let sizes = texts.compactMap { Int($0) }.sorted()
        guard sizes.count == texts.count else { return nil }
        let found = try momenta.map { momentum in
            let best = try sizes.compactMap { size in
                try Self.best(
                    rows.filter {
                        $0.point["momentum"] == momentum && $0.point[axis] == String(size)
                    }, size, golden: rows.first { $0.isGolden && $0.point[axis] == String(size) },
                    plan)
            }
            return (momentum, best)
        }
        return BestRates(axis: axis, momenta: found)
    }

    private static func best(
        _ candidates: [Row], _ size: Int, golden: Row?, _ plan: SweepPlan
    ) throws -> BestRates.Best? {
        var rows = candidates
        for index in rows.indices { (rows[index].rank, rows[index].isNotWorse) = (nil, nil) }
        try rank(&rows)
        try compare(&rows, plan)
        func rate(_ row: Row) -> Double? {
            row.point["learning_rate"].flatMap { try? LearningRate.base($0) }
        }
        guard let best = rows.min(by: { ($0.rank ?? .infinity) < ($1.rank ?? .infinity) }),
            best.rank != nil, let own = rate(best)
        else { return nil }
        let level = rows.filter { $0.isNotWorse == true }.compactMap(rate)
        let golden = golden.flatMap { $0.rounds == best.rounds ? $0 : nil }
        let ahead = golden.flatMap { golden in
            best.testMean.flatMap { mean in golden.testMean.map { mean - $0 } }
        }
        let interval = try golden.flatMap { golden in
            best.test.count < 2
                ? nil
                : try TTest.correctedResampled(
                    best.test, golden.test, testToTrain: plan.testToTrain
                ).interval()
        }
        return BestRates.Best(
            size: size, row: best, rate: own,
            level: level.min().flatMap { low in level.max().map { low...$0 } }, golden: golden,
            ahead: ahead, interval: interval)
    }

    /// The best learning rates as a table; nil where there are none to tell.
    var bestRatesText: String? {
        guard let bestRates else { return nil }
        var table = TextTable(
            [
                bestRates.name.replacing(" ", with: "\n"), "momentum", "best\nrate", "level\nfrom",
                "to", "test\n%", "golden\ntest %", "points\nahead", "95 %\ninterval",
            ], indent: "")
        for (momentum, best) in bestRates.momenta {
            for best in best {
                table.add([
                    String(best.size), momentum, best.row.point["learning_rate"] ?? "",
                    best.level.map { $0.lowerBound.digits(3) } ?? "–",
                    best.level.map { $0.upperBound.digits(3) } ?? "–",
                    best.row.testMean?.percent ?? "–", best.golden?.testMean?.percent ?? "–",
                    best.ahead.map(Self.points) ?? "–",
                    best.interval.map { "\(Self.points($0.low)) – \(Self.points($0.high))" } ?? "–",
                ])
            }
        }
        let note = """
            The best learning rate for each \(bestRates.name), by validation \(measure), from where to where \
            others are level with it (not significantly worse: corrected resampled t-test, Holm, 5 %), and \
            by how much it is ahead of the golden pair, in points of test \(measure). Coupled momentum \
            is 1 − √η.
            """
        return "\(table.text)\n\n\(note.wrapped(hanging: 2))"
    }

    /// Best learning rates, and the error that they and the golden pair leave, over the size.
    var bestRatesChart: Chart? {
        guard let bestRates, bestRates.momenta.contains(where: { !$0.best.isEmpty }) else {
            return nil
        }
        let size = ChartAxis(bestRates.name, .logarithmic(base: 2))
        let rates = bestRates.momenta.map { momentum, best in
            let bands = best.compactMap { best in
                best.level.map { (low: $0.lowerBound, high: $0.upperBound) }
            }
            return Chart.Series(
                "best, momentum \(momentum)", best.map { (x: Double($0.size), y: $0.rate) },
                band: bands.count == best.count ? bands : [])
        }
        func error(_ row: Row?) -> Double? { row?.testMean.map { 100 * (1 - $0) } }
        var errors = bestRates.momenta.map { momentum, best in
            Chart.Series(
                "best, momentum \(momentum)",
                best.compactMap { best in
                    error(best.row).map { (x: Double(best.size), y: $0) }
                })
        }
        let golden = bestRates.momenta.max { $0.best.count < $1.best.count }?.best ?? []
        errors.append(
            .init(
                "golden pair",
                golden.compactMap { best in
                    error(best.golden).map { (x: Double(best.size), y: $0) }
                }))
        return Chart(
            title: "Best learning rate by \(bestRates.name), \(means)",
            panels: [
                .init(
                    "best by validation; shaded: level with it", x: size,
                    y: ChartAxis("learning rate η", .logarithmic(base: 10)), series: rates,
                    references: [.init("golden learning rate", .y(GoldenRatio.learningRate))]),
                .init(
                    "test \(errorName) of each", x: size,
                    y: ChartAxis("test \(errorName), %", .logarithmic(base: 2)), series: errors),
            ])
    }

    var bestRatesJSON: JSON {
        guard let bestRates else { return .null }
        func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
        return .members([
            "setting": .string(bestRates.axis),
            "momenta": .array(
                bestRates.momenta.map { momentum, best in
                    .members([
                        "momentum": .string(momentum),
                        "best": .array(
                            best.map { best in
                                .members([
                                    "size": .integer(best.size),
                                    "learning_rate": .number(best.rate),
                                    "level": best.level.map {
                                        .array([.number($0.lowerBound), .number($0.upperBound)])
                                    } ?? .null,
                                    "test_\(measure.rawValue)": number(best.row.testMean),
                                    "golden_test_\(measure.rawValue)": number(
                                        best.golden?.testMean),
                                    "ahead_of_golden": number(best.ahead),
                                    "interval": best.interval.map {
                                        .array([.number($0.low), .number($0.high)])
                                    } ?? .null,
                                ])
                            }),
                    ])
                }),
        ])
    }
}
