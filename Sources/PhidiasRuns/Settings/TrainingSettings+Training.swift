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

    /// The loss by which a model is measured, on the labels as they are.
    /// - Throws: `SettingError.lossNeedsSigmoid`.
    public func lossFunction() throws(SettingError) -> any Loss {
        try lossName.loss(logitsBecome)
    }

    /// The loss to minimize: that of the smoothed labels, if they are smoothed.
    /// - Throws: `SettingError.lossNeedsSigmoid`, `OptimizationError.labelSmoothing`.
    public func trainingLoss() throws -> any Loss {
        let loss = try lossFunction()
        return labelSmoothing == 0 ? loss : try LabelSmoothing(loss, share: labelSmoothing)
    }

    /// How gradients become steps, and the learning rate of each.
    /// - Throws: `OptimizationError`.
    public func optimizer() throws(OptimizationError) -> Optimizer {
        let rate = try LearningRate(learningRate, schedule: schedule, warmUp: warmUp)
        switch optimizerName {
        case .sgd:
            return .sgd(
                try MomentumSGD(
                    learningRate: rate, momentum: momentum,
                    options: .init(
                        weightDecay: weightDecay, isNesterov: nesterov, largestNorm: clipNorm)))
        case .adam, .adamw:
            return .adam(
                try Adam(
                    learningRate: rate,
                    options: .init(
                        beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
                        isDecoupled: optimizerName == .adamw, largestNorm: clipNorm)))
        }
    }

    /// - Throws: `SettingError.otherOptimizer` for a setting that the optimizer does not have.
    func checkOptimizerSettings() throws(SettingError) {
        let usual = TrainingSettings()
        let unused =
            optimizerName == .sgd
            ? [
                ("beta1", beta1 == usual.beta1), ("beta2", beta2 == usual.beta2),
                ("epsilon", epsilon == usual.epsilon),
            ]
            : [("momentum", momentum == usual.momentum), ("nesterov", nesterov == usual.nesterov)]
        if let (name, _) = unused.first(where: { !$0.1 }) {
            throw .otherOptimizer(setting: name, optimizer: optimizerName.rawValue)
        }
    }

    /// How training images are changed; nil for not at all.
    /// - Throws: `AugmentationError`.
    public func augmentation() throws(AugmentationError) -> Augmentation? {
        let all = try Augmentation(
            shift: shift, rotation: rotation, elastic: elastic, elasticSpacing: elasticSpacing)
        return all.isNone ? nil : all
    }

    /// The settings that this data needs: rows of numbers are no pixels, and numbers to predict have
    /// a loss and outputs of their own.
    /// - Throws: `SettingError.kind`, `.lossNeedsClasses` for settings that are for other data.
    package func adapted(to data: Dataset) throws(SettingError) -> TrainingSettings {
        var settings = self
        if data.isNumeric {
            settings.inputRange = .numbers
            for (name, value) in [("shift", shift), ("rotation", rotation), ("elastic", elastic)]
            where value != 0 {
                throw .kind(setting: name, value: value.settingText, data: "rows of numbers")
            }
        } else if inputRange == .numbers {
            throw .kind(setting: "input_range", value: "numbers", data: "images")
        }
        if data.isRegression {
            guard loss == nil || loss == .squaredError else {
                throw .lossNeedsClasses(lossName.rawValue)
            }
            guard labelSmoothing == 0 else {
                throw .kind(
                    setting: "label_smoothing", value: labelSmoothing.settingText,
                    data: "numbers to predict")
            }
            (settings.loss, settings.outputActivation) = (.squaredError, .identity)
        } else if lossName == .squaredError {
            throw .kind(setting: "loss", value: "squared-error", data: "classes")
        } else if outputActivation == .identity {
            throw .kind(setting: "output_activation", value: "identity", data: "classes")
        }
        return settings
    }

    /// The model before training, with the standardization of the training data.
    /// - Throws: `ModelError`.
    package func startModel(_ network: Network, _ data: Dataset) throws(ModelError) -> Model {
        try Model(network: network, seed: seed).standardized(on: data, by: standardize)
    }

    /// The network for some training images.
    /// - Throws: `NetworkError`; `ModelError` if the images do not fit it, or there is no memory to
    ///   train it; `TrainingError.batchSize` if there are fewer than a batch.
    public func network(for data: Dataset, threads: Int? = nil) throws -> Network {
        let network = try network.network(
            input: data.shape, classes: data.outputs, inputRange: inputRange,
            outputActivation: outputActivation)
        // Before memory is looked for: a file may describe a network for other images.
        try Model.check(data, fits: network)
        try network.checkMemory(
            batchSize: min(batchSize, data.count), images: data.count,
            augmentation: augmentation(), optimizer: optimizer(),
            threads: try Model.threads(threads))
        guard batchSize <= data.count else {
            throw TrainingError.batchSize(batchSize, images: data.count)
        }
        return network
    }

    /// A trainer with these settings, but for a loss or an optimizer that is given.
    /// - Throws: as `Trainer.init`.
    public func trainer(
        _ model: Model, loss: (any Loss)? = nil, optimizer: Optimizer? = nil,
        threads: Int? = nil
    ) throws -> Trainer {
        try Trainer(
            model: model, loss: loss ?? trainingLoss(),
            optimizer: optimizer ?? self.optimizer(), batchSize: batchSize, seed: seed,
            augmentation: augmentation(), threads: threads)
    }
}
