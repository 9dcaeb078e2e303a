import Phidias
import Synchronization

/// Computes cells, several at a time, and writes each result as soon as it is there.
///
/// A cell depends on nothing but its settings, seed and fold: order and number of workers change
/// no result.
final class SweepRunner: Sendable {
    private struct State {
        var next = 0
        var results: [SweepResult] = []
        var failure: (any Error)?
    }

    private let plan: SweepPlan
    private let data: DataPair
    private let log: LineLog
    private let threads: Int
    /// The cells that have no result yet.
    private let cells: [SweepPlan.Cell]
    private let state: Mutex<State>
    private let start = ContinuousClock.now
    private let shouldStop: @Sendable () -> Bool
    private let onEvent: @Sendable (SweepEvent) -> Void

    /// - Parameters:
    ///   - results: of the cells that are done.
    ///   - shouldStop: asked by every worker between two steps.
    ///   - onEvent: called by one worker at a time.
    init(
        _ plan: SweepPlan, _ data: DataPair, _ log: LineLog, threads: Int, results: [SweepResult],
        shouldStop: @escaping @Sendable () -> Bool,
        onEvent: @escaping @Sendable (SweepEvent) -> Void
    ) {
        (self.shouldStop, self.onEvent) = (shouldStop, onEvent)
        self.plan = plan
        self.data = data
        self.log = log
        self.threads = threads
        let done = Set(results.map(\.cell))
        cells = plan.cells.filter { !done.contains($0.id) }
        state = Mutex(State(results: results))
    }

    /// Computes all cells that are left.
    /// - Returns: the results of all that are done. Where it was asked to stop, what was finished is
    ///   written, and the cells that were being computed will be computed again.
    func run(jobs: Int) throws -> [SweepResult] {
        Workers.run(min(jobs, cells.count)) { self.work() }
        let (results, failure) = state.withLock { ($0.results, $0.failure) }
        if let failure { throw failure }
        return results
    }

    private var isStopping: Bool {
        shouldStop() || state.withLock { $0.failure != nil }
    }

    private func work() {
        var split: SweepSplit?
        do {
            while !isStopping, let cell = takeCell() {
                let id = cell.id
                if split?.seed != id.seed || split?.fold != id.fold {
                    split = try SweepSplit(data.training, plan, seed: id.seed, fold: id.fold)
                }
                guard let split, let result = try compute(cell, split) else { return }
                try finish(result)
            }
        } catch {
            state.withLock { $0.failure = $0.failure ?? error }
        }
    }

    private func takeCell() -> SweepPlan.Cell? {
        state.withLock { state in
            guard state.next < cells.count else { return nil }
            state.next += 1
            return cells[state.next - 1]
        }
    }

    /// - Returns: nil if the sweep is to stop.
    private func compute(_ cell: SweepPlan.Cell, _ split: SweepSplit) throws -> SweepResult? {
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
                shouldStop: { self.isStopping },
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

    private func finish(_ result: SweepResult) throws {
        try log.append(result.json.text())
        // Under the lock, so that events come in the order of their counts.
        state.withLock { state in
            state.results.append(result)
            let done = state.results.count
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
