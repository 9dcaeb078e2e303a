/// The state of a training alone, in one safetensors file: for a training in Swift that is to be
/// continued later. (`Checkpoint` is that of `phidias train`, with the run's settings and metrics.)
///
///     try TrainingStateFile(state: state, loss: loss.name, batchSize: 64, seed: 1).write(to: path)
///     …
///     let file = try TrainingStateFile(path: path)
///     let trainer = try Trainer(model: file.state.model, loss: loss, batchSize: 64, seed: 1)
///     try file.check(against: trainer)
///     try trainer.train(on: data, epochs: 10, from: file.state)
///
/// Tensors: `layers.N.weight` and `layers.N.bias` as in a model file, and the same under
/// `velocity.`, with Adam also under `second.`. Optimizer, augmentation and data are not included: they must be the same as before.
public struct TrainingStateFile: Sendable, Equatable {
    /// The state of the training.
    public var state: TrainingState
    /// The name of the loss.
    public var loss: String
    /// The number of images per step.
    public var batchSize: Int
    /// The seed of the order of the images, dropout and augmentation.
    public var seed: UInt64

    /// The latest version; files from 1 up to it are read. A state with Adam's second moments is
    /// version 2, every other one version 1.
    public static let formatVersion = 2
    static let format = "phidias-state"
    /// The largest file that is read: three sets of parameters.
    static let largestFile = 12 * Network.mostParameters + Safetensors.largestHeader

    /// - Parameters:
    ///   - state: the state of the training, such as `Trainer.state`.
    ///   - loss: name of the trainer's loss.
    ///   - batchSize: batch size of the trainer, at least 1.
    ///   - seed: seed of the trainer.
    public init(state: TrainingState, loss: String, batchSize: Int, seed: UInt64) {
        self.state = state
        self.loss = loss
        self.batchSize = batchSize
        self.seed = seed
    }

    /// Checks that a trainer would continue as the one of the state would have: the same network,
    /// loss, batch size and seed.
    /// - Throws: `CheckpointError.differs` with the first difference, and both values.
    public func check(against trainer: Trainer) throws(CheckpointError) {
        let facts = [
            ("network", Self.text(state.model.network), Self.text(trainer.model.network)),
            ("loss", loss, trainer.loss.name),
            ("batch size", String(batchSize), String(trainer.batchSize)),
            ("seed", String(seed), String(trainer.seed)),
        ]
        if let (what, file, other) = facts.first(where: { $0.1 != $0.2 }) {
            throw .differs(what: what, file: file, trainer: other)
        }
    }

    private static func text(_ network: Network) -> String { NetworkDocument.json(network).text() }

    // MARK: - Writing

    /// The file's bytes.
    /// - Throws: `CheckpointError.inconsistent` for a state that could not be read again.
    public var bytes: [UInt8] {
        get throws(CheckpointError) {
            try state.checkForFile()
            guard (1...Metadata.largestCount).contains(batchSize) else {
                throw .inconsistent("a batch has at least 1 image, not \(batchSize)")
            }
            let tensors = state.tensors
            var metadata = MetadataWriter()
            metadata.add("format", .string(Self.format))
            metadata.add("format_version", .integer(state.formatVersion))
            metadata.add("network", NetworkDocument.json(state.model.network))
            metadata.add("loss", .string(loss))
            metadata.add("batch_size", .integer(batchSize))
            // As text: a seed may be larger than the integers that JSON readers keep exactly.
            metadata.add("seed", .string(String(seed)))
            metadata.add(counts: state.position)
            metadata.add(timing: state.position, tensors: tensors)
            return Safetensors(metadata: metadata.members, tensors: tensors).bytes
        }
    }

    /// Writes the file, completely or not at all.
    /// - Throws: `FileError`, and what `bytes` throws.
    public func write(to path: String) throws {
        try DurableFile.write(try bytes, to: path)
    }

    // MARK: - Reading

    /// - Throws: `DataError` if the file cannot be read, `SafetensorsError`, `ModelFileError`.
    public init(path: String) throws {
        try self.init(try Safetensors(path: path, limit: Self.largestFile), path: path)
    }

    /// Reads the bytes of a file.
    /// - Parameters:
    ///   - bytes: all of the file.
    ///   - name: what errors call it.
    /// - Throws: `SafetensorsError`, `ModelFileError`.
    public init(bytes: [UInt8], name: String = "The state") throws {
        try self.init(try Safetensors(copying: bytes, path: name), path: name)
    }

    private init(_ file: Safetensors, path: String) throws {
        let metadata = Metadata(members: file.metadata, path: path)
        let version = try metadata.checkFormat(Self.format, versions: 1...Self.formatVersion)
        try metadata.checkGenerator()
        try metadata.checkSum(of: file.tensors)
        loss = try metadata.text("loss")
        batchSize = try metadata.count("batch_size")
        guard batchSize > 0 else { throw metadata.wrong("batch_size", "it must be at least 1") }
        guard let seed = UInt64(try metadata.text("seed")) else {
            throw metadata.wrong("seed", "it is not a whole number from 0 to 2⁶⁴ − 1")
        }
        self.seed = seed
        let network = try ModelFile.network(try metadata.json("network"), path: path)
        var tensors = TensorSource(tensors: file.tensors, path: path)
        state = TrainingState(
            model: try tensors.model(of: network),
            velocity: try tensors.parameters(of: network, under: "velocity."),
            secondMoments: version > 1 ? try tensors.secondMoments(of: network) : nil,
            position: try metadata.position())
        try tensors.finish()
    }
}
