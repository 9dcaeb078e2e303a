import Phidias

/// A training run from its first step, or from a checkpoint, to its end: evaluates and saves after
/// every epoch, writes checkpoints, and answers requests to stop, divergence and lack of progress.
final class TrainingRun {
    private let plan: TrainingPlan
    /// Nil on another rank than the first, which makes the same run and writes nothing.
    private let folder: RunFolder?
    /// Nil for a process alone.
    private var ranked: RankedTraining?
    private let shouldStop: () -> Bool
    private let onEvent: (RunEvent) -> Void
    private var document: RunDocument
    private var history: TrainingHistory
    private var isBegun: Bool
    /// Seconds of training before the checkpoint that it begins with.
    private let earlier: Double
    /// When the last checkpoint was written.
    private var saved = ContinuousClock.now
    private var trainer: Trainer
    /// nil if no frames are asked for.
    private let film: FilterFilm?
    /// Steps between two events with the model; nil for none.
    private let weightsEvery: Int?

    /// - Parameters:
    ///   - ranks: share the training; each makes such a run.
    ///   - checkpoint: where to go on; nil is the start.
    ///   - weightsEvery: steps between two events with the model; nil for none.
    ///   - shouldStop: asked between two steps; true ends the run with a checkpoint.
    init(
        _ plan: TrainingPlan, _ folder: RunFolder?, _ document: RunDocument,
        over ranks: RankGroup?, from checkpoint: Checkpoint?, weightsEvery: Int?,
        shouldStop: @escaping () -> Bool,
        onEvent: @escaping (RunEvent) -> Void
    ) throws {
        self.plan = plan
        self.folder = folder
        self.document = document
        (self.shouldStop, self.onEvent) = (shouldStop, onEvent)
        self.weightsEvery = weightsEvery
        isBegun = checkpoint != nil
        earlier = checkpoint?.state.position.seconds ?? 0
        history = TrainingHistory(checkpoint, patience: plan.settings.patience)
        film = try plan.settings.filtersEvery.map {
            try FilterFilm(
                in: folder, every: $0,
                start: plan.startModel)
        }
        trainer = try plan.trainer(halvings: document.halvings.count, checkpoint?.state.model)
        ranked = ranks.map { RankedTraining($0) { [unowned self] in wish } }
        trainer.sharing = ranked?.sharing
    }

    /// Trains to the end, or until it is asked to stop.
    /// - Parameter state: where to go on; nil is the start.
    func train(from state: TrainingState?) throws -> RunResult {
        if !plan.doubts.isEmpty { onEvent(.doubts(plan.doubts)) }
        onEvent(
            .starts(
                RunStart(
                    network: plan.network, settings: plan.settings, loss: plan.loss.name,
                    images: plan.training.count, threads: trainer.threads, ranks: plan.ranks,
                    epochsDone: history.metrics.count)))
        if let folder, folder.replaces {
            try folder.prepareToReplace()
        } else {
            try begin(nil)
        }
        if let position = state?.position {
            let run = try RunLength(
                images: plan.training.count, batchSize: plan.settings.batchSize,
                epochs: plan.settings.epochs)
            let step = position.epochs * run.stepsPerEpoch + position.steps
            let damaged = film?.damaged(upTo: step) ?? []
            if !damaged.isEmpty { onEvent(.damagedFrames(damaged)) }
        } else {
            try film?.drawStart()
            if weightsEvery != nil { onEvent(.weights(.init(step: 0, model: trainer.model))) }
        }
        var state = state
        while !history.isStopped {
            do {
                if let place = try attempt(from: state) { return result(.interrupted(place)) }
                break
            } catch let error as TrainingError {
                guard let step = error.divergedInStep else { throw error }
                guard plan.settings.onDivergence == .halve,
                    document.halvings.count < TrainingSettings.mostHalvings
                else {
                    if let folder { onEvent(.diverges(remains(in: folder))) }
                    throw error
                }
                state = try halve(after: error, step: step)
            }
        }
        try finish()
        return result(history.isStopped ? .stoppedEarly : .finished)
    }

    /// Records the run, once, with the first model that there is.
    private func begin(_ model: Model?) throws {
        guard !isBegun else { return }
        try folder?.begin(document, model, loss: plan.loss.name)
        isBegun = true
    }

    /// What this process wishes between two steps.
    private var wish: RankedTraining.Wish {
        let interval = plan.settings.checkpointEvery.time
        return .init(
            stop: shouldStop(),
            checkpoint: interval.map { saved.duration(to: .now) >= $0 } ?? false)
    }

