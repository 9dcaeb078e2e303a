import FoundationEssentials
import Glibc
import Phidias
import Statistics

/// The settings of a sweep, ranked by mean validation accuracy; test accuracy is only reported.
public struct SweepReport: Sendable {
    /// A point of the grid with the results of its cells.
    public struct Row: Sendable {
        let point: SweepPlan.Point
        /// The seeds and folds of the cells that did not diverge.
        let rounds: [Round]
        /// Validation accuracies of these cells.
        public let validation: [Double]
        /// Test accuracies of these cells.
        public let test: [Double]
        /// How many cells diverged.
        public let diverged: Int
        /// Whether learning rate and momentum are the golden pair.
        public let isGolden: Bool
        /// The 95 % interval of the mean validation accuracy; nil with fewer than two cells.
        let interval: Interval?
        /// The same of the mean test accuracy.
        let testInterval: Interval?
        /// Equal means share the average of their places; nil after a divergence.
        public internal(set) var rank: Double?
        /// The interval of a golden pair's rank, over resampled folds and seeds; nil where it has no
        /// rank, where not all settings have the same cells, and where there is one alone.
        var rankInterval: Interval?
        /// Whether it is the best, or not significantly worse; nil where that cannot be decided.
        public internal(set) var isNotWorse: Bool?

        /// Mean validation accuracy; nil if no cell has one.
        public var mean: Double? { Self.mean(validation) }
        /// Mean test accuracy; nil if no cell has one.
        public var testMean: Double? { Self.mean(test) }

        /// The values that tell the point apart: learning rate, momentum, and what else varies.
        public var settings: [RunDocument.Setting] { point.settings }
        /// The 95 % interval of the mean validation accuracy; nil with fewer than two cells.
        public var confidenceInterval: ClosedRange<Double>? {
            interval.map { $0.low...$0.high }
        }

        private static func mean(_ values: [Double]) -> Double? {
            values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
    }

    /// Cells of different settings with the same images.
    struct Round: Hashable, Sendable {
        let seed: UInt64
        let fold: Int
    }

    let plan: SweepPlan
    /// The points of the grid, best first.
    public let rows: [Row]
    private let cells: Int
    /// What settings are ranked by: accuracy, or R² where numbers are predicted.
    let measure: QualityMeasure
    let randomSearch: RandomSearchComparison?
    let bestRates: BestRates?

    init(_ plan: SweepPlan, _ results: [SweepResult]) throws {
        self.plan = plan
        cells = results.count
        let found = Dictionary(uniqueKeysWithValues: results.map { ($0.cell, $0.outcome) })
        let measures = results.lazy.compactMap { result -> QualityMeasure? in
            guard case .finished(_, let validation, _, _) = result.outcome else { return nil }
            return QualityMeasure(validation)
        }
        measure = measures.first { $0 == .r2 } ?? .accuracy
        var outcomes = plan.points.map { _ in [(Round, SweepResult.Outcome)]() }
        for cell in plan.cells {
            guard let outcome = found[cell.id] else { continue }
            outcomes[cell.point].append((Round(seed: cell.id.seed, fold: cell.id.fold), outcome))
        }
        var rows = try zip(plan.points, outcomes).map { point, outcomes in
            var rounds: [Round] = [], validation: [Double] = [], test: [Double] = []
            for case (let round, .finished(_, let first, let second, _)) in outcomes {
                rounds.append(round)
                validation.append(first.quality)
                test.append(second.quality)
            }
            return Row(
                point: point, rounds: rounds, validation: validation, test: test,
                diverged: outcomes.count - validation.count, isGolden: plan.isGolden(point),
                interval: try Self.interval(validation, plan),
                testInterval: try Self.interval(test, plan))
        }
        try Self.rank(&rows)
        try Self.compare(&rows, plan)
        try Self.findRankIntervals(&rows)
        randomSearch = try Self.randomSearch(rows, plan)
        bestRates = try Self.bestRates(rows, plan)
        self.rows = rows.sorted {
            ($0.rank ?? .infinity, $0.diverged, -($0.mean ?? 0))
                < ($1.rank ?? .infinity, $1.diverged, -($1.mean ?? 0))
        }
    }

    /// The 95 % interval of the mean over cells that share training images (Nadeau and Bengio).
    private static func interval(_ values: [Double], _ plan: SweepPlan) throws -> Interval? {
        guard values.count > 1 else { return nil }
        let nothing = [Double](repeating: 0, count: values.count)
        return try TTest.correctedResampled(values, nothing, testToTrain: plan.testToTrain)
            .interval().clamped(to: -.greatestFiniteMagnitude...1)
    }

