import Foundation
import Phidias
import Statistics

/// The settings of a sweep, ranked by mean validation accuracy; test accuracy is only told.
struct SweepReport {
    struct Row {
        let point: SweepPlan.Point
        /// Of the cells that did not diverge, by seed and fold.
        let validation, test: [Double]
        let diverged: Int
        let isGolden: Bool
        /// Of the mean; nil with fewer than two cells.
        let interval, testInterval: Interval?
        /// Equal means share the average of their places; nil after a divergence.
        var rank: Double?
        /// The best, or not significantly worse than the best; nil if it can't be told.
        var isNotWorse: Bool?

        var mean: Double? { Self.mean(validation) }
        var testMean: Double? { Self.mean(test) }

        private static func mean(_ values: [Double]) -> Double? {
            values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
    }

    let plan: SweepPlan
    let rows: [Row]
    /// Of the golden pair's rank, over resampled folds and seeds; nil where it has no rank, or one
    /// cell alone.
    let goldenRankInterval: Interval?
    private let cells: Int

    init(_ plan: SweepPlan, _ results: [SweepResult]) throws {
        self.plan = plan
        cells = results.count
        let found = Dictionary(uniqueKeysWithValues: results.map { ($0.cell, $0.outcome) })
        var outcomes = plan.points.map { _ in [SweepResult.Outcome]() }
        for cell in plan.cells {
            if let outcome = found[cell.id] { outcomes[cell.point].append(outcome) }
        }
        var rows = try zip(plan.points, outcomes).map { point, outcomes in
            var validation: [Double] = [], test: [Double] = []
            for case .finished(_, let first, let second, _) in outcomes {
                validation.append(first.accuracy)
                test.append(second.accuracy)
            }
            return Row(
                point: point, validation: validation, test: test,
                diverged: outcomes.count - validation.count, isGolden: plan.isGolden(point),
                interval: try Self.interval(validation, plan),
                testInterval: try Self.interval(test, plan))
        }
        try Self.rank(&rows)
        try Self.compare(&rows, plan)
        goldenRankInterval = try Self.rankInterval(rows)
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
            .interval()
    }

    private static func rank(_ rows: inout [Row]) throws {
        let whole = rows.indices.filter { rows[$0].diverged == 0 && rows[$0].mean != nil }
        guard !whole.isEmpty else { return }
        let ranks = try Ranks.average(whole.compactMap { rows[$0].mean }, first: .largest)
        for (index, rank) in zip(whole, ranks) { rows[index].rank = rank }
    }

    /// With fewer cells of a setting the test has so little power that nearly all would pass.
    private static let leastToCompare = 3

    /// One-sided corrected resampled t-tests of the best against each other, Holm-corrected.
    private static func compare(_ rows: inout [Row], _ plan: SweepPlan) throws {
        let whole = rows.indices.filter { rows[$0].rank != nil }
        guard let best = whole.min(by: { (rows[$0].rank ?? 0) < (rows[$1].rank ?? 0) }),
            rows[best].validation.count >= leastToCompare
        else { return }
        let others = whole.filter { $0 != best }
        let pValues = try others.map {
            try TTest.correctedResampled(
                rows[best].validation, rows[$0].validation, testToTrain: plan.testToTrain,
                alternative: .greater
            ).pValue
        }
        rows[best].isNotWorse = true
        for (index, p) in zip(others, try Holm.adjusted(pValues)) {
            rows[index].isNotWorse = p > 0.05
        }
    }

    /// All settings take part in the same folds, which are drawn for all of them together.
    private static func rankInterval(_ rows: [Row]) throws -> Interval? {
        let whole = rows.filter { $0.rank != nil }
        let counts = Set(whole.map(\.validation.count))
        guard let golden = whole.firstIndex(where: \.isGolden), counts.count == 1,
            whole[golden].validation.count > 1
        else { return nil }
        var generator = CounterRandom.Stream(CounterRandom(seed: 1, purpose: .user))
        return try Ranks.bootstrap(
            scores: whole.map(\.validation), resamples: 1999, using: &generator)[golden].interval
    }

    // MARK: - Text and JSON

    private static func percent(_ value: Interval?) -> String {
        value.map { "\($0.low.percent) – \($0.high.percent)" } ?? "–"
    }

    /// Heads of the table, and its rows, best first.
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

    /// Halves, where an even number share a rank.
    private static func text(rank: Double) -> String {
        rank.fixed(rank == rank.rounded() ? 0 : 1)
    }

    /// What is to be known to read the table.
    var notes: [String] {
        var notes = ["Ranked by mean validation accuracy; test accuracy is only reported."]
        if rows.contains(where: \.isGolden) { notes.append("φ: \(plan.goldenName).") }
        if let rank = rows.first(where: \.isGolden)?.rank, let interval = goldenRankInterval {
            notes.append(
                "Rank of φ: \(Self.text(rank: rank)) of \(rows.count); 95 % bootstrap interval \(interval.low.fixed(0)) to \(interval.high.fixed(0)), over folds and seeds."
            )
        }
        if rows.contains(where: { $0.isNotWorse == true }) {
            notes.append(
                "=: the best, or not significantly worse (corrected resampled t, Holm, 5 %).")
        }
        if let count = rows.first?.validation.count, count < Self.leastToCompare {
            notes.append(
                "With \(count.counted("cell")) a setting, significance is out of reach: give more folds or seeds."
            )
        }
        if rows.first?.interval != nil {
            notes.append("Intervals of the mean: Nadeau and Bengio's, for cells that share images.")
        }
        return notes
    }

    var text: String {
        let (head, rows) = table
        let all = [head] + rows
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let lines = all.map { row in
            zip(row, widths).enumerated().map { column, pair in
                let room = String(repeating: " ", count: pair.1 - pair.0.count)
                return column == head.count - 1 ? pair.0 : room + pair.0
            }.joined(separator: "  ")
        }
        return (lines + [""] + notes).joined(separator: "\n")
    }

    func json(output: String, pictures: [(name: String, path: String)]) -> JSON {
        func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
        func interval(_ value: Interval?) -> JSON {
            value.map { .array([.number($0.low), .number($0.high)]) } ?? .null
        }
        return .members([
            "cells": .integer(cells), "output": .string(output),
            "pictures": .object(pictures.map { .init(key: $0.name, value: .string($0.path)) }),
            "golden_rank_interval": interval(goldenRankInterval),
            "settings": .array(
                rows.map { row in
                    .members([
                        "rank": number(row.rank),
                        "settings": RunDocument.Setting.object(row.point.settings),
                        "validation_accuracy": number(row.mean),
                        "validation_interval": interval(row.interval),
                        "test_accuracy": number(row.testMean),
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
