import Phidias

/// What a run has come to: the metrics of its epochs, the best model, and whether it ends early.
/// Training and its replay keep it by the same rules.
struct TrainingHistory {
    private(set) var metrics: [EpochMetrics]
    private(set) var best: Checkpoint.Best?
    private let patience: Int?
    /// The loss before training, once it has been measured.
    private var start: Double?

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

    /// What an epoch has given.
    struct Addition {
        let metrics: EpochMetrics
        /// Whether its model is the best so far.
        let isBest: Bool
        /// Whether the metrics of an epoch before it have changed.
        let changesEarlier: Bool
        /// The loss before training, if the epoch's is above it.
        let start: Double?
    }

    /// Evaluates the model of an epoch that has ended.
    /// - Parameters:
    ///   - optimizer: of the epoch.
    ///   - sharing: the processes that evaluate it together, each of which makes this call.
    /// - Throws: `TrainingError.diverged` if a loss is not finite, `.lossTooHigh`: such a model is not
    ///   kept.
    mutating func add(
        _ epoch: Trainer.EpochReport, of plan: TrainingPlan, optimizer: Optimizer, threads: Int,
        sharing: SharedTraining? = nil
    ) throws -> Addition {
        let start = try plan.settings.divergesAbove.map { factor in
            let start = try self.start ?? plan.lossBeforeTraining(threads: threads)
            guard epoch.trainingLoss <= factor * start else {
                throw TrainingError.lossTooHigh(
                    step: epoch.steps, loss: epoch.trainingLoss, start: start, factor: factor)
            }
            return start
        }
        self.start = start
        func score(_ data: Dataset, _ what: String) throws -> EpochMetrics.Score {
            try epoch.score(data, what, loss: plan.loss, threads: threads, sharing: sharing)
        }
        let testsNow = plan.validation == nil || plan.settings.testEveryEpoch
        let rates = try optimizer.values(
            atStep: epoch.steps - 1,
            of: try RunLength(
                images: plan.training.count, batchSize: plan.settings.batchSize,
                epochs: plan.settings.epochs))
        let line = EpochMetrics(
            epoch: epoch.epoch,
            training: .init(loss: epoch.trainingLoss, accuracy: epoch.trainingAccuracy),
            test: testsNow ? try score(plan.test, "test") : nil,
            validation: try plan.validation.map { try score($0, "validation") },
            learningRate: Double(rates.learningRate), momentum: Double(rates.momentum),
            seconds: epoch.seconds)
        metrics.append(line)
        let isBest = line.validation.map { $0.loss < best?.loss ?? .infinity } ?? false
        if isBest, let loss = line.validation?.loss {
            best = .init(model: epoch.model, epoch: epoch.epoch, loss: loss)
        }
        var changesEarlier = false
        if !testsNow, isStopped || epoch.epoch == plan.settings.epochs {
            changesEarlier = try testAtTheEnd(epoch, plan, threads, sharing)
        }
        return Addition(
            metrics: metrics[metrics.count - 1], isBest: isBest, changesEarlier: changesEarlier,
            start: start.flatMap { epoch.trainingLoss > $0 ? $0 : nil })
    }

    /// Evaluates the model that the run leaves on the test images.
    /// - Returns: whether it is that of an earlier epoch.
    private mutating func testAtTheEnd(
        _ epoch: Trainer.EpochReport, _ plan: TrainingPlan, _ threads: Int,
        _ sharing: SharedTraining?
    ) throws -> Bool {
        guard patience != nil, let best, best.epoch != epoch.epoch else {
            metrics[metrics.count - 1].test = try epoch.score(
                plan.test, "test", loss: plan.loss, threads: threads, sharing: sharing)
            return false
        }
        guard metrics[best.epoch - 1].test == nil else { return false }
        metrics[best.epoch - 1].test = EpochMetrics.Score(
            try best.model.evaluate(
                plan.test, loss: plan.loss, threads: threads, sharing: sharing))
        return true
    }
}

extension TrainingPlan {
    /// Images over which the loss before training is measured, at most.
    private static let imagesBefore = 256

    /// The mean loss of the first training images with the weights that the seed gives.
    fileprivate func lossBeforeTraining(threads: Int) throws -> Double {
        let first = try training.subset(Array(0..<min(training.count, Self.imagesBefore)))
        return try startModel.evaluate(first, loss: settings.trainingLoss(), threads: threads).loss
    }
}

extension Trainer.EpochReport {
    /// Its model on data that it was not trained on.
    /// - Parameters:
    ///   - what: the data's name.
    ///   - sharing: the processes that evaluate it together.
    /// - Throws: `TrainingError.diverged` if the loss is not finite.
    func score(
        _ data: Dataset, _ what: String, loss: any Loss, threads: Int,
        sharing: SharedTraining? = nil
    ) throws -> EpochMetrics.Score {
        let score = EpochMetrics.Score(
            try model.evaluate(data, loss: loss, threads: threads, sharing: sharing))
        guard score.loss.isFinite else {
            throw TrainingError.diverged(
                step: steps, layer: model.network.layers.count - 1, what: "\(what) loss")
        }
        return score
    }
}
