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
    private var metrics: [EpochMetrics] = []
    private var best: Checkpoint.Best?
    private var isStopped = false
    private var isBegun: Bool
    /// When the last checkpoint was written.
    private var saved = ContinuousClock.now
    private(set) var trainer: Trainer

    /// - Parameter checkpoint: where to go on; nil is the start.
    init(_ plan: Plan, _ folder: RunFolder, _ document: RunDocument, from checkpoint: Checkpoint?)
        throws
    {
        self.plan = plan
        self.folder = folder
        self.document = document
        isBegun = checkpoint != nil
        metrics = checkpoint?.metrics ?? []
        best = checkpoint?.best
        isStopped = checkpoint?.isStopped ?? false
        trainer = try Self.trainer(plan, halvings: document.halvings.count, checkpoint?.state.model)
    }

    /// A trainer after so many halvings of the learning rate; without a model it starts anew.
    static func trainer(_ plan: Plan, halvings: Int, _ model: Model?) throws -> Trainer {
        let options = plan.options
        return try Trainer(
            model: model ?? Model(network: plan.network, seed: options.seed), loss: plan.loss,
            optimizer: (0..<halvings).reduce(try options.optimizer()) { optimizer, _ in
                optimizer.halved
            }, batchSize: options.batchSize, seed: options.seed, threads: options.threads)
    }

    /// The model that the run gives: the last one, or with `--patience` the best.
    var model: Model {
        plan.safety.patience == nil ? trainer.model : best?.model ?? trainer.model
    }

    /// Metrics of that model; nil if no epoch was finished.
    var result: EpochMetrics? {
        guard plan.safety.patience != nil, let best else { return metrics.last }
        return metrics[best.epoch - 1]
    }

    /// Finished epochs, and the images that all steps have seen.
    var epochs: Int { metrics.count }
    var trainedImages: Int { epochs * plan.training.count }

    /// Trains to the end.
    /// - Parameter state: where to go on; nil is the start.
    /// - Throws: `Interrupted` when a signal has ended the run, after a checkpoint.
    func train(from state: TrainingState?) throws {
        Interruption.watch()
        if !folder.replaces { try begin(nil) }
        var state = state
        while !isStopped {
            do {
                try attempt(from: state)
                break
            } catch TrainingError.diverged(let step, let layer, let what) {
                let error = TrainingError.diverged(step: step, layer: layer, what: what)
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
    }

    private func attempt(from state: TrainingState?) throws {
        var bar = ProgressBar(total: plan.training.count, label: "epoch \(metrics.count + 1)")
        // For the bar alone: training refuses a place outside the run, where this may overflow.
        var seen = (state?.position.steps ?? 0) &* plan.options.batchSize
        defer { bar.clear() }
        try trainer.train(
            on: plan.training, epochs: plan.options.epochs, from: state,
            shouldStop: { try self.shouldStop() },
            onStep: { step in
                seen += step.images
                bar.update(seen)
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
            "Stopped by a signal after epoch \(place.epochs), step \(place.steps). Go on with: phidias train --resume \(folder.folder)"
        )
        throw Interrupted(signal: signal)
    }

    private func shouldStop() throws -> Bool {
        if Interruption.signal != nil || isStopped { return true }
        if case .minutes(let minutes) = plan.safety.checkpointEvery,
            saved.duration(to: .now) >= .seconds(minutes * 60)
        {
            try saveCheckpoint()
        }
        return false
    }

    private func finish(_ epoch: Trainer.EpochReport) throws {
        let tested = try score(epoch.model, plan.test)
        let validated = try plan.validation.map { try score(epoch.model, $0) }
        let line = EpochMetrics(
            epoch: epoch.epoch,
            training: .init(loss: epoch.trainingLoss, accuracy: epoch.trainingAccuracy),
            test: tested, validation: validated, seconds: epoch.seconds)
        try begin(epoch.model)
        metrics.append(line)
        try folder.save(epoch.model, loss: plan.loss.name)
        try folder.add(line)
        if let validated, validated.loss < best?.loss ?? .infinity {
            best = .init(model: epoch.model, epoch: epoch.epoch, loss: validated.loss)
            try folder.save(epoch.model, loss: plan.loss.name, as: "best.safetensors")
        }
        if let patience = plan.safety.patience, let best, epoch.epoch - best.epoch >= patience {
            isStopped = true
        }
        let isLast = epoch.epoch == plan.options.epochs || isStopped
        if case .epochs(let every) = plan.safety.checkpointEvery, epoch.epoch % every == 0 {
            try saveCheckpoint()
        } else if isLast {
            try saveCheckpoint()
        }
        tell(epoch, line)
    }

    private func score(_ model: Model, _ data: Dataset) throws -> EpochMetrics.Score {
        let found = try model.evaluate(data, loss: plan.loss, threads: trainer.threads)
        return .init(loss: found.loss, accuracy: found.accuracy)
    }

    private func tell(_ epoch: Trainer.EpochReport, _ line: EpochMetrics) {
        let rate = Int(Double(plan.training.count) / max(epoch.seconds, 1e-9))
        let extra =
            line.validation.map { ", validation \(($0.accuracy * 100).fixed(2)) %" } ?? ""
        Console.say(
            "epoch \(epoch.epoch)/\(plan.options.epochs): loss \(epoch.trainingLoss.fixed(4)), test \((line.test.accuracy * 100).fixed(2)) %\(extra), \(epoch.seconds.fixed(2)) s, \(rate) images/s"
        )
    }

    private func saveCheckpoint() throws {
        guard let state = trainer.state else { return }
        try begin(state.model)
        try folder.save(
            Checkpoint(
                run: document, state: state, loss: plan.loss.name, metrics: metrics, best: best,
                isStopped: isStopped), keep: plan.safety.keep)
        saved = .now
    }

    /// Goes back to the last checkpoint at an epoch's end, or to the start, with half the rate.
    private func halve(after error: TrainingError, step: Int) throws -> TrainingState? {
        let checkpoint = isBegun ? try folder.lastCheckpoint(atEpochsEnd: true) : nil
        metrics = checkpoint?.metrics ?? []
        best = checkpoint?.best
        document.halvings.append(.init(step: step, backTo: metrics.count))
        if isBegun { try document.write(to: folder.path("run.json")) }
        if isBegun { try folder.rewrite(metrics) }
        Console.say(
            "\(error.description) Going back to the end of epoch \(metrics.count) with half the learning rate and coupled momentum (\(document.halvings.count) of at most \(CheckpointOptions.mostHalvings) times)."
        )
        trainer = try Self.trainer(
            plan, halvings: document.halvings.count, checkpoint?.state.model)
        return checkpoint?.state
    }

    private func tellWhatIsLeft() {
        let model = folder.path("model.safetensors")
        if !metrics.isEmpty {
            Console.say("\(model) is the model of epoch \(metrics.count), the last good one.")
        } else if folder.replaces {
            Console.say("\(folder.folder) still holds the run before: no epoch was finished.")
        } else {
            Console.say("There is no \(model): no epoch was finished.")
        }
    }

    /// Puts all results in place, also those that an interruption kept from being written.
    private func finish() throws {
        guard !metrics.isEmpty else { return }
        if isStopped, let best {
            Console.say(
                "The validation loss has not improved since epoch \(best.epoch): its weights are taken."
            )
        }
        try folder.save(model, loss: plan.loss.name)
        if let best { try folder.save(best.model, loss: plan.loss.name, as: "best.safetensors") }
    }
}
