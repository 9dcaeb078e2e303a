import Phidias

/// A training run from its first step, or from a checkpoint, to its end: evaluates and saves after
/// every epoch, writes checkpoints, and answers signals, divergence and lack of progress.
final class TrainingRun {
    /// What is computed, and from what.
    struct Plan {
        var options: TrainOptions
        var safety: CheckpointOptions
        var training, test: Dataset
        var validation: Dataset?
        var network: Network
        var loss: any Loss
    }

    private let plan: Plan
    private let folder: RunFolder
    private var document: RunDocument
    private var history: TrainingHistory
    private var isBegun: Bool
    /// Of training before the checkpoint that it begins with.
    private let earlier: Double
    /// When the last checkpoint was written.
    private var saved = ContinuousClock.now
    private(set) var trainer: Trainer
    /// nil if no frames are asked for.
    private let film: FilterFilm?

    /// - Parameter checkpoint: where to go on; nil is the start.
    init(_ plan: Plan, _ folder: RunFolder, _ document: RunDocument, from checkpoint: Checkpoint?)
        throws
    {
        self.plan = plan
        self.folder = folder
        self.document = document
        isBegun = checkpoint != nil
        earlier = checkpoint?.state.position.seconds ?? 0
        history = TrainingHistory(checkpoint, patience: plan.safety.patience)
        film = try plan.safety.filtersEvery.map {
            try FilterFilm(
                of: folder.folder, every: $0,
                start: Model(network: plan.network, seed: plan.options.seed))
        }
        trainer = try Self.trainer(plan, halvings: document.halvings.count, checkpoint?.state.model)
    }

    /// A trainer after so many halvings of the learning rate; without a model it starts anew.
    static func trainer(_ plan: Plan, halvings: Int, _ model: Model?) throws -> Trainer {
        let options = plan.options
        return try options.trainer(
            model ?? Model(network: plan.network, seed: options.seed), loss: plan.loss,
            optimizer: (0..<halvings).reduce(try options.optimizer()) { optimizer, _ in
                optimizer.halved
            })
    }

    /// The model that the run gives: the last one, or with `--patience` the best.
    var model: Model {
        plan.safety.patience == nil ? trainer.model : history.best?.model ?? trainer.model
    }

    /// Metrics of that model; nil if no epoch was finished.
    var result: EpochMetrics? {
        guard plan.safety.patience != nil, let best = history.best else {
            return history.metrics.last
        }
        return history.metrics[best.epoch - 1]
    }

    /// Finished epochs, and the images that all steps have seen.
    var epochs: Int { history.metrics.count }
    var trainedImages: Int { epochs * plan.training.count }
    /// The time that they took.
    var seconds: Double { max(trainer.seconds, earlier) }

    /// Trains to the end.
    /// - Parameter state: where to go on; nil is the start.
    /// - Throws: `Interrupted` when a signal has ended the run, after a checkpoint.
    func train(from state: TrainingState?) throws {
        Interruption.watch()
        if !folder.replaces { try begin(nil) }
        if isBegun { try film?.publish() }
        if state == nil { try film?.drawStart() }
        var state = state
        while !history.isStopped {
            do {
                try attempt(from: state)
                break
            } catch let error as TrainingError {
                guard case .diverged(let step, _, _) = error else { throw error }
                guard plan.safety.onDivergence == .halve,
                    document.halvings.count < CheckpointOptions.mostHalvings
                else {
                    tellWhatIsLeft()
                    throw error
                }
                state = try halve(after: error, step: step)
            }
        }
        try finish()
    }

    /// Records the run, once, with the first model that there is.
    private func begin(_ model: Model?) throws {
        guard !isBegun else { return }
        try folder.begin(document, model, loss: plan.loss.name)
        isBegun = true
        try film?.publish()
    }

