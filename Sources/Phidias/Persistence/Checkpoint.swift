/// Everything that a run needs to resume with the same bits, in one safetensors file.
///
/// Tensors: `layers.N.weight` [outputs, inputs] and `layers.N.bias` [outputs]; the same under
/// `velocity.`, with Adam under `second.` and, if there is a best model, under `best.`. Metadata: the
/// run's document and metrics, the position in the run, and the checksum of the tensors.
public struct Checkpoint: Sendable, Equatable {
    /// The model with the lowest validation loss, and its epoch.
    public struct Best: Sendable, Equatable {
        /// The model's network and parameters.
        public var model: Model
        /// The epoch after which the model had this loss, counted from 1.
        public var epoch: Int
        /// The mean loss over the validation images.
        public var loss: Double

        /// A model, its epoch and its loss.
        public init(model: Model, epoch: Int, loss: Double) {
            self.model = model
            self.epoch = epoch
            self.loss = loss
        }
    }

    /// The document of the run, with changes and halvings up to this point.
    public var run: RunDocument
    /// The state of the training.
    public var state: TrainingState
    /// The name of the loss.
    public var loss: String
    /// The metrics of all finished epochs.
    public var metrics: [EpochMetrics]
    /// The best model so far; nil if there is no validation.
    public var best: Best?
    /// Whether the run ended here before its last epoch, because nothing improved any more.
    public var isStopped: Bool

    /// The latest version; files from 1 up to it are read. A checkpoint with Adam's second moments is
    /// version 2, every other one version 1.
    public static let formatVersion = 2
    /// The most epochs of which a checkpoint holds the metrics: with the longest numbers, those of
    /// more would not fit into the header of a safetensors file.
    public static let mostEpochs = 200_000
    /// The largest file that is read: four sets of parameters.
    static let largestFile = 16 * Network.mostParameters + Safetensors.largestHeader

