import Phidias
import Synchronization

/// Computes cells, several at a time, and writes each result as soon as it is there.
///
/// A cell depends on nothing but its settings, seed and fold: order and number of workers change
/// no result.
final class SweepRunner: Sendable {
    private let plan: SweepPlan
    private let data: DataPair
    /// Nil on another rank than the first, which keeps no results.
    private let log: LineLog?
    private let ranks: RankGroup?
    private let threads: Int
    /// The places of the cells that have no result yet.
    private let cells: [Int]
    private let results: Mutex<[SweepResult]>
    private let start = ContinuousClock.now
    private let shouldStop: @Sendable () -> Bool
    private let onEvent: @Sendable (SweepEvent) -> Void

    /// - Parameters:
    ///   - ranks: share the cells; nil for this process alone.
    ///   - results: of the cells that are done.
    ///   - shouldStop: asked by every worker between two steps.
    ///   - onEvent: called by one worker at a time.
    init(
        _ plan: SweepPlan, _ data: DataPair, _ log: LineLog?, over ranks: RankGroup?, threads: Int,
        results: [SweepResult], shouldStop: @escaping @Sendable () -> Bool,
        onEvent: @escaping @Sendable (SweepEvent) -> Void
    ) {
        (self.shouldStop, self.onEvent) = (shouldStop, onEvent)
        self.plan = plan
        self.data = data
        (self.log, self.ranks) = (log, ranks)
        self.threads = threads
        let done = Set(results.map(\.cell))
        cells = plan.cells.indices.filter { !done.contains(plan.cells[$0].id) }
        self.results = Mutex(results)
    }

    /// What another rank than the first does for a plan: computes the cells that it is given.
    static func help(
        _ ranks: RankGroup, with plan: SweepPlan, _ data: DataPair, jobs: Int, threads: Int,
        shouldStop: @escaping @Sendable () -> Bool
    ) throws {
        _ = try SweepRunner(
            plan, data, nil, over: ranks, threads: threads, results: [], shouldStop: shouldStop,
            onEvent: { _ in }
        ).run(jobs: jobs)
    }

    /// Computes all cells that are left.
    /// - Returns: the results of all that are done. Where it was asked to stop, what was finished is
    ///   written, and the cells that were being computed will be computed again.
    func run(jobs: Int) throws -> [SweepResult] {
        try CellWork(
            over: ranks, cells, shouldStop: shouldStop,
            makeWorker: { isStopping in
                var split: SweepSplit?
                return { index in
                    let cell = self.plan.cells[index], id = cell.id
                    if split?.seed != id.seed || split?.fold != id.fold {
                        split = try SweepSplit(
                            self.data.training, self.plan, seed: id.seed, fold: id.fold)
                    }
                    guard let split else { return nil }
                    return try self.compute(cell, split, isStopping)?.json.text()
                }
            },
            keep: { try self.keep($1, of: self.plan.cells[$0].id) }
        ).run(jobs: jobs)
        return results.withLock { $0 }
    }

    /// About how long the cells that are left take, by the speed of the first of them over half a
    /// second; nil if that is soon, or not known.
    func estimatedSeconds(jobs: Int) throws -> Double? {
        guard let first = cells.first.map({ plan.cells[$0] }) else { return nil }
        let split = try SweepSplit(data.training, plan, seed: first.id.seed, fold: first.id.fold)
        func network(_ point: Int) throws -> (settings: TrainingSettings, network: Network) {
            let settings = try plan.settings(point, seed: first.id.seed)
                .adapted(to: split.training)
            return (settings, try settings.network(for: split.training, threads: threads))
        }
        let cellsOfPoints = cells.reduce(into: [:]) { $0[plan.cells[$1].point, default: 0] += 1.0 }
        let flops = try cellsOfPoints.reduce(0) { sum, entry in
            let (settings, network) = try network(entry.key)
            return sum + entry.value * network.trainingFlops * Double(settings.epochs)
                * Double(split.training.count)
        }
        let soon = 30.0, quick = 5e10
        guard flops > soon * quick * Double(jobs) else { return nil }
        let (settings, network) = try network(first.point)
        let trainer = try settings.trainer(
            settings.startModel(network, split.training), threads: threads)
        var begin: ContinuousClock.Instant?
        var steps = -1
        var seconds = 0.0
        do {
            try trainer.train(
                on: split.training, epochs: 1,
                shouldStop: {
                    steps += 1
                    let now = ContinuousClock.now
                    begin = begin ?? now
                    seconds = begin.map { $0.duration(to: now) / .seconds(1) } ?? 0
                    return seconds > 0.5 || self.shouldStop()
                })
        } catch is TrainingError {
            return nil
        }
        let speed = network.trainingFlops * Double(settings.batchSize * steps) / seconds
        return speed > 0 && speed.isFinite ? flops / speed / Double(jobs) : nil
    }

