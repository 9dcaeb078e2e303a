/// Everything that a run needs to go on with the same bits, in one safetensors file.
///
/// Tensors: `layers.N.weight` [outputs, inputs] and `layers.N.bias` [outputs]; the same under
/// `velocity.` and, if there is a best model, under `best.`. Metadata: the run's document and
/// metrics, the position in the run, and the checksum of the tensors.
public struct Checkpoint: Sendable, Equatable {
    /// The model with the lowest validation loss, and the epoch after which it had it.
    public struct Best: Sendable, Equatable {
        /// Its parameters.
        public var model: Model
        /// Counted from 1.
        public var epoch: Int
        /// Mean over the validation images.
        public var loss: Double

        /// A model and where it was found.
        public init(model: Model, epoch: Int, loss: Double) {
            self.model = model
            self.epoch = epoch
            self.loss = loss
        }
    }

    /// The run as it was begun, with changes and halvings up to here.
    public var run: RunDocument
    /// Where training stands.
    public var state: TrainingState
    /// Name of the loss.
    public var loss: String
    /// Of all finished epochs.
    public var metrics: [EpochMetrics]
    /// Nil if there is no validation.
    public var best: Best?
    /// True if the run ended here before its last epoch, because nothing improved any more.
    public var isStopped: Bool

    /// The version that is written; files from 1 up to it are read.
    public static let formatVersion = 1
    /// The largest file that is read: three sets of parameters.
    static let largestFile = 12 * Network.mostParameters + Safetensors.largestHeader

    /// - Parameters:
    ///   - run: the run as it was begun.
    ///   - state: where training stands.
    ///   - loss: name of the loss.
    ///   - metrics: one element for each finished epoch.
    ///   - best: the best model so far.
    ///   - isStopped: true if nothing is to follow.
    public init(
        run: RunDocument, state: TrainingState, loss: String, metrics: [EpochMetrics],
        best: Best? = nil, isStopped: Bool = false
    ) {
        self.run = run
        self.state = state
        self.loss = loss
        self.metrics = metrics
        self.best = best
        self.isStopped = isStopped
    }

    // MARK: - Writing

    package var file: Safetensors {
        var tensors = state.model.tensors
        tensors += state.model.network.tensors(of: state.velocity, under: "velocity.")
        if let best {
            tensors += best.model.network.tensors(of: best.model.parameters, under: "best.")
        }
        let place = state.position
        var metadata: [JSON.Member] = []
        func add(_ key: String, _ value: JSON) {
            metadata.append(.init(key: key, value: .string(value.stringValue ?? value.text())))
        }
        add("format", .string("phidias-checkpoint"))
        add("format_version", .integer(Self.formatVersion))
        add("loss", .string(loss))
        add("epochs", .integer(place.epochs))
        add("steps", .integer(place.steps))
        add("loss_sum", .number(place.lossSum))
        add("correct", .integer(place.correct))
        add("generator", .string(CounterRandom.name))
        if let best {
            add("best_epoch", .integer(best.epoch))
            add("best_loss", .number(best.loss))
        }
        if isStopped { add("stopped", .bool(true)) }
        add("run", run.json)
        add("metrics", .array(metrics.map(\.json)))
        add(
            "timing",
            .members(["seconds": .number(place.seconds), "epoch": .number(place.epochSeconds)]))
        add("tensors_sha256", .string(Safetensors.sha256(tensors)))
        return Safetensors(metadata: metadata, tensors: tensors)
    }

    /// Writes the file whole or not at all.
    /// - Throws: `FileError`.
    public func write(to path: String) throws(FileError) {
        try DurableFile.write(file.bytes, to: path)
    }

    // MARK: - Reading

    /// - Throws: `DataError` if the file cannot be read, `SafetensorsError`, `ModelFileError`,
    ///   `RunFileError`.
    public init(path: String) throws {
        try self.init(try Safetensors(path: path, limit: Self.largestFile), path: path)
    }

    package init(bytes: [UInt8], path: String) throws {
        try self.init(try Safetensors(bytes: bytes, path: path), path: path)
    }

    private init(_ file: Safetensors, path: String) throws {
        let metadata = Metadata(members: file.metadata, path: path)
        try metadata.checkFormat("phidias-checkpoint", versions: 1...Self.formatVersion)
        let generator = try metadata.text("generator")
        guard generator == CounterRandom.name else {
            throw metadata.wrong("generator", "'\(generator)' is unknown to this program")
        }
        let sum = Safetensors.sha256(file.tensors)
        guard try metadata.text("tensors_sha256") == sum else {
            throw metadata.wrong("tensors_sha256", "the tensors are not those that were written")
        }
        run = try RunDocument(try metadata.json("run"), path: path)
        loss = try metadata.text("loss")
        metrics = try (try metadata.json("metrics").arrayValue ?? []).map {
            guard let epoch = EpochMetrics($0) else {
                throw metadata.wrong("metrics", "one is not understood")
            }
            return epoch
        }
        var place = TrainingPosition()
        place.epochs = try metadata.count("epochs")
        place.steps = try metadata.count("steps")
        place.correct = try metadata.count("correct")
        place.lossSum = try metadata.number("loss_sum")
        let timing = try metadata.json("timing")
        place.seconds = timing["seconds"]?.doubleValue ?? 0
        place.epochSeconds = timing["epoch"]?.doubleValue ?? 0
        guard metrics.count == place.epochs,
            metrics.enumerated().allSatisfy({ $0.element.epoch == $0.offset + 1 })
        else {
            throw metadata.wrong("metrics", "they are not those of \(place.epochs) epochs")
        }
        let network = run.network
        var tensors = TensorSource(tensors: file.tensors, path: path)
        state = TrainingState(
            model: try Model(network: network, parameters: try tensors.parameters(of: network)),
            velocity: try tensors.parameters(of: network, under: "velocity."), position: place)
        if metadata.has("best_epoch") {
            let epoch = try metadata.count("best_epoch")
            guard epoch > 0, epoch <= place.epochs else {
                throw metadata.wrong("best_epoch", "\(epoch) is none of \(place.epochs) epochs")
            }
            best = Best(
                model: try Model(
                    network: network,
                    parameters: try tensors.parameters(of: network, under: "best.")),
                epoch: epoch, loss: try metadata.number("best_loss"))
        }
        try tensors.finish()
        isStopped = metadata.has("stopped")
    }
}