    private func attempt(from state: TrainingState?) throws {
        var bar = ProgressBar(
            total: plan.training.count, label: "epoch \(history.metrics.count + 1)")
        // For the bar alone: training refuses a place outside the run, where this may overflow.
        var seen = (state?.position.steps ?? 0) &* plan.options.batchSize
        defer { bar.clear() }
        let interval = plan.safety.checkpointEvery.time
        try trainer.train(
            on: plan.training, epochs: plan.options.epochs, from: state,
            shouldStop: { try self.shouldStop(savingEvery: interval) },
            onStep: { step in
                seen += step.images
                bar.update(seen)
                try self.film?.draw(self.trainer, after: step.step)
            },
            onEpoch: { epoch in
                bar.clear()
                try self.finish(epoch)
                bar = ProgressBar(
                    total: self.plan.training.count, label: "epoch \(epoch.epoch + 1)")
                seen = 0
            })
        guard let signal = Interruption.signal,
            trainer.state?.position.epochs != plan.options.epochs
        else { return }
        bar.clear()
        try saveCheckpoint()
        let place = trainer.state?.position ?? TrainingPosition()
        Console.say(
            "Stopped by a signal after epoch \(place.epochs), step \(place.steps). Go on with: phidias train --resume \(Console.quoted(folder.folder))"
        )
        throw Interrupted(signal: signal)
    }

    private func shouldStop(savingEvery interval: Duration?) throws -> Bool {
        if Interruption.signal != nil || history.isStopped { return true }
        if let interval, saved.duration(to: .now) >= interval { try saveCheckpoint() }
        return false
    }

    private func finish(_ epoch: Trainer.EpochReport) throws {
        let (line, isBest) = try history.add(epoch, of: plan, threads: trainer.threads)
        try begin(epoch.model)
        // The line last: what a run that was killed has saved is never behind its metrics.
        try folder.save(epoch.model, loss: plan.loss.name)
        if isBest { try folder.save(epoch.model, loss: plan.loss.name, as: "best.safetensors") }
        try folder.add(line)
        if epoch.epoch == plan.options.epochs || history.isStopped
            || plan.safety.checkpointEvery.isDue(after: epoch.epoch)
        {
            try saveCheckpoint()
        }
        tell(epoch, line)
    }

    private func tell(_ epoch: Trainer.EpochReport, _ line: EpochMetrics) {
        let rate = Int(Double(plan.training.count) / max(epoch.seconds, 1e-9))
        let extra =
            line.validation.map { ", validation \($0.accuracy.percent) %" } ?? ""
        Console.say(
            "epoch \(epoch.epoch)/\(plan.options.epochs): loss \(epoch.trainingLoss.fixed(4)), test \(line.test.accuracy.percent) %\(extra), \(epoch.seconds.fixed(2)) s, \(rate) images/s"
        )
    }

    private func saveCheckpoint() throws {
        guard let state = trainer.state else { return }
        try begin(state.model)
        try folder.save(
            Checkpoint(
                run: document, state: state, loss: plan.loss.name, metrics: history.metrics,
                best: history.best,
                isStopped: history.isStopped), plan.safety)
        saved = .now
    }

    /// Goes back to the last checkpoint at an epoch's end, or to the start, with half the rate.
    private func halve(after error: TrainingError, step: Int) throws -> TrainingState? {
        let checkpoint = isBegun ? try folder.lastDue(plan.safety.checkpointEvery) : nil
        history = TrainingHistory(checkpoint, patience: plan.safety.patience)
        document.halvings.append(.init(step: step, backTo: history.metrics.count))
        if isBegun {
            try document.write(to: folder.path("run.json"))
            try folder.restore(checkpoint, loss: plan.loss.name)
            try folder.removeCheckpoints(after: history.metrics.count)
        }
        Console.say(
            "\(error.description) Going back to the end of epoch \(history.metrics.count) with half the learning rate and coupled momentum (\(document.halvings.count) of at most \(CheckpointOptions.mostHalvings) times)."
        )
        trainer = try Self.trainer(
            plan, halvings: document.halvings.count, checkpoint?.state.model)
        return checkpoint?.state
    }

    private func tellWhatIsLeft() {
        let model = folder.path("model.safetensors")
        if !history.metrics.isEmpty {
            Console.say(
                "\(model) is the model of epoch \(history.metrics.count), the last good one.")
        } else if folder.replaces {
            Console.say("\(folder.folder) still holds the run before: no epoch was finished.")
        } else {
            Console.say("There is no \(model): no epoch was finished.")
        }
    }

    /// Puts all results in place, also those that an interruption kept from being written.
    private func finish() throws {
        guard !history.metrics.isEmpty else { return }
        if history.isStopped, let best = history.best {
            Console.say(
                "The validation loss has not improved since epoch \(best.epoch): its weights are taken."
            )
        }
        try folder.save(model, loss: plan.loss.name)
        if let best = history.best {
            try folder.save(best.model, loss: plan.loss.name, as: "best.safetensors")
        }
    }
}
