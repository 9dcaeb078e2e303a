import Phidias

/// What the settings give: loss, optimizer, augmentation, network, trainer.
extension TrainingSettings {
    /// The data that the settings name.
    /// - Throws: as `DataSource.load(seed:classes:)`.
    public func loadData() throws -> DataPair { try data.load(seed: seed, classes: classes) }

    /// The loss to minimize, by name.
    public var lossName: LossName { loss ?? network.usualLoss }

    /// How the network's logits become probabilities, wherever that is said.
    public var logitsBecome: OutputActivation {
        network.ownOutputActivation ?? outputActivation
    }

    /// The loss to minimize.
    /// - Throws: `SettingError.lossNeedsSigmoid`.
    public func lossFunction() throws(SettingError) -> any Loss {
        try lossName.loss(logitsBecome)
    }

    /// Learning rate and momentum of each step.
    /// - Throws: `OptimizationError`.
    public func optimizer() throws(OptimizationError) -> MomentumSGD {
        try MomentumSGD(
            learningRate: try LearningRate(learningRate, schedule: schedule, warmUp: warmUp),
            momentum: momentum,
            options: .init(
                weightDecay: weightDecay, isNesterov: nesterov, largestNorm: clipNorm))
    }

    /// How training images are changed; nil for not at all.
    /// - Throws: `AugmentationError`.
    public func augmentation() throws(AugmentationError) -> Augmentation? {
        let all = try Augmentation(
            shift: shift, rotation: rotation, elastic: elastic, elasticSpacing: elasticSpacing)
        return all.isNone ? nil : all
    }

    /// The network for some training images.
    /// - Throws: `NetworkError`; `ModelError` if the images do not fit it, or there is no memory to
    ///   train it; `TrainingError.batchSize` if there are fewer than a batch.
    public func network(for data: Dataset, threads: Int? = nil) throws -> Network {
        let network = try network.network(
            input: data.shape, classes: data.classes, inputRange: inputRange,
            outputActivation: outputActivation)
        // Before memory is looked for: a file may describe a network for other images.
        try Model.check(data, fits: network)
        try network.checkMemory(
            batchSize: min(batchSize, data.count), images: data.count,
            augmentation: augmentation(), threads: try Model.threads(threads))
        guard batchSize <= data.count else {
            throw TrainingError.batchSize(batchSize, images: data.count)
        }
        return network
    }

    /// A trainer with these settings, but for a loss or an optimizer that is given.
    /// - Throws: as `Trainer.init`.
    public func trainer(
        _ model: Model, loss: (any Loss)? = nil, optimizer: MomentumSGD? = nil,
        threads: Int? = nil
    ) throws -> Trainer {
        try Trainer(
            model: model, loss: loss ?? lossFunction(),
            optimizer: optimizer ?? self.optimizer(), batchSize: batchSize, seed: seed,
            augmentation: augmentation(), threads: threads)
    }
}
