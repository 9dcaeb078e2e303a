import Phidias

/// What the golden pair is worth beside what people use: gradient descent with golden and with
/// textbook parameters, the recipe `fast`, Adam and AdamW at their defaults, each with the synaptic and
/// the cross-entropy loss, for several budgets of epochs and batch sizes, over several seeds.
///
/// Nothing is chosen by its result: every recipe is as its authors, or this project, left it. Test
/// accuracy is only reported. The comparisons are fixed before the first run: paired t-tests of golden
/// against each other recipe, over seeds, with Holm's correction over all of them. The synaptic loss is
/// this project's reconstruction (docs/theory.md).
public struct OptimizersExperiment: Sendable {
    /// How steps are taken.
    public enum Recipe: String, CaseIterable, Sendable {
        /// The golden pair.
        case golden
        /// 0.01 and 0.9, as in textbooks.
        case textbook
        /// `TrainingPreset.fast`.
        case fast
        /// Adam with 0.001, 0.9 and 0.999.
        case adam
        /// The same with a decoupled weight decay of 0.01, PyTorch's default.
        case adamw

        /// Whether the first epochs depend on how many there are.
        var dependsOnBudget: Bool { self == .fast }

        func apply(to settings: inout TrainingSettings) {
            switch self {
            case .golden: TrainingPreset.golden.apply(to: &settings)
            case .textbook:
                TrainingPreset.golden.apply(to: &settings)
                (settings.learningRate, settings.momentum) = (0.01, .constant(0.9))
            case .fast: TrainingPreset.fast.apply(to: &settings)
            case .adam: settings.optimizerName = .adam
            case .adamw:
                settings.optimizerName = .adamw
                settings.weightDecay = 0.01
            }
        }
    }

    /// A recipe with a loss and a batch size.
    public struct Arm: Hashable, Sendable {
        /// The loss.
        public let loss: LossName
        /// Images per step.
        public let batchSize: Int
        /// How steps are taken.
        public let recipe: Recipe
    }

    /// Two arms whose test accuracies after a budget are compared, seed by seed.
    public struct Comparison: Hashable, Sendable {
        /// The golden recipe, and another with the same loss and batch size: the difference is the
        /// first one's accuracy minus the second one's.
        public let golden, other: Arm
        /// Epochs of training.
        public let budget: Int
    }

    /// The settings of the trainings. The experiment itself chooses loss, optimizer, learning rate,
    /// momentum, schedule, batch size and epochs.
    public var settings: TrainingSettings
    /// Seeds that are compared, from the settings' own up; 2 to 10,000.
    public var seeds = 5
    /// Epochs of training, ascending.
    public var budgets = [1, 2, 3, 5, 10, 20, 30]
    /// Images per step, ascending.
    public var batchSizes = [16, 64, 256]
    /// SHA-256 of each part of the data, by name.
    var checksums: [String: String] = [:]

    /// An experiment with these settings.
    public init(_ settings: TrainingSettings = TrainingSettings()) { self.settings = settings }

    /// The losses.
    public static let losses: [LossName] = [.synaptic, .crossEntropy]

    /// Every recipe with every loss and batch size.
    public var arms: [Arm] {
        batchSizes.flatMap { batchSize in
            Self.losses.flatMap { loss in
                Recipe.allCases.map { Arm(loss: loss, batchSize: batchSize, recipe: $0) }
            }
        }
    }

    /// Golden against each other recipe. Fixed before any run.
    public var comparisons: [Comparison] {
        arms.filter { $0.recipe != .golden }.flatMap { other in
            budgets.map { budget in
                Comparison(
                    golden: Arm(
                        loss: other.loss, batchSize: other.batchSize, recipe: .golden),
                    other: other, budget: budget)
            }
        }
    }

    // MARK: - Cells

    var seedsCompared: [UInt64] { (0..<seeds).map { settings.seed + UInt64($0) } }

    /// The epochs of the run that a budget is read from.
    func epochs(_ arm: Arm, budget: Int) -> Int {
        arm.recipe.dependsOnBudget ? budget : budgets.last ?? budget
    }

    /// What the runs of an arm are told apart by.
    private static let names = [
        "loss", "optimizer", "learning_rate", "momentum", "schedule", "weight_decay", "batch_size",
        "epochs",
    ]

    /// The settings of an arm's run.
    func settings(_ arm: Arm, epochs: Int) -> TrainingSettings {
        var own = settings
        (own.loss, own.batchSize, own.epochs) = (arm.loss, arm.batchSize, epochs)
        arm.recipe.apply(to: &own)
        return own
    }

    private func point(_ arm: Arm, epochs: Int) -> SweepPlan.Point {
        let record = settings(arm, epochs: epochs).recordWithoutCheckpoints
        return SweepPlan.Point(
            all: record.filter { !["data", "seed", "validation"].contains($0.name) },
            settings: Self.names.compactMap { name in record.first { $0.name == name } })
    }

    /// The run that an arm's budget is read from.
    func cell(_ arm: Arm, budget: Int, seed: UInt64) -> SweepResult.Cell {
        .init(
            settings: point(arm, epochs: epochs(arm, budget: budget)).settings, seed: seed, fold: 0)
    }

    /// All runs.
    var plan: SweepPlan {
        let points = arms.flatMap { arm in
            (arm.recipe.dependsOnBudget ? budgets : budgets.suffix(1)).map {
                point(arm, epochs: $0)
            }
        }
        return SweepPlan(
            document: document, points: points,
            cells: seedsCompared.flatMap { seed in
                points.enumerated().map { index, point in
                    .init(point: index, id: .init(settings: point.settings, seed: seed, fold: 0))
                }
            },
            varied: Self.names, folds: nil, share: settings.validation ?? 0.1, subset: nil,
            preset: nil, recordsEpochs: true)
    }

    /// The settings that the experiment does not choose.
    var record: [RunDocument.Setting] {
        settings.recordWithoutCheckpoints.filter { !Self.chosen.contains($0.name) }
    }

    /// What it chooses beside what tells its runs apart.
    static let chosen = Set(
        names + ["nesterov", "clip_norm", "warm_up", "beta1", "beta2", "epsilon"])

    private var document: SweepDocument {
        let axes =
            [
                SweepDocument.Axis(name: "experiment", values: ["optimizers"]),
                .init(name: "seeds", values: ["\(seeds)"]),
                .init(name: "budgets", values: budgets.map { "\($0)" }),
                .init(name: "batch_sizes", values: batchSizes.map { "\($0)" }),
            ]
            + record.filter { $0.name != "data" }.map { .init(name: $0.name, values: [$0.value]) }
        return SweepDocument(
            axes: axes, program: PhidiasVersion.current, checksums: checksums)
    }
}
