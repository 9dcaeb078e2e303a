import Phidias

/// A run computed again as its record says, without writing anything.
final class Replay {
    private typealias Place = (state: TrainingState, history: TrainingHistory)

    private let plan: TrainingPlan
    private let shouldStop: () -> Bool
    private let onProgress: (RunProgress) -> Void
    private let halvings: [RunDocument.Halving]
    /// The names of the classes that the run recorded.
    let classNames: [String]?
    /// How many of them have been met.
    private var met = 0
    /// The ends of the epochs that a halving goes back to.
    private var kept: [Int: Place] = [:]
    private var trainer: Trainer
    private var history: TrainingHistory

    /// - Parameters:
    ///   - shouldStop: asked between two steps; true ends the replay with `CancellationError`.
    ///   - onProgress: called after each step.
    init(
        _ plan: TrainingPlan, _ document: RunDocument, shouldStop: @escaping () -> Bool,
        onProgress: @escaping (RunProgress) -> Void
    ) throws {
        self.plan = plan
        (self.shouldStop, self.onProgress) = (shouldStop, onProgress)
        halvings = document.halvings
        classNames = document.classNames
        history = TrainingHistory(patience: plan.settings.patience)
        trainer = try plan.trainer(halvings: 0, nil)
    }

    var metrics: [EpochMetrics] { history.metrics }
    var best: Checkpoint.Best? { history.best }
    var isFinished: Bool { history.isStopped || metrics.count == plan.settings.epochs }
    var threads: Int { trainer.threads }
    var loss: String { plan.loss.name }

    /// What model.safetensors holds: the last model, or at the end of a run with patience the
    /// best.
    var model: Model {
        guard isFinished, plan.settings.patience != nil, let best else { return trainer.model }
        return best.model
    }

    /// Continues training until a number of epochs is finished and all recorded halvings are met.
    /// - Throws: `ReplayError` where the run diverges otherwise than it is recorded.
    func train(epochs: Int) throws {
        var state = trainer.state
        while met < halvings.count || metrics.count < epochs {
            do {
                try attempt(epochs, from: state)
                return
            } catch let error as TrainingError {
                guard let step = error.divergedInStep else { throw error }
                guard met < halvings.count else { throw ReplayError.diverged(step: step) }
                guard halvings[met].step == step else {
                    throw ReplayError.otherStep(recorded: halvings[met].step, step: step)
                }
                let back = halvings[met].backTo
                guard back == 0 || kept[back] != nil else {
                    throw ReplayError.noEpoch(back, step: step)
                }
                met += 1
                state = kept[back]?.state
                history =
                    kept[back]?.history ?? TrainingHistory(patience: plan.settings.patience)
                trainer = try plan.trainer(halvings: met, state?.model)
            }
        }
    }

    private func attempt(_ epochs: Int, from state: TrainingState?) throws {
        var seen = 0
        try trainer.train(
            on: plan.training, epochs: plan.settings.epochs, from: state,
            shouldStop: {
                if self.shouldStop() { throw CancellationError() }
                return self.history.isStopped
                    || (self.met == self.halvings.count && self.metrics.count >= epochs)
            },
            onStep: { step in
                // A loss that is not finite after an epoch is recorded with its last step.
                if self.met < self.halvings.count, self.halvings[self.met].step < step.step {
                    throw ReplayError.noDivergence(step: self.halvings[self.met].step)
                }
                seen += step.images
                self.onProgress(
                    RunProgress(
                        epoch: step.epoch, epochs: epochs, images: seen,
                        imagesPerEpoch: self.plan.training.count, loss: step.loss, step: step.step,
                        learningRate: step.learningRate, momentum: step.momentum))
            },
            onEpoch: {
                seen = 0
                try self.finish($0)
            })
        if met < halvings.count {
            throw ReplayError.noDivergence(step: halvings[met].step)
        }
    }

    private func finish(_ epoch: Trainer.EpochReport) throws {
        _ = try history.add(
            epoch, of: plan, optimizer: trainer.optimizer, threads: trainer.threads)
        if halvings.contains(where: { $0.backTo == epoch.epoch }), let state = trainer.state {
            kept[epoch.epoch] = (state, history)
        }
    }
}

/// A replay that diverges otherwise than the run did: a difference by itself.
public enum ReplayError: Error, CustomStringConvertible {
    /// The record has no divergence in that step.
    case diverged(step: Int)
    /// The record has a divergence in that step, and the replay has none.
    case noDivergence(step: Int)
    /// The replay diverges in another step than the record has.
    case otherStep(recorded: Int, step: Int)
    /// The record goes back to an epoch that the replay has not reached.
    case noEpoch(Int, step: Int)

    /// What differs.
    public var description: String {
        switch self {
        case .diverged(let step):
            "the replay diverges in step \(step), and the record has no divergence there"
        case .noDivergence(let step):
            "the record has a divergence in step \(step), and the replay has none"
        case .otherStep(let recorded, let step):
            "the record has a divergence in step \(recorded), and the replay in step \(step)"
        case .noEpoch(let epoch, let step):
            "the record goes back to epoch \(epoch) from step \(step), before that epoch has ended"
        }
    }
}
