import Phidias

/// A comparison of the losses, each with three ways to choose learning rate and momentum, over several
/// seeds; before that, runs that find a learning rate for plain gradient descent.
///
/// Test accuracy is only reported. The comparisons are fixed before the first run: paired t-tests over
/// seeds with Holm's correction, and permutation tests where they can be significant at all. The
/// synaptic loss is this project's reconstruction (docs/theory.md).
public struct LossExperiment: Sendable {
    /// How learning rate and momentum are chosen.
    public enum Setting: String, CaseIterable, Sendable {
        /// The golden pair.
        case golden
        /// 0.01 and 0.9, as in textbooks.
        case textbook
        /// No momentum, and the learning rate of a grid with the best validation accuracy.
        case plain

        var title: String { self == .plain ? "plain SGD" : rawValue }
    }

    /// A loss with a setting.
    public struct Arm: Hashable, Sendable {
        /// The loss.
        public let loss: LossName
        /// How learning rate and momentum are chosen.
        public let setting: Setting

        /// Loss and setting, for people.
        public var title: String { "\(loss.rawValue), \(setting.title)" }
    }

    /// Two arms whose final test accuracies are compared, seed by seed.
    public struct Comparison: Sendable {
        /// The two arms: the difference is the first one's accuracy minus the second one's.
        public let first, second: Arm

        /// The difference, for people.
        public var title: String { "\(first.title) − \(second.title)" }
    }

    /// The settings of the trainings. The experiment itself chooses loss, learning rate and momentum.
    public var settings: TrainingSettings
    /// Seeds that are compared, from the settings' own up; 2 to 10,000.
    public var seeds = 10
    /// Seeds after them, with which the learning rates are chosen; 1 to 10,000.
    public var tuningSeeds = 3
    /// Learning rates for plain gradient descent, ascending.
    public var rates = ["0.01", "0.03", "0.1", "0.3", "1", "3", "10"]
    /// SHA-256 of each part of the data, by name.
    var checksums: [String: String] = [:]

    /// An experiment with these settings.
    public init(_ settings: TrainingSettings = TrainingSettings()) { self.settings = settings }

    /// Test accuracies for which the first epoch that reaches them is reported.
    public static let levels = [0.95, 0.97, 0.98]
    /// More epochs would not fit into the line of a result.
    public static let mostEpochs = 500

    /// Every loss in every setting.
    public let arms = LossName.ofClasses.flatMap { loss in
        Setting.allCases.map { Arm(loss: loss, setting: $0) }
    }

    /// Our loss against the others in the same setting, and the golden setting against the others
    /// with the same loss. Fixed before any run.
    public let comparisons: [Comparison] =
        Setting.allCases.flatMap { setting in
            LossName.ofClasses.filter { $0 != .synaptic }.map { other in
                Comparison(
                    first: Arm(loss: .synaptic, setting: setting),
                    second: Arm(loss: other, setting: setting))
            }
        }
        + LossName.ofClasses.flatMap { loss in
            Setting.allCases.filter { $0 != .golden }.map { other in
                Comparison(
                    first: Arm(loss: loss, setting: .golden),
                    second: Arm(loss: loss, setting: other))
            }
        }

    // MARK: - Cells

    /// Seeds of the runs that are compared, and after them those that choose learning rates.
    var finalSeeds: [UInt64] { (0..<seeds).map { settings.seed + UInt64($0) } }
    private var searchSeeds: [UInt64] {
        (seeds..<seeds + tuningSeeds).map { settings.seed + UInt64($0) }
    }

    /// All runs that there can be, whatever rates are chosen.
    var possibleCells: [SweepResult.Cell] {
        let all = LossName.ofClasses.flatMap { loss in
            rates.map { values(of: loss, ($0, "0")) }
                + Setting.allCases.compactMap { setting in
                    fixedValues(setting).map { values(of: loss, $0) }
                }
        }
        return (finalSeeds + searchSeeds).flatMap { seed in
            all.map { SweepResult.Cell(settings: $0, seed: seed, fold: 0) }
        }
    }

    /// Plain gradient descent at every learning rate of the grid.
    func search() -> SweepPlan {
        let points = LossName.ofClasses.flatMap { loss in rates.map { point(loss, ($0, "0")) } }
        return plan(points, seeds: searchSeeds)
    }