    static func rank(_ rows: inout [Row]) throws {
        let whole = rows.indices.filter { rows[$0].diverged == 0 && rows[$0].mean != nil }
        guard !whole.isEmpty else { return }
        let ranks = try Ranks.average(
            whole.compactMap { rows[$0].mean }, first: .largest, tolerance: 1e-12)
        for (index, rank) in zip(whole, ranks) { rows[index].rank = rank }
    }

    /// With fewer cells of a setting the test has so little power that nearly all would pass.
    private static let leastToCompare = 3

    /// One-sided corrected resampled t-tests of the best against each other, Holm-corrected.
    static func compare(_ rows: inout [Row], _ plan: SweepPlan) throws {
        let whole = rows.indices.filter { rows[$0].rank != nil }
        guard let best = whole.min(by: { (rows[$0].rank ?? 0) < (rows[$1].rank ?? 0) }),
            rows[best].rounds.count >= leastToCompare
        else { return }
        let top = Dictionary(uniqueKeysWithValues: zip(rows[best].rounds, rows[best].validation))
        var others: [Int] = [], pValues: [Double] = []
        for index in whole where index != best {
            // Of a sweep that is not done, those that both have.
            let pairs = zip(rows[index].rounds, rows[index].validation).compactMap { round, own in
                top[round].map { (best: $0, own: own) }
            }
            guard pairs.count >= leastToCompare else { continue }
            others.append(index)
            pValues.append(
                try TTest.correctedResampled(
                    pairs.map(\.best), pairs.map(\.own), testToTrain: plan.testToTrain,
                    alternative: .greater
                ).pValue)
        }
        rows[best].isNotWorse = true
        for (index, p) in zip(others, try Holm.adjusted(pValues)) {
            rows[index].isNotWorse = p > 0.05
        }
    }

    /// All settings take part in the same folds, which are drawn for all of them together.
    private static func findRankIntervals(_ rows: inout [Row]) throws {
        let whole = rows.indices.filter { rows[$0].rank != nil }
        guard whole.contains(where: { rows[$0].isGolden }),
            Set(whole.map { rows[$0].rounds }).count == 1, rows[whole[0]].rounds.count > 1
        else { return }
        var generator = CounterRandom.Stream(CounterRandom(seed: 1, purpose: .user))
        let all = try Ranks.bootstrap(
            scores: whole.map { rows[$0].validation }, resamples: 1999, using: &generator)
        for (index, found) in zip(whole, all) where rows[index].isGolden {
            rows[index].rankInterval = found.interval
        }
    }

    /// Settings with the golden pair that have a rank, best first.
    var golden: [Row] { rows.filter { $0.isGolden && $0.rank != nil } }

    /// What to call the golden pair of a row: with its other settings, if there are several such rows.
    func goldenName(_ row: Row) -> String {
        guard rows.filter(\.isGolden).count > 1 else { return plan.goldenName }
        let others = row.point.settings.filter { !["learning_rate", "momentum"].contains($0.name) }
        return "\(plan.goldenName), \(others.text)"
    }

    // MARK: - Text and JSON

    private static func percent(_ value: Interval?) -> String {
        value.map { "\($0.low.percent) – \($0.high.percent)" } ?? "–"
    }

    /// The heads of the table and its rows, best first.
    var table: (head: [String], rows: [[String]]) {
        let names = plan.points.first?.settings.map(\.name) ?? []
        let head =
            ["rank"] + names
            + ["validation %", "95 % interval", "test %", "95 % interval", "cells", ""]
        let cells = rows.map { row in
            var marks: [String] = []
            if row.isGolden { marks.append("φ") }
            if row.isNotWorse == true { marks.append("=") }
            if row.diverged > 0 { marks.append("\(row.diverged) diverged") }
            return [row.rank.map(Self.text) ?? "–"]
                + row.point.settings.map(\.value)
                + [
                    row.mean?.percent ?? "–", Self.percent(row.interval),
                    row.testMean?.percent ?? "–", Self.percent(row.testInterval),
                    "\(row.validation.count + row.diverged)", marks.joined(separator: " "),
                ]
        }
        return (head, cells)
    }

