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

    /// - Parameter results: of the cells that are done.
    init(
        _ plan: SweepPlan, _ data: DataPair, _ log: LineLog, threads: Int, results: [SweepResult]
    ) {
        self.plan = plan
        self.data = data
        self.log = log
        self.threads = threads
        let done = Set(results.map(\.cell))
        cells = plan.cells.filter { !done.contains($0.id) }
        state = Mutex(State(results: results))
    }

    /// Computes all cells that are left.
    /// - Returns: the results of all.
    /// - Throws: `Interrupted` after a signal: what was finished is written, and the cells that
    ///   were being computed will be computed again.
    func run(jobs: Int) throws -> [SweepResult] {
        Interruption.watch()
        Workers.run(min(jobs, cells.count)) { self.work() }
        clearBar()
        let (results, failure) = state.withLock { ($0.results, $0.failure) }
        if let failure { throw failure }
        if let signal = Interruption.signal, results.count < plan.cells.count {
            Console.say(
                "Stopped by a signal with \(results.count) of \(plan.cells.count) cells done. The same command goes on."
            )
            throw Interrupted(signal: signal)
        }
        return results
    }

    private var isStopping: Bool {
        Interruption.signal != nil || state.withLock { $0.failure != nil }
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
        let options = try plan.options(cell.point, seed: cell.id.seed, threads: threads)
        let loss = try options.lossFunction()
        let trainer = try options.trainer(
            Model(network: try options.network(for: split.training), seed: options.seed), loss: loss
        )
        var epochs: [SweepResult.Epoch] = []
        var finished: SweepResult.Outcome?
        let outcome: SweepResult.Outcome
        do {
            try trainer.train(
                on: split.training, epochs: options.epochs,
                shouldStop: { self.isStopping },
                onEpoch: { epoch in
                    let isLast = epoch.epoch == options.epochs
                    guard isLast || self.plan.recordsEpochs else { return }
                    let validation = try epoch.score(
                        split.validation, "validation", loss: loss, threads: self.threads)
                    let test = try epoch.score(
                        self.data.test, "test", loss: loss, threads: self.threads)
                    if self.plan.recordsEpochs {
                        epochs.append(
                            .init(
                                validation: validation.accuracy, test: test.accuracy,
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

    // MARK: - Progress

    private func finish(_ result: SweepResult) throws {
        try log.append(result.json.text())
        // Under the lock, so that lines come in the order of their counts.
        state.withLock { state in
            state.results.append(result)
            let done = state.results.count
            let fresh = done - (plan.cells.count - cells.count)
            let elapsed = start.duration(to: .now) / .seconds(1)
            let left = elapsed / Double(max(fresh, 1)) * Double(plan.cells.count - done)
            tell(result, done, left: "\(Self.time(left)) left")
        }
    }

    private func tell(_ result: SweepResult, _ done: Int, left: String) {
        let total = plan.cells.count
        let what: String
        var isNews = !Console.isTerminal
        switch result.outcome {
        case .finished(_, let validation, _, _):
            what = "validation \(validation.accuracy.percent) %"
        case .diverged(let place):
            what = "diverged in step \(place.step)"
            isNews = true
        }
        clearBar()
        if isNews { Console.say("cell \(done) of \(total): \(result.cell.text): \(what), \(left)") }
        if Console.isTerminal {
            let line = ProgressBar.line(
                label: "cell \(done) of \(total)", share: Double(done) / Double(total),
                figures: "\(what), \(left)", width: Console.width, color: Console.hasColor)
            Console.show("\r\(line)\u{1b}[K")
        }
    }

    private func clearBar() {
        if Console.isTerminal { Console.show("\r\u{1b}[K") }
    }

    /// Seconds as people say them.
    static func time(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded(.up))
        if whole < 100 { return "\(whole) s" }
        if whole < 6_000 { return "\((whole + 30) / 60) min" }
        return "\((Double(whole) / 3_600).fixed(1)) h"
    }
}

extension SweepResult.Cell {
    /// For people.
    var text: String { "\(settings.text), seed \(seed), fold \(fold)" }
}
