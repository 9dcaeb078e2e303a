import Charts
import Phidias
import Statistics

/// What a comparison of the losses has measured.
public struct LossReport: Sendable {
    /// A loss with a setting, over the seeds.
    public struct Row: Sendable {
        /// The loss and its setting.
        public let arm: LossExperiment.Arm
        /// The learning rate, as records have it.
        public let rate: String
        /// The momentum weight, as records have it.
        public let momentum: String
        /// The accuracies of each seed's epochs; nil for a seed that diverged.
        public let runs: [[SweepResult.Epoch]?]

        /// Final test accuracies, by seed.
        public var final: [Double?] { runs.map { $0?.last?.test } }

        /// How many seeds diverged.
        public var diverged: Int { runs.filter { $0 == nil }.count }

        /// Mean over the seeds and its 95 % interval, of an epoch counted from 0.
        func accuracy(_ value: (SweepResult.Epoch) -> Double, epoch: Int) throws -> Chart.Estimate?
        {
            try Self.estimate(runs.compactMap { $0.map { value($0[epoch]) } }, in: 0...1)
        }

        /// Epochs and seconds until a share of the test images is classified correctly, for the seeds
        /// that get there.
        func reach(_ level: Double) -> (epochs: [Double], seconds: [Double]) {
            var epochs: [Double] = [], seconds: [Double] = []
            for case let run? in runs {
                guard let place = run.firstIndex(where: { $0.test >= level }) else { continue }
                epochs.append(Double(place + 1))
                seconds.append(run[...place].reduce(0) { $0 + $1.seconds })
            }
            return (epochs, seconds)
        }

        /// - Parameter range: of the values that there can be.
        static func estimate(
            _ values: [Double], in range: ClosedRange<Double> = -Double.infinity...Double.infinity
        ) throws -> Chart.Estimate? {
            guard values.count > 1 else { return nil }
            let moments = try Moments(values)
            let interval = try moments.interval().clamped(to: range)
            return .init(moments.mean, low: interval.low, high: interval.high)
        }
    }

    /// A comparison of final test accuracies over the seeds that neither arm lost.
    public struct Test: Sendable {
        /// What is compared.
        public let comparison: LossExperiment.Comparison
        /// How many seeds both arms finished.
        public let pairs: Int
        let student: TTest
        let interval: Interval
        /// nil where its smallest p-value could not pass the correction.
        let permutation: PermutationTest?
        /// p-values after Holm's correction over all comparisons.
        public internal(set) var adjustedStudent = 1.0, adjustedPermutation: Double?
        /// The mean difference of final test accuracies.
        public var meanDifference: Double { student.meanDifference }
        /// Its 95 % interval.
        public var confidenceInterval: ClosedRange<Double> { interval.low...interval.high }
    }

    static let level = 0.05
    let experiment: LossExperiment
    let best: [LossName: String]
    let results: [SweepResult]
    /// Every loss with every setting.
    public let rows: [Row]
    /// The comparisons that could be made.
    public let tests: [Test]

    init(
        _ experiment: LossExperiment, _ best: [LossName: String], _ results: [SweepResult]
    ) throws {
        self.experiment = experiment
        self.best = best
        self.results = results
        let found = Dictionary(uniqueKeysWithValues: results.map { ($0.cell, $0) })
        rows = experiment.arms.map { arm in
            let values = experiment.values(arm, best: best)
            return Row(
                arm: arm, rate: values.rate, momentum: values.momentum,
                runs: experiment.cells(arm, best: best).map { cell in
                    guard let result = found[cell], case .finished = result.outcome else {
                        return nil
                    }
                    return result.epochs
                })
        }
        tests = try Self.tests(experiment, rows)
    }

    private static func tests(_ experiment: LossExperiment, _ rows: [Row]) throws -> [Test] {
        let count = experiment.comparisons.count
        var generator = CounterRandom.Stream(
            CounterRandom(seed: experiment.settings.seed, purpose: .user))
        var tests = try experiment.comparisons.compactMap { comparison -> Test? in
            func values(_ arm: LossExperiment.Arm) -> [Double?] {
                rows.first { $0.arm == arm }?.final ?? []
            }
            let pairs = zip(values(comparison.first), values(comparison.second)).compactMap {
                first, second in first.flatMap { first in second.map { (first, $0) } }
            }
            guard pairs.count > 1 else { return nil }
            let (first, second) = (pairs.map(\.0), pairs.map(\.1))
            let student = try TTest.paired(first, second)
            let canPass =
                PermutationTest.smallestPValue(pairs: pairs.count) * Double(count) <= level
            return Test(
                comparison: comparison, pairs: pairs.count, student: student,
                interval: try student.interval(),
                permutation: canPass
                    ? try PermutationTest.paired(first, second, using: &generator) : nil)
        }
        // Comparisons that could not be made count as not significant.
        func adjusted(_ pValues: [Double]) throws -> [Double] {
            try Holm.adjusted(pValues + Array(repeating: 1, count: count - pValues.count))
        }
        for (index, p) in zip(tests.indices, try adjusted(tests.map(\.student.pValue))) {
            tests[index].adjustedStudent = p
        }
        let permuted = tests.map { $0.permutation?.pValue ?? 1 }
        for (index, p) in zip(tests.indices, try adjusted(permuted))
        where tests[index].permutation != nil {
            tests[index].adjustedPermutation = p
        }
        return tests
    }

    /// Tables, charts and numbers.
    public var result: ExperimentResult {
        get throws {
            ExperimentResult(
                name: "loss", record: record, text: try text, measured: try measured,
                charts: try charts)
        }
    }
}
