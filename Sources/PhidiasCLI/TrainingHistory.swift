import Phidias

/// What a run has come to: the metrics of its epochs, the best model, and whether it ends early.
/// Training and its replay keep it by the same rules.
struct TrainingHistory {
    private(set) var metrics: [EpochMetrics]
    private(set) var best: Checkpoint.Best?
    private let patience: Int?

    /// - Parameters:
    ///   - checkpoint: where the run stands; nil is the start.
    ///   - patience: epochs without a better validation loss after which the run ends; nil: never.
    init(_ checkpoint: Checkpoint? = nil, patience: Int?) {
        metrics = checkpoint?.metrics ?? []
        best = checkpoint?.best
        self.patience = patience
    }

    /// True if the validation loss has not improved for `--patience` epochs.
    var isStopped: Bool {
        guard let patience, let best else { return false }
        return metrics.count - best.epoch >= patience
    }

    /// Evaluates the model of an epoch that has ended.
    /// - Returns: the epoch's metrics, and whether its model is the best so far.
    /// - Throws: `TrainingError.diverged` if a loss is not finite: such a model is not kept.
    mutating func add(
        _ epoch: Trainer.EpochReport, of plan: TrainingRun.Plan, threads: Int
    ) throws -> (metrics: EpochMetrics, isBest: Bool) {
        func score(_ data: Dataset) throws -> EpochMetrics.Score {
            .init(try epoch.model.evaluate(data, loss: plan.loss, threads: threads))
        }
        let line = EpochMetrics(
            epoch: epoch.epoch,
            training: .init(loss: epoch.trainingLoss, accuracy: epoch.trainingAccuracy),
            test: try score(plan.test), validation: try plan.validation.map(score),
            seconds: epoch.seconds)
        let losses = [("test", line.test.loss), ("validation", line.validation?.loss)]
        for case (let what, let loss?) in losses where !loss.isFinite {
            let run = RunLength(
                images: plan.training.count, batchSize: plan.options.batchSize, epochs: epoch.epoch)
            throw TrainingError.diverged(
                step: run.steps, layer: plan.network.layers.count - 1, what: "\(what) loss")
        }
        metrics.append(line)
        let isBest = line.validation.map { $0.loss < best?.loss ?? .infinity } ?? false
        if isBest, let loss = line.validation?.loss {
            best = .init(model: epoch.model, epoch: epoch.epoch, loss: loss)
        }
        return (line, isBest)
    }
}
