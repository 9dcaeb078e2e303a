import Charts
import Phidias

/// What happens in a sweep, as it happens.
public enum SweepEvent: Sendable {
    /// Cells are about to be computed: all, those that have no result yet, the points of the grid,
    /// and how many cells run at a time with how many threads each.
    case starts(cells: Int, left: Int, points: Int, jobs: Int, threads: Int)
    /// Of cells that take long: about how many seconds they will, by the speed of some first steps.
    case takes(seconds: Double)
    /// Before anything is trained: labels of the training images that look like mistakes.
    case doubts([DataDoubt])
    /// The last line of the results was cut off, as by a loss of power: it is removed, and its cell
    /// is computed again.
    case cutLine(path: String, byte: Int, bytes: Int)
    /// A cell is done and saved; the time that is left is an estimate.
    case cell(SweepResult, done: Int, of: Int, secondsLeft: Double)
}

/// The outcome of a sweep.
public struct SweepOutcome: Sendable {
    /// The points of the grid, best first, from the cells that are done.
    public let report: SweepReport
    /// The cells that are done.
    public let results: [SweepResult]
    /// How many cells the sweep has.
    public let cells: Int
    /// The folder with the results.
    public let folder: String

    /// Whether every cell is done.
    public var isComplete: Bool { results.count == cells }
}

/// Trainings of a grid of settings, kept in a folder.
public enum Sweep {
    /// Computes all cells that have no result yet, several at a time, and ranks the points by
    /// validation accuracy, or R² of numbers to predict. Each finished cell is a line of
    /// results.jsonl, written at once; the same call continues an interrupted one.
    ///
    /// A cell depends on its settings, seed and fold alone: order, jobs and threads change no result.
    /// - Parameters:
    ///   - settings: the grid.
    ///   - folder: where the results go; until it returns, nothing else may use it.
    ///   - data: nil reads what the settings name.
    ///   - firstFolds: computes and reports only this many of the folds; nil for all.
    ///   - jobs: cells at a time; nil for one for each thread.
    ///   - threads: of a cell.
    ///   - ranks: share the cells: each makes the same call, reads its own data and computes `jobs`
    ///     cells at a time, and the first has the folder and the outcome. Nil for this process alone.
    ///   - renderer: draws the charts as PNG too, light and dark; nil for SVG alone.
    ///   - onEvent: called with what happens, by one thread at a time.
    ///   - shouldStop: asked between two steps of every cell; true ends the sweep.
    /// - Throws: `SweepError`, `SweepFileError`; what is wrong with settings or data; `FileError`;
    ///   `ChartRendererError`; `RankError`; at the end of every rank but the first `RankIsDone`.
    public static func run(
        _ settings: SweepSettings, in folder: String, data: DataPair? = nil,
        firstFolds: Int? = nil, jobs: Int? = nil, threads: Int = 1, ranks: RankGroup? = nil,
        renderer: ChartRenderer? = nil,
        onEvent: @escaping @Sendable (SweepEvent) -> Void = { _ in },
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws -> SweepOutcome {
        try settings.check()
        if let firstFolds, firstFolds < 1 || firstFolds > settings.foldCount ?? 0 {
            throw SweepError.firstFolds(firstFolds, of: settings.foldCount ?? 0)
        }
        Workers.keepFromBinding()
        _ = try Model.threads(threads)
        let own = try Model.threads(jobs, over: ranks)
        let data = try data ?? settings.data.load(seed: settings.seed)
        var settings = settings
        try settings.adapt(to: data.training)
        let whole = try SweepPlan(settings, checksums: data.checksums)
        let plan = firstFolds.map { whole.withFolds(0..<$0) } ?? whole
        try check(plan, data, seed: settings.seed, threads: threads)
        var document = plan.document
        if let firstFolds {
            document.axes.append(.init(name: "first_folds", values: ["\(firstFolds)"]))
        }
        let jobs = try ranks?.agree(on: document, jobs: own, shouldStop: shouldStop) ?? own
        if let ranks, !ranks.isFirst {
            try SweepRunner.help(
                ranks, with: plan, data, jobs: own, threads: threads, shouldStop: shouldStop)
            throw RankIsDone()
        }
        let place = SweepFolder(folder, onEvent: onEvent)
        try place.open(plan.document)
        let (all, log) = try place.results(of: whole.cells.map(\.id))
        let wanted = Set(plan.cells.map(\.id))
        let results = all.filter { wanted.contains($0.cell) }
        let left = plan.cells.count - results.count
        if !data.doubts.isEmpty { onEvent(.doubts(data.doubts)) }
        let runner = SweepRunner(
            plan, data, log, over: ranks, threads: threads, results: results,
            shouldStop: shouldStop, onEvent: onEvent)
        let busy = min(jobs, max(left, 1))
        onEvent(
            .starts(
                cells: plan.cells.count, left: left, points: plan.points.count, jobs: busy,
                threads: threads))
        if let seconds = try runner.estimatedSeconds(jobs: busy) {
            onEvent(.takes(seconds: seconds))
        }
        let finished = try runner.run(jobs: own)
        log.close()
        let report = try SweepReport(plan, finished)
        if finished.count == plan.cells.count { try report.writePictures(to: folder, renderer) }
        withExtendedLifetime(place) {}
        return SweepOutcome(
            report: report, results: finished, cells: plan.cells.count, folder: folder)
    }

    /// Checks that every point can be trained, before the first is.
    private static func check(
        _ plan: SweepPlan, _ data: DataPair, seed: UInt64, threads: Int
    ) throws {
        let split = try SweepSplit(data.training, plan, seed: seed, fold: 0)
        for point in plan.points.indices {
            let given = try plan.settings(point, seed: seed)
            try given.check()
            let settings = try given.adapted(to: split.training)
            _ = try settings.network(for: split.training, threads: threads)
        }
    }
}

extension SweepReport {
    /// The pictures that a sweep's folder has, by name, with their files' names: a heat map and a chart of
    /// effective learning rates, where these two are all that varies, a chart of random searches, where one
    /// of many settings has the golden pair, and one of the best learning rates, where the size of the batch
    /// or of a layer varies. The heat map is there a second time as pixels, a square a cell, without axes
    /// and numbers.
    private var pictures: [(name: String, file: String, chart: Chart?)] {
        [
            ("heat_map", "heatmap", heatMap),
            ("effective_rates", "effective-rates", effectiveRates),
            ("random_search", "random-search", randomSearchChart),
            ("best_rates", "best-rates", bestRatesChart),
        ]
    }
    /// The name of the one without axes: programs can use it, people see too little in it.
    package static let colorsAlone = "heat_map_colors"
    private static let colorsFile = "heatmap.png"

    /// Draws the pictures that there are.
    func writePictures(to folder: String, _ renderer: ChartRenderer?) throws {
        for case (_, let file, let chart?) in pictures {
            try chart.write(file, to: folder, renderer)
        }
        if let image = heatMapImage {
            try PNG.write(
                image,
                text: [
                    "Title": "Validation \(measure) over learning rate (right) and momentum (up)",
                    "Software": "Phidias",
                ], to: "\(folder)/\(Self.colorsFile)")
        }
    }

    /// Those of the pictures that this report has.
    package var drawn: [(name: String, file: String)] {
        pictures.filter { $0.chart != nil }.map { ($0.name, "\($0.file).svg") }
            + (heatMap == nil ? [] : [(Self.colorsAlone, Self.colorsFile)])
    }
}
