import Phidias

/// The cells of a sweep and how to compute each of them.
struct SweepPlan: Sendable {
    /// One value for every setting.
    struct Point: Sendable {
        /// Every setting of training.
        let all: [RunDocument.Setting]
        /// The part that tells points apart: learning rate, momentum, and what else varies.
        let settings: [RunDocument.Setting]

        subscript(name: String) -> String? { settings.first { $0.name == name }?.value }
    }

    struct Cell: Sendable {
        let point: Int
        let id: SweepResult.Cell
    }

    let document: SweepDocument
    let points: [Point]
    /// Those of one seed and fold one after the other: they share their images.
    private(set) var cells: [Cell]
    /// Names of the settings with more than one value.
    let varied: [String]
    let folds: Int?
    let share: Double
    let subset: Double?
    let preset: SweepPreset?
    /// Whether results have those of every epoch.
    var recordsEpochs = false

    /// The most cells that a sweep has.
    static let mostCells = 1_000_000

    /// The settings of training of a point.
    func settings(_ point: Int, seed: UInt64) throws -> TrainingSettings {
        var settings = TrainingSettings()
        try settings.set(points[point].all)
        settings.seed = seed
        return settings
    }

    /// Whether learning rate and momentum are the golden pair; in a preset, what stands for it.
    func isGolden(_ point: Point) -> Bool {
        guard let rate = point["learning_rate"], let momentum = point["momentum"],
            point["optimizer"] ?? OptimizerName.sgd.rawValue == OptimizerName.sgd.rawValue
        else { return false }
        if let golden = preset?.golden {
            return rate == golden.learningRate && momentum == golden.momentum
        }
        return RunChange.isSame("learning_rate", rate, "golden")
            && RunChange.isSame("momentum", momentum, "golden")
    }

    /// The plan with only the cells of some folds.
    func withFolds(_ folds: Range<Int>) -> SweepPlan {
        var plan = self
        plan.cells.removeAll { !folds.contains($0.id.fold) }
        return plan
    }

    /// What the golden pair is called.
    var goldenName: String {
        preset == nil ? "golden pair" : "the paper's rounded golden pair"
    }

    /// The ratio of held-out to training images.
    var testToTrain: Double { folds.map { 1 / Double($0 - 1) } ?? share / (1 - share) }
}

extension SweepPlan {
    /// The grid of a sweep.
    init(_ settings: SweepSettings, checksums: [String: String]) throws {
        let axes = try settings.axes()
        let varied = axes.filter { $0.values.count > 1 }.map(\.name)
        let shown = Set(varied + ["learning_rate", "momentum"])
        let folds = settings.foldCount ?? 1
        var count = settings.seeds
        for factor in axes.map(\.values.count) + [folds] {
            let (product, overflow) = count.multipliedReportingOverflow(by: factor)
            guard !overflow, product <= Self.mostCells else {
                throw SweepError.tooManyCells
            }
            count = product
        }
        var combinations: [[RunDocument.Setting]] = [[]]
        for axis in axes {
            combinations = combinations.flatMap { start in
                axis.values.map { start + [.init(name: axis.name, value: $0)] }
            }
        }
        let points = combinations.map { settings in
            Point(all: settings, settings: settings.filter { shown.contains($0.name) })
        }
        var cells: [Cell] = []
        for seed in 0..<settings.seeds {
            for fold in 0..<folds {
                for (index, point) in points.enumerated() {
                    let id = SweepResult.Cell(
                        settings: point.settings, seed: settings.seed + UInt64(seed), fold: fold)
                    cells.append(Cell(point: index, id: id))
                }
            }
        }
        self.init(
            document: SweepDocument(
                axes: axes + settings.protocolAxes, program: PhidiasVersion.current,
                checksums: checksums),
            points: points, cells: cells, varied: varied, folds: settings.foldCount,
            share: settings.share, subset: settings.subset, preset: settings.preset)
    }
}

/// The images of one seed and fold.
struct SweepSplit: Sendable {
    let seed: UInt64
    let fold: Int
    let training, validation: Dataset

    init(_ data: Dataset, _ plan: SweepPlan, seed: UInt64, fold: Int) throws {
        self.seed = seed
        self.fold = fold
        var indices = Array(0..<data.count)
        if let subset = plan.subset {
            indices = try data.stratifiedSubset(fraction: subset, seed: seed)
        }
        if let folds = plan.folds {
            let places = try data.stratifiedFolds(folds, of: indices, seed: seed)
            let pairs = zip(indices, places)
            training = try data.subset(pairs.filter { $0.1 != fold }.map(\.0))
            validation = try data.subset(pairs.filter { $0.1 == fold }.map(\.0))
        } else {
            let part = plan.subset == nil ? data : try data.subset(indices)
            (training, validation) = try part.stratifiedSplit(fraction: plan.share, seed: seed)
        }
    }
}
