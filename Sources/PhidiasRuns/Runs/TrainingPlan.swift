import Phidias

/// What a run computes, and from what: settings with their data.
public struct TrainingPlan: Sendable {
    /// The settings.
    public let settings: TrainingSettings
    /// The images to train on, and those to test with.
    public let training, test: Dataset
    /// The images kept for validation, if there are any.
    public let validation: Dataset?
    /// The network for them.
    public let network: Network
    /// The loss by which models are measured; training minimizes that of the smoothed labels, if they
    /// are smoothed.
    public let loss: any Loss
    /// The names of the network's classes; nil where they have none.
    public let classNames: [String]?
    /// What looks like a mistake in the labels of the training images.
    public let doubts: [DataDoubt]
    /// SHA-256 of each part of the data, by name.
    public let checksums: [String: String]
    /// Threads of a step.
    public let threads: Int
    /// How many ranks share a step.
    package let ranks: Int

    /// Checks the settings, and the data against them.
    /// - Parameters:
    ///   - settings: what is trained, and how.
    ///   - data: what is in memory, which its checksums tell from other data; nil reads what the
    ///     settings name.
    ///   - threads: of a step; nil takes those of `Model.threads(_:)`.
    /// - Throws: what is wrong with settings or data, or what the machine lacks.
    public init(_ settings: TrainingSettings, data: DataPair? = nil, threads: Int? = nil) throws {
        try self.init(settings, data: data, threads: threads, over: nil)
    }

    /// - Parameter ranks: share the training, and without a number of threads their machine's CPUs.
    init(
        _ settings: TrainingSettings, data: DataPair?, threads: Int?, over ranks: RankGroup?
    ) throws {
        try settings.check()
        self.threads = try Model.threads(threads, over: ranks)
        self.ranks = ranks?.size ?? 1
        let data = try data ?? settings.loadData()
        try data.check(classes: settings.classes)
        let settings = try settings.adapted(to: data.training)
        try Model.startThreads(self.threads)
        self.settings = settings
        (test, checksums, doubts) = (data.test, data.checksums, data.doubts)
        if let share = settings.validation {
            let parts = try data.training.stratifiedSplit(fraction: share, seed: settings.seed)
            (training, validation) = (parts.training, parts.validation)
        } else {
            (training, validation) = (data.training, nil)
        }
        network = try settings.network(for: training, threads: self.threads)
        loss = try settings.lossFunction()
        classNames = ClassNames.extended(training.classNames, to: network.classes)
    }

    /// The model before training.
    var startModel: Model {
        get throws(ModelError) { try settings.startModel(network, training) }
    }

    /// The record of a run that begins with this plan.
    var document: RunDocument {
        var document = RunDocument(
            settings: settings.record, network: network, program: PhidiasVersion.current,
            checksums: checksums, threads: threads, kernels: Model.kernels,
            classNames: classNames)
        document.columnNames = training.columnNames
        document.ranks = ranks
        return document
    }

    /// A trainer after a number of halvings of the learning rate; without a model it starts afresh.
    func trainer(halvings: Int, _ model: Model?) throws -> Trainer {
        try settings.trainer(
            model ?? startModel,
            optimizer: (0..<halvings).reduce(try settings.optimizer()) { optimizer, _ in
                optimizer.halved
            }, threads: threads)
    }
}