    /// - Parameters:
    ///   - run: the document of the run.
    ///   - state: the state of the training.
    ///   - loss: name of the loss.
    ///   - metrics: one element for each finished epoch.
    ///   - best: the best model so far.
    ///   - isStopped: true if no epoch is to follow.
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
        var tensors = state.tensors
        if let best {
            tensors += best.model.network.tensors(of: best.model.parameters, under: "best.")
        }
        var metadata = MetadataWriter()
        metadata.add("format", .string("phidias-checkpoint"))
        metadata.add("format_version", .integer(state.formatVersion))
        metadata.add("loss", .string(loss))
        metadata.add(counts: state.position)
        if let best {
            metadata.add("best_epoch", .integer(best.epoch))
            metadata.add("best_loss", .number(best.loss))
        }
        if isStopped { metadata.add("stopped", .bool(true)) }
        metadata.add("run", run.json)
        metadata.add("metrics", .array(metrics.map(\.json)))
        metadata.add(timing: state.position, tensors: tensors)
        return Safetensors(metadata: metadata.members, tensors: tensors)
    }

    /// The file's bytes.
    /// - Throws: `CheckpointError` if its parts do not belong together, so that the file could not
    ///   be read.
    public var bytes: [UInt8] {
        get throws(CheckpointError) {
            try check()
            return file.bytes
        }
    }

    private func check() throws(CheckpointError) {
        func wrong(_ reason: String) -> CheckpointError { .inconsistent(reason) }
        try state.checkForFile()
        let network = state.model.network
        guard run.network == network else {
            throw wrong("the run trains \(run.network), but the state is of \(network)")
        }
        if let reason = run.inconsistency { throw wrong("of the run, \(reason)") }
        let epochs = state.position.epochs
        guard metrics.map(\.epoch) == (0..<epochs).map({ $0 + 1 }) else {
            throw wrong("the metrics are not those of \(epochs) finished epochs in order")
        }
        guard epochs <= Self.mostEpochs else {
            throw wrong("it has the metrics of \(epochs) epochs, more than \(Self.mostEpochs)")
        }
        guard let best else { return }
        guard best.model.network == network else {
            throw wrong("the best model is \(best.model.network), but the state is of \(network)")
        }
        if let layer = best.model.firstNonFiniteLayer {
            throw wrong("the best model has a parameter of layer \(layer) that is not finite")
        }
        guard (1...max(epochs, 1)).contains(best.epoch), epochs > 0, best.loss.isFinite else {
            throw wrong(
                "the best model is of epoch \(best.epoch) of \(epochs), with a loss of \(best.loss)"
            )
        }
    }

    /// Writes the file, completely or not at all.
    /// - Throws: `FileError`, and what `bytes` throws.
    public func write(to path: String) throws {
        try DurableFile.write(try bytes, to: path)
    }

    // MARK: - Reading

    /// - Throws: `DataError` if the file cannot be read, `SafetensorsError`, `ModelFileError`,
    ///   `RunFileError`.
    public init(path: String) throws {
        try self.init(try Safetensors(path: path, limit: Self.largestFile), path: path)
    }

    /// Reads the bytes of a file.
    /// - Parameters:
    ///   - bytes: all of the file.
    ///   - name: what errors call it.
    /// - Throws: `SafetensorsError`, `ModelFileError`, `RunFileError`.
    public init(bytes: [UInt8], name: String = "The checkpoint") throws {
        try self.init(try Safetensors(copying: bytes, path: name), path: name)
    }

    private init(_ file: Safetensors, path: String) throws {
        let metadata = Metadata(members: file.metadata, path: path)
        let version = try metadata.checkFormat(
            "phidias-checkpoint", versions: 1...Self.formatVersion)
        try metadata.checkGenerator()
        try metadata.checkSum(of: file.tensors)
        run = try RunDocument(try metadata.json("run"), path: path)
        loss = try metadata.text("loss")
        metrics = try (try metadata.json("metrics").arrayValue ?? []).map {
            guard let epoch = EpochMetrics($0) else {
                throw metadata.wrong("metrics", "one is not understood")
            }
            return epoch
        }
        let place = try metadata.position()
        guard metrics.count == place.epochs,
            metrics.enumerated().allSatisfy({ $0.element.epoch == $0.offset + 1 })
        else {
            throw metadata.wrong("metrics", "they are not those of \(place.epochs) epochs")
        }
        let network = run.network
        var tensors = TensorSource(tensors: file.tensors, path: path)
        state = TrainingState(
            model: try tensors.model(of: network),
            velocity: try tensors.parameters(of: network, under: "velocity."),
            secondMoments: version > 1 ? try tensors.secondMoments(of: network) : nil,
            position: place)
        if metadata.has("best_epoch") {
            let epoch = try metadata.count("best_epoch")
            guard epoch > 0, epoch <= place.epochs else {
                throw metadata.wrong("best_epoch", "\(epoch) is none of \(place.epochs) epochs")
            }
            var model = try Model(
                network: network,
                parameters: try tensors.parameters(of: network, under: "best."))
            model.scalings = state.model.scalings
            best = Best(
                model: model,
                epoch: epoch, loss: try metadata.number("best_loss"))
        }
        try tensors.finish()
        isStopped = metadata.has("stopped")
    }
}

/// A checkpoint or state that cannot be written or used.
public enum CheckpointError: PhidiasError, Equatable {
    /// Parts that do not belong together, or numbers that a file cannot hold; the reason completes
    /// a sentence.
    case inconsistent(String)
    /// A trainer that would not continue like the state's: what differs, in the file and in the
    /// trainer.
    case differs(what: String, file: String, trainer: String)

    public var description: String {
        switch self {
        case .inconsistent(let reason): "The state of the training cannot be written: \(reason)."
        case .differs(let what, let file, let trainer):
            "The \(what) of the state is \(file), but the trainer's is \(trainer). Make the trainer with the settings that the state was trained with."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .inconsistent: 70
        case .differs: 64
        }
    }
}