    /// The runs that are compared; with those of the search, so that they are counted as done.
    func plan(best: [LossName: String]) -> SweepPlan {
        let search = search()
        let final = plan(
            arms.map { arm in point(arm.loss, values(arm, best: best)) }, seeds: finalSeeds)
        return SweepPlan(
            document: search.document, points: search.points + final.points,
            cells: search.cells
                + final.cells.map { .init(point: $0.point + search.points.count, id: $0.id) },
            varied: search.varied, folds: nil, share: search.share, subset: nil, preset: nil,
            recordsEpochs: true)
    }

    /// The cells of an arm, by seed.
    func cells(_ arm: Arm, best: [LossName: String]) -> [SweepResult.Cell] {
        let settings = values(of: arm.loss, values(arm, best: best))
        return finalSeeds.map { SweepResult.Cell(settings: settings, seed: $0, fold: 0) }
    }

    /// Mean validation accuracy of the search for a loss and a rate; nil if it diverged with any seed.
    func searchAccuracy(_ loss: LossName, _ rate: String, _ results: [SweepResult]) -> Double? {
        let settings = values(of: loss, (rate, "0"))
        let seeds = Set(searchSeeds)
        let own = results.filter {
            $0.cell.settings == settings && seeds.contains($0.cell.seed)
        }
        let values = own.compactMap { result -> Double? in
            guard case .finished(_, let validation, _, _) = result.outcome else { return nil }
            return validation.quality
        }
        guard !values.isEmpty, values.count == own.count else { return nil }
        return values.reduce(0, +) / Double(values.count)
    }

    /// The learning rate with the best mean validation accuracy, for each loss; of equals the
    /// smallest. What diverged with any seed is not chosen.
    func bestRates(_ results: [SweepResult]) throws -> [LossName: String] {
        var best: [LossName: String] = [:]
        for loss in LossName.ofClasses {
            var top = -1.0
            for rate in rates {
                // Equal means may differ by their rounding.
                guard let mean = searchAccuracy(loss, rate, results), mean > top + 1e-12
                else { continue }
                (top, best[loss]) = (mean, rate)
            }
            guard best[loss] != nil else {
                throw ExperimentError.allRatesDiverged(loss: loss.rawValue)
            }
        }
        return best
    }

    /// η and α of an arm, as options have them.
    func values(_ arm: Arm, best: [LossName: String]) -> (rate: String, momentum: String) {
        fixedValues(arm.setting) ?? (best[arm.loss] ?? "", "0")
    }

    private func fixedValues(_ setting: Setting) -> (rate: String, momentum: String)? {
        switch setting {
        case .golden: ("golden", "golden")
        case .textbook: ("0.01", "0.9")
        case .plain: nil
        }
    }

    private func values(
        of loss: LossName, _ values: (rate: String, momentum: String)
    ) -> [RunDocument.Setting] {
        [
            .init(name: "loss", value: loss.rawValue),
            .init(name: "learning_rate", value: values.rate),
            .init(name: "momentum", value: values.momentum),
        ]
    }

    private func point(
        _ loss: LossName, _ values: (rate: String, momentum: String)
    ) -> SweepPlan.Point {
        let own = self.values(of: loss, values)
        let names = Set(own.map(\.name) + ["data", "seed", "validation"])
        return SweepPlan.Point(
            all: settings.recordWithoutCheckpoints.filter { !names.contains($0.name) } + own,
            settings: own)
    }

    private func plan(_ points: [SweepPlan.Point], seeds: [UInt64]) -> SweepPlan {
        SweepPlan(
            document: document, points: points,
            cells: seeds.flatMap { seed in
                points.enumerated().map { index, point in
                    .init(point: index, id: .init(settings: point.settings, seed: seed, fold: 0))
                }
            },
            varied: ["loss", "learning_rate", "momentum"], folds: nil,
            share: settings.validation ?? 0.1, subset: nil, preset: nil, recordsEpochs: true)
    }

    private var document: SweepDocument {
        let own: Set = ["data", "loss", "learning_rate", "momentum"]
        let axes =
            [
                SweepDocument.Axis(name: "experiment", values: ["loss"]),
                .init(name: "seeds", values: ["\(seeds)"]),
                .init(name: "tuning_seeds", values: ["\(tuningSeeds)"]),
                .init(name: "rates", values: rates),
                .init(name: "comparisons", values: comparisons.map(\.title)),
            ]
            + settings.recordWithoutCheckpoints.filter { !own.contains($0.name) }.map {
                .init(name: $0.name, values: [$0.value])
            }
        return SweepDocument(
            axes: axes, program: PhidiasVersion.current, checksums: checksums)
    }
}
