import PhidiasKernels

/// The roughness of the loss from step to step, over the last epoch of a training.
package struct LossRoughness: Sendable {
    /// Learning rate η and momentum weight α.
    package let learningRate, momentum: Double
    /// The mean over the epoch's steps of the batch's loss, and of the loss on fixed images.
    package let batchLoss, fixedLoss: Double
    /// √(½ Var(L(t+1) − L(t))) over the mean loss: the part of the loss that changes from one step
    /// to the next as independent noise would, without its trend. `batch` is that of the batch's
    /// loss, in which each step has other images, and `fixed` that of the loss on fixed images, in
    /// which only the weights change. The definition is ours.
    package let batch, fixed: Double
    /// The accuracy on the training images in the last epoch.
    package let accuracy: Double
    /// The step, counted from 1, in which training diverged; all other values are then NaN.
    package var diverged: Int?

    package init(
        learningRate: Double, momentum: Double, batchLoss: Double, fixedLoss: Double,
        batch: Double, fixed: Double, accuracy: Double, diverged: Int? = nil
    ) {
        (self.learningRate, self.momentum) = (learningRate, momentum)
        (self.batchLoss, self.fixedLoss) = (batchLoss, fixedLoss)
        (self.batch, self.fixed, self.accuracy) = (batch, fixed, accuracy)
        self.diverged = diverged
    }
}

extension LossRoughness {
    /// The roughness of a series: see `batch`. NaN for fewer than three values.
    package static func of(_ series: [Double]) -> (mean: Double, roughness: Double) {
        let mean = series.reduce(0, +) / Double(series.count)
        let changes = zip(series.dropFirst(), series).map { $0 - $1 }
        guard changes.count > 1 else { return (mean, .nan) }
        let drift = changes.reduce(0, +) / Double(changes.count)
        let variance =
            changes.reduce(0) { $0 + ($1 - drift) * ($1 - drift) } / Double(changes.count - 1)
        return (mean, (variance / 2).squareRoot() / mean)
    }
}

extension Trainer {
    /// Trains with constant parameters and measures the roughness of the loss in the last epoch.
    /// - Parameters:
    ///   - images: the number of images of the fixed loss.
    ///   - start: the state at the end of an epoch before the last to continue from.
    ///   - shouldStop: asked between two steps.
    ///   - onStep: called after each step with its number, counted from 1.
    ///   - onEpoch: called after each epoch with its number, when `state` is the one to continue from.
    /// - Throws: `MeasurementStopped` if it was asked to stop; else as `train`, without divergence.
    package func measureRoughness(
        on data: Dataset, epochs: Int, images: Int, from start: TrainingState? = nil,
        shouldStop: @escaping () -> Bool = { false },
        onStep: @escaping (Int) -> Void = { _ in },
        onEpoch: @escaping (Int) throws -> Void = { _ in }
    ) throws -> LossRoughness {
        precondition(optimizer.sgd != nil, "measures momentum")
        let run = try run(over: data, epochs: epochs)
        let values = try optimizer.values(atStep: 0, of: run)
        let surface = try LossSurface(
            network: model.network, scalings: model.scalings, loss: loss, data: data,
            images: min(images, data.count),
            seed: seed, threads: threads)
        let first = (epochs - 1) * run.stepsPerEpoch
        var step = (start?.position.epochs ?? 0) * run.stepsPerEpoch
        var batch: [Double] = [], fixed: [Double] = []
        var accuracy = Double.nan
        do {
            try train(
                on: data, epochs: epochs, from: start,
                Observers(
                    shouldStop: MeasurementStopped.asking(shouldStop),
                    onGradient: { stack in
                        defer { step += 1 }
                        guard step >= first else { return }
                        fixed.append(surface.value(at: FlatParameters.read(.weights, of: stack)))
                    },
                    onStep: {
                        if $0.step > first { batch.append($0.loss) }
                        onStep($0.step)
                    },
                    onEpoch: {
                        accuracy = $0.trainingAccuracy ?? .nan
                        try onEpoch($0.epoch)
                    }))
        } catch TrainingError.diverged(let step, _, _) {
            return LossRoughness(
                learningRate: Double(values.learningRate), momentum: Double(values.momentum),
                batchLoss: .nan, fixedLoss: .nan, batch: .nan, fixed: .nan, accuracy: .nan,
                diverged: step)
        }
        let (ofBatch, ofFixed) = (LossRoughness.of(batch), LossRoughness.of(fixed))
        return LossRoughness(
            learningRate: Double(values.learningRate), momentum: Double(values.momentum),
            batchLoss: ofBatch.mean, fixedLoss: ofFixed.mean, batch: ofBatch.roughness,
            fixed: ofFixed.roughness, accuracy: accuracy)
    }
}
