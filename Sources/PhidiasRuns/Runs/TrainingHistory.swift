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

    /// Whether the validation loss has not improved for as many epochs as patience lasts.
    var isStopped: Bool {
        guard let patience, let best else { return false }
        return metrics.count - best.epoch >= patience
    }

    /// Evaluates the model of an epoch that has ended.
    /// - Returns: the epoch's metrics, and whether its model is the best so far.
    /// - Throws: `TrainingError.diverged` if a loss is not finite: such a model is not kept.
    mutating func add(
        _ epoch: Trainer.EpochReport, of plan: TrainingPlan, threads: Int
    ) throws -> (metrics: EpochMetrics, isBest: Bool) {
        func score(_ data: Dataset, _ what: String) throws -> EpochMetrics.Score {
            try epoch.score(data, what, loss: plan.loss, threads: threads)
        }
        let line = EpochMetrics(
            epoch: epoch.epoch,
            training: .init(loss: epoch.trainingLoss, accuracy: epoch.trainingAccuracy),
            test: try score(plan.test, "test"),
            validation: try plan.validation.map { try score($0, "validation") },
            seconds: epoch.seconds)
        metrics.append(line)
        let isBest = line.validation.map { $0.loss < best?.loss ?? .infinity } ?? false
        if isBest, let loss = line.validation?.loss {
            best = .init(model: epoch.model, epoch: epoch.epoch, loss: loss)
        }
        return (line, isBest)
    }
}

extension Trainer.EpochReport {
    /// Its model on data that it was not trained on.
    /// - Parameter what: the data's name.
    /// - Throws: `TrainingError.diverged` if the loss is not finite.
    func score(
        _ data: Dataset, _ what: String, loss: any Loss, threads: Int
    ) throws -> EpochMetrics.Score {
        let score = EpochMetrics.Score(try model.evaluate(data, loss: loss, threads: threads))
        guard score.loss.isFinite else {
            throw TrainingError.diverged(
                step: steps, layer: model.network.layers.count - 1, what: "\(what) loss")
        }
        return score
    }
}
