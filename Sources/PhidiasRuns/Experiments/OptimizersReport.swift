import Charts
import Phidias
import Statistics

/// What a comparison of optimizers has measured.
public struct OptimizersReport: Sendable {
    /// An arm after a number of epochs.
    public struct Result: Sendable {
        /// The recipe with its loss and batch size.
        public let arm: OptimizersExperiment.Arm
        /// Epochs of training.
        public let budget: Int
        /// Test accuracies, by seed; nil for a seed that diverged before.
        public let test: [Double?]
        /// Mean and 95 % interval over the seeds that did not diverge; nil for fewer than two.
        let estimate: Chart.Estimate?
    }

    /// A comparison over the seeds that neither arm lost.
    public struct Test: Sendable {
        /// What is compared.
        public let comparison: OptimizersExperiment.Comparison
        /// How many seeds both arms finished.
        public let pairs: Int
        let student: TTest
        let interval: Interval
        /// p after Holm's correction over all comparisons.
        public internal(set) var adjusted = 1.0
        /// The mean difference of test accuracies, golden less the other.
        public var meanDifference: Double { student.meanDifference }
        /// Its 95 % interval.
        public var confidenceInterval: ClosedRange<Double> { interval.low...interval.high }
        /// Whether golden is better or worse at 5 %; nil where that is not decided.
        public var isGoldenBetter: Bool? {
            adjusted <= OptimizersReport.level ? meanDifference > 0 : nil
        }
    }

    static let level = 0.05
    let experiment: OptimizersExperiment
    /// Every arm after every budget.
    public let results: [Result]
    /// The comparisons that could be made.
    public let tests: [Test]

    init(_ experiment: OptimizersExperiment, _ found: [SweepResult]) throws {
        self.experiment = experiment
        let found = Dictionary(uniqueKeysWithValues: found.map { ($0.cell, $0) })
        results = try experiment.arms.flatMap { arm in
            try experiment.budgets.map { budget in
                let test = experiment.seedsCompared.map { seed -> Double? in
                    let epochs =
                        found[experiment.cell(arm, budget: budget, seed: seed)]?.epochs ?? []
                    // What was there before a divergence counts.
                    return epochs.count >= budget ? epochs[budget - 1].test : nil
                }
                return Result(
                    arm: arm, budget: budget, test: test,
                    estimate: try LossReport.Row.estimate(test.compactMap { $0 }, in: 0...1))
            }
        }
        tests = try Self.tests(experiment, results)
    }

    private static func tests(
        _ experiment: OptimizersExperiment, _ results: [Result]
    ) throws -> [Test] {
        let comparisons = experiment.comparisons
        var tests = try comparisons.compactMap { comparison -> Test? in
            func accuracies(_ arm: OptimizersExperiment.Arm) -> [Double?] {
                find(arm, comparison.budget, in: results)?.test ?? []
            }
            let (golden, other) = (accuracies(comparison.golden), accuracies(comparison.other))
            let pairs = zip(golden, other).compactMap { first, second in
                first.flatMap { first in second.map { (first, $0) } }
            }
            guard pairs.count > 1 else { return nil }
            let student = try TTest.paired(pairs.map(\.0), pairs.map(\.1))
            return Test(
                comparison: comparison, pairs: pairs.count, student: student,
                interval: try student.interval())
        }
        // Comparisons that could not be made count as not significant.
        let missing = Array(repeating: 1.0, count: comparisons.count - tests.count)
        let adjusted = try Holm.adjusted(tests.map(\.student.pValue) + missing)
        for (index, p) in zip(tests.indices, adjusted) { tests[index].adjusted = p }
        return tests
    }

    private static func find(
        _ arm: OptimizersExperiment.Arm, _ budget: Int, in results: [Result]
    ) -> Result? {
        results.first { $0.arm == arm && $0.budget == budget }
    }

    /// An arm after a budget of epochs.
    func result(_ arm: OptimizersExperiment.Arm, _ budget: Int) -> Result? {
        Self.find(arm, budget, in: results)
    }

    /// Tables, chart and numbers.
    public var result: ExperimentResult {
        get throws {
            ExperimentResult(
                name: "optimizers", record: record, text: text, measured: measured, charts: charts)
        }
    }

    /// What the experiment chooses itself is left out.
    private var record: ExperimentRecord {
        let pairs: KeyValuePairs = [
            "seeds": String(experiment.seeds),
            "budgets": experiment.budgets.map { "\($0)" }.joined(separator: ","),
            "batch_sizes": experiment.batchSizes.map { "\($0)" }.joined(separator: ","),
        ]
        return ExperimentRecord(
            settings: experiment.record + pairs.map { .init(name: $0.key, value: $0.value) },
            checksums: experiment.checksums)
    }

    private var measured: JSON {
        .members([
            "origin": .string("synaptic loss: our reconstruction, docs/theory.md"),
            "seeds": .array(experiment.seedsCompared.map { .string(String($0)) }),
            "results": .array(
                results.map { result in
                    .object(
                        Self.members(result.arm) + [
                            .init(key: "epochs", value: .integer(result.budget)),
                            .init(
                                key: "test_accuracy",
                                value: .array(result.test.map { $0.map { .number($0) } ?? .null })),
                            .init(
                                key: "mean",
                                value: result.estimate.map { .number($0.value) } ?? .null),
                            .init(
                                key: "interval",
                                value: result.estimate.map {
                                    .array([.number($0.low), .number($0.high)])
                                } ?? .null),
                        ])
                }),
            "comparisons_stated": .integer(experiment.comparisons.count),
            "comparisons": .array(
                tests.map { test in
                    .object(
                        Self.members(test.comparison.other) + [
                            .init(key: "epochs", value: .integer(test.comparison.budget)),
                            .init(key: "pairs", value: .integer(test.pairs)),
                            .init(key: "golden_ahead", value: .number(test.meanDifference)),
                            .init(
                                key: "interval",
                                value: .array([
                                    .number(test.interval.low), .number(test.interval.high),
                                ])),
                            .init(key: "t", value: .number(test.student.statistic)),
                            .init(key: "p", value: .number(test.student.pValue)),
                            .init(key: "p_holm", value: .number(test.adjusted)),
                        ])
                }),
        ])
    }

    private static func members(_ arm: OptimizersExperiment.Arm) -> [JSON.Member] {
        [
            .init(key: "loss", value: .string(arm.loss.rawValue)),
            .init(key: "batch_size", value: .integer(arm.batchSize)),
            .init(key: "recipe", value: .string(arm.recipe.rawValue)),
        ]
    }
}