    /// A rank as text: a half where an even number of points share it.
    static func text(rank: Double) -> String {
        rank.fixed(rank == rank.rounded() ? 0 : 1)
    }

    /// What a reader of the table has to know.
    var notes: [String] {
        var notes = ["Ranked by mean validation \(measure); test \(measure) is only reported."]
        if rows.contains(where: \.isGolden) { notes.append("φ: \(plan.goldenName).") }
        for row in golden {
            guard let rank = row.rank, let interval = row.rankInterval else { continue }
            let which = golden.count > 1 ? " (\(goldenName(row)))" : ""
            notes.append(
                "Rank of φ\(which): \(Self.text(rank: rank)) of \(rows.count); 95 % bootstrap interval over folds and seeds: \(interval.low.fixed(0)) to \(interval.high.fixed(0))."
            )
        }
        notes += randomSearchNotes
        if rows.contains(where: { $0.isNotWorse == true }) {
            notes.append(
                "=: the best, or not significantly worse (corrected resampled t-test, Holm, 5 %).")
        }
        if let count = rows.first?.validation.count, count < Self.leastToCompare {
            notes.append(
                "With \(count.counted("cell")) per setting, significance is out of reach: use more folds or seeds."
            )
        }
        if rows.first?.interval != nil {
            notes.append(
                "Intervals of the mean: Nadeau and Bengio's, for cells that share images; they do not cover the choice of test images."
            )
        }
        return notes
    }

    /// The table of all points, and what a reader of it has to know.
    public var text: String {
        let whole = wholeTable
        let table = whole.width <= String.textWidth ? whole.text : tableWithSettingsBelow
        return
            ([table, ""] + notes.map { $0.wrapped(hanging: 2) }
            + (bestRatesText.map { ["", $0] } ?? [])).joined(separator: "\n")
    }

    private static let valueHeads = [
        "valid.\n%", "95 %\ninterval", "test\n%", "95 %\ninterval", "cells", "",
    ]

    /// The cells of the table, with intervals that take less room.
    private var textCells: [[String]] {
        table.rows.map { $0.map { $0.replacing(" – ", with: "–") } }
    }

    /// A row for each point, with its settings in columns.
    private var wholeTable: TextTable {
        let names = plan.points.first?.settings.map(\.name) ?? []
        let heads = ["rank"] + names.map { $0.replacing("_", with: "\n") } + Self.valueHeads
        var table = TextTable(heads, left: [heads.count - 1], indent: "")
        for cells in textCells { table.add(cells) }
        return table
    }

    /// A row for each point, with its settings on lines of their own: for many or long settings.
    private var tableWithSettingsBelow: String {
        var table = TextTable(["rank"] + Self.valueHeads, left: [6], indent: "")
        for cells in textCells {
            table.add(cells.prefix(1) + cells.suffix(Self.valueHeads.count))
        }
        let lines = table.text.split(separator: "\n").map { String($0) }
        let settings = rows.map { $0.point.settings.text.wrappedAtCommas(indent: 6, hanging: 8) }
        let heads = lines.count - rows.count
        return (lines[..<heads] + zip(lines[heads...], settings).flatMap { [$0, $1] })
            .joined(separator: "\n")
    }

    package func json(output: String, pictures: [(name: String, path: String)]) -> JSON {
        func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
        func interval(_ value: Interval?) -> JSON {
            value.map { .array([.number($0.low), .number($0.high)]) } ?? .null
        }
        let name = measure.rawValue
        return .members([
            "cells": .integer(cells), "output": .string(output),
            "pictures": .object(pictures.map { .init(key: $0.name, value: .string($0.path)) }),
            "golden_rank_interval": interval(golden.count == 1 ? golden[0].rankInterval : nil),
            "random_search": randomSearchJSON, "best_rates": bestRatesJSON,
            "settings": .array(
                rows.map { row in
                    .members([
                        "rank": number(row.rank), "rank_interval": interval(row.rankInterval),
                        "settings": RunDocument.Setting.object(row.point.settings),
                        "validation_\(name)": number(row.mean),
                        "validation_interval": interval(row.interval),
                        "test_\(name)": number(row.testMean),
                        "test_interval": interval(row.testInterval),
                        "golden": .bool(row.isGolden),
                        "not_worse": row.isNotWorse.map { .bool($0) } ?? .null,
                        "cells": .integer(row.validation.count + row.diverged),
                        "diverged": .integer(row.diverged),
                    ])
                }),
        ])
    }
}