    /// - Returns: where it stands, if it was asked to stop before the end.
    private func attempt(from state: TrainingState?) throws -> TrainingPosition? {
        // For progress alone: training refuses a place outside the run, where this may overflow.
        var seen = (state?.position.steps ?? 0) &* plan.settings.batchSize
        var isInterrupted = false
        try ranked?.meet()
        try trainer.train(
            on: plan.training, epochs: plan.settings.epochs, from: state,
            shouldStop: {
                let wish = self.ranked?.agreed ?? self.wish
                isInterrupted = wish.stop
                if isInterrupted || self.history.isStopped { return true }
                if wish.checkpoint {
                    try self.saveCheckpoint()
                    try self.ranked?.meet()
                }
                return false
            },
            onStep: { step in
                seen &+= step.images
                self.onEvent(
                    .step(
                        RunProgress(
                            epoch: step.epoch, epochs: self.plan.settings.epochs, images: seen,
                            imagesPerEpoch: self.plan.training.count, loss: step.loss,
                            step: step.step,
                            learningRate: step.learningRate, momentum: step.momentum)))
                if let slow = self.ranked?.time(self.plan) { self.onEvent(slow) }
                try self.film?.draw(self.trainer, after: step.step)
                self.showWeights(after: step.step)
            },
            onEpoch: { epoch in
                try self.finish(epoch)
                try self.ranked?.meet()
                seen = 0
            })
        let place = trainer.state?.position ?? TrainingPosition()
        guard isInterrupted, place.epochs != plan.settings.epochs else { return nil }
        try saveCheckpoint()
        // No rank ends before it is written: a launcher would end the others.
        try ranked?.meet()
        return place
    }

    private func showWeights(after step: Int) {
        guard let weightsEvery, step.isMultiple(of: weightsEvery), let state = trainer.state
        else { return }
        onEvent(.weights(.init(step: step, model: state.model)))
    }

    private func finish(_ epoch: Trainer.EpochReport) throws {
        let added = try history.add(
            epoch, of: plan, optimizer: trainer.optimizer, threads: trainer.threads,
            sharing: trainer.sharing)
        try begin(epoch.model)
        // The line last: what a run that was killed has saved is never behind its metrics.
        try folder?.save(epoch.model, loss: plan.loss.name)
        if added.isBest {
            try folder?.save(epoch.model, loss: plan.loss.name, as: "best.safetensors")
        }
        if added.changesEarlier {
            try folder?.write(history.metrics)
        } else {
            try folder?.add(added.metrics)
        }
        if epoch.epoch == plan.settings.epochs || history.isStopped
            || plan.settings.checkpointEvery.isDue(after: epoch.epoch)
        {
            try saveCheckpoint()
        }
        try folder?.takePlace()
        onEvent(.epoch(added.metrics, of: plan.settings.epochs))
        if let start = added.start {
            onEvent(
                .lossAboveStart(epoch: epoch.epoch, loss: epoch.trainingLoss, start: start))
        }
    }

    private func saveCheckpoint() throws {
        guard let state = trainer.state else { return }
        try begin(state.model)
        try folder?.save(
            Checkpoint(
                run: document, state: state, loss: plan.loss.name, metrics: history.metrics,
                best: history.best,
                isStopped: history.isStopped), plan.settings)
        try folder?.takePlace()
        saved = .now
        ranked?.agreed.checkpoint = false
    }

    /// Goes back to the last checkpoint at an epoch's end, or to the start, with half the rate.
    private func halve(after error: TrainingError, step: Int) throws -> TrainingState? {
        let lastDue = {
            self.isBegun ? try self.folder?.lastDue(self.plan.settings.checkpointEvery) : nil
        }
        let checkpoint =
            if let ranked { try ranked.checkpoint(lastDue) } else { try lastDue() }
        history = TrainingHistory(checkpoint, patience: plan.settings.patience)
        document.halvings.append(.init(step: step, backTo: history.metrics.count))
        if isBegun, let folder {
            try document.write(to: folder.path("run.json"))
            try folder.restore(checkpoint, loss: plan.loss.name)
            try folder.removeCheckpoints(after: history.metrics.count)
        }
        onEvent(
            .halves(error, backTo: history.metrics.count, count: document.halvings.count))
        trainer = try plan.trainer(halvings: document.halvings.count, checkpoint?.state.model)
        trainer.sharing = ranked?.sharing
        return checkpoint?.state
    }

    private func remains(in folder: RunFolder) -> RunRemains {
        let model = folder.path("model.safetensors")
        if !history.metrics.isEmpty { return .model(path: model, epoch: history.metrics.count) }
        return folder.replaces ? .runBefore(folder: folder.folder) : .nothing(path: model)
    }

    /// Puts all results in place, also those that an interruption kept from being written.
    private func finish() throws {
        guard !history.metrics.isEmpty else { return }
        if history.isStopped, let best = history.best {
            onEvent(.noImprovement(since: best.epoch))
        }
        try folder?.save(model, loss: plan.loss.name)
        if let best = history.best {
            try folder?.save(best.model, loss: plan.loss.name, as: "best.safetensors")
        }
    }

    // MARK: - Result

    /// The model that the run gives: the last one, or with patience the best.
    private var model: Model {
        plan.settings.patience == nil ? trainer.model : history.best?.model ?? trainer.model
    }

    private func result(_ end: RunResult.End) -> RunResult {
        let metrics = history.metrics
        let best = plan.settings.patience == nil ? nil : history.best
        return RunResult(
            end: end, folder: folder?.folder ?? "", model: model, metrics: metrics,
            result: best.map { metrics[$0.epoch - 1] } ?? metrics.last,
            seconds: max(trainer.seconds, earlier),
            trainedImages: metrics.count * plan.training.count, threads: trainer.threads,
            loss: plan.loss.name)
    }
}