    /// - Returns: nil if the sweep is to stop.
    private func compute(
        _ cell: SweepPlan.Cell, _ split: SweepSplit,
        _ isStopping: @escaping @Sendable () -> Bool
    ) throws -> SweepResult? {
        let begin = ContinuousClock.now
        let settings = try plan.settings(cell.point, seed: cell.id.seed)
            .adapted(to: split.training)
        let loss = try settings.lossFunction()
        let trainer = try settings.trainer(
            settings.startModel(
                try settings.network(for: split.training, threads: threads), split.training),
            threads: threads)
        var epochs: [SweepResult.Epoch] = []
        var finished: SweepResult.Outcome?
        let outcome: SweepResult.Outcome
        do {
            try trainer.train(
                on: split.training, epochs: settings.epochs,
                shouldStop: isStopping,
                onEpoch: { epoch in
                    let isLast = epoch.epoch == settings.epochs
                    guard isLast || self.plan.recordsEpochs else { return }
                    let validation = try epoch.score(
                        split.validation, "validation", loss: loss, threads: self.threads)
                    let test = try epoch.score(
                        self.data.test, "test", loss: loss, threads: self.threads)
                    if self.plan.recordsEpochs {
                        epochs.append(
                            .init(
                                validation: validation.quality, test: test.quality,
                                seconds: epoch.seconds))
                    }
                    guard isLast else { return }
                    finished = .finished(
                        training: .init(loss: epoch.trainingLoss, accuracy: epoch.trainingAccuracy),
                        validation: validation, test: test,
                        weightsSHA256: epoch.model.weightsSHA256)
                })
            guard let finished else { return nil }
            outcome = finished
        } catch TrainingError.diverged(let step, let layer, let what) {
            outcome = .diverged(.init(step: step, layer: layer, what: what))
        }
        return SweepResult(
            cell: cell.id, outcome: outcome, epochs: epochs, trainingSeconds: trainer.seconds,
            seconds: begin.duration(to: .now) / .seconds(1))
    }

    /// Keeps a result as it will be read.
    private func keep(_ line: String, of cell: SweepResult.Cell) throws {
        let read = try SweepResultsFile.parse(Array((line + "\n").utf8), path: "a cell's result")
        guard let result = read.results.first, result.cell == cell else {
            throw SweepFileError(
                path: "a cell's result", byte: 0, reason: "it is that of another cell")
        }
        try log?.append(line)
        // Under the lock, so that events come in the order of their counts.
        results.withLock { results in
            results.append(result)
            let done = results.count
            let fresh = done - (plan.cells.count - cells.count)
            let elapsed = start.duration(to: .now) / .seconds(1)
            onEvent(
                .cell(
                    result, done: done, of: plan.cells.count,
                    secondsLeft: elapsed / Double(max(fresh, 1)) * Double(plan.cells.count - done)))
        }
    }
}

extension SweepResult.Cell {
    /// The cell, for people.
    public var text: String { "\(settings.text), seed \(seed), fold \(fold)" }
}
