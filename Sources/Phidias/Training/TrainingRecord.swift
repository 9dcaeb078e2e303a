/// Training steps with all that another program needs to repeat them and to compare its results
/// with these: the start, the images of each step, the gradient that the loss gave, and the
/// resulting weights.
public struct TrainingRecord: Sendable, Equatable {
    /// The model before the first step.
    public let start: Model
    /// The model after the last step.
    public let end: Model
    /// The short name of the loss.
    public let lossName: String
    /// The number of images per step.
    public let batchSize: Int
    /// Learning rate η of every step.
    public let learningRate: Float
    /// Momentum weight α of every step.
    public let momentum: Float
    /// The indices of each step's images in the training images, in their order: [steps][batch].
    public let indices: [UInt32]
    /// The mean loss of each step's batch.
    public let losses: [Float]
    /// The gradient of the mean loss with respect to the logits: [steps][batch][classes].
    public let deltas: [Float]

    /// The version that is written.
    public static let formatVersion = 1
    /// Indices are written as `Float`, which holds whole numbers up to this one.
    static let mostImages = 1 << 24

    /// A safetensors file, all tensors F32, in this order: `layers.N.weight` [outputs, inputs] and
    /// `layers.N.bias` [outputs] of all layers at the start; `indices` [steps, batch]; `losses`
    /// [steps]; `deltas` [steps, batch, classes]; and the layers after the last step as
    /// `final.layers.N.weight` and `final.layers.N.bias`. The metadata's numbers are the shortest
    /// decimals that read back as the same `Float`.
    /// - Parameter metadata: additional texts, such as the origin of the images.
    package func file(_ metadata: KeyValuePairs<String, String> = [:]) -> Safetensors {
        let range = start.network.inputRange
        let facts: KeyValuePairs<String, String> = [
            "format": "phidias-record", "format_version": String(Self.formatVersion),
            "network": NetworkDocument.json(start.network).text(), "loss": lossName,
            "batch_size": String(batchSize), "learning_rate": "\(learningRate)",
            "momentum": "\(momentum)", "input_scale": "\(range.scale)",
            "input_offset": "\(range.offset)",
        ]
        let count = losses.count
        let steps = [
            NamedTensor(
                name: "indices", shape: [count, batchSize], values: indices.map { Float($0) }),
            NamedTensor(name: "losses", shape: [count], values: losses),
            NamedTensor(
                name: "deltas", shape: [count, batchSize, start.network.classes], values: deltas),
        ]
        let last = end.tensors.map {
            NamedTensor(name: "final.\($0.name)", shape: $0.shape, values: $0.values)
        }
        return Safetensors(
            metadata: (Array(facts) + Array(metadata)).map {
                JSON.Member(key: $0.key, value: .string($0.value))
            },
            tensors: start.tensors + steps + last)
    }
}

extension Trainer {
    /// Trains the first `steps` steps of a run of `epochs` epochs and records them. All batches of
    /// a record have the same size, and all steps the same learning rate and momentum.
    /// - Throws: `RecordError` if the settings do not give such steps; the errors of `train`.
    public func record(on data: Dataset, steps: Int, epochs: Int) throws -> TrainingRecord {
        let run = try run(over: data, epochs: epochs)
        guard !model.network.hasDropout else {
            throw RecordError.network(model.network.description)
        }
        guard let optimizer = optimizer.sgd, optimizer.options == MomentumSGD.Options() else {
            throw RecordError.options
        }
        guard augmentation?.isNone ?? true else { throw RecordError.augmentation }
        guard data.count <= TrainingRecord.mostImages else {
            throw RecordError.images(data.count)
        }
        guard (1...run.steps).contains(steps) else {
            throw RecordError.steps(steps, run: run.steps)
        }
        let full = data.count / batchSize
        guard steps <= full || data.count % batchSize == 0 else {
            throw RecordError.shortBatch(step: full + 1, images: data.count % batchSize)
        }
        let first = try optimizer.values(atStep: 0, of: run)
        if let other = try (0..<steps).first(where: {
            try optimizer.values(atStep: $0, of: run) != first
        }) {
            throw RecordError.changingParameters(step: other + 1)
        }
        let start = model
        var indices: [UInt32] = []
        var losses: [Float] = []
        var deltas: [Float] = []
        try train(
            on: data, epochs: epochs,
            Observers(
                shouldStop: { losses.count == steps },
                onBatch: { batch, delta in
                    for position in batch.indices { indices.append(batch[position]) }
                    for position in delta.indices { deltas.append(delta[position]) }
                },
                onStep: { losses.append(Float($0.loss)) }))
        return TrainingRecord(
            start: start, end: model, lossName: loss.name, batchSize: batchSize,
            learningRate: first.learningRate, momentum: first.momentum, indices: indices,
            losses: losses, deltas: deltas)
    }
}

/// Steps that cannot be recorded.
public enum RecordError: PhidiasError, Equatable {
    /// A number of steps below 1, or above that of the run.
    case steps(Int, run: Int)
    /// More images than an index can address.
    case images(Int)
    /// A network with dropout.
    case network(String)
    /// Weight decay, Nesterov momentum, clipping or Adam.
    case options
    /// Augmentation: the images differ from the data's.
    case augmentation
    /// A short last batch of an epoch, in a step counted from 1.
    case shortBatch(step: Int, images: Int)
    /// A learning rate or momentum that changes, in a step counted from 1.
    case changingParameters(step: Int)

    public var description: String {
        switch self {
        case .steps(let steps, let run):
            "\(steps) steps cannot be recorded from a run of \(run). Give 1 to \(run), or more epochs."
        case .network(let network):
            "'\(network)' drops outputs at random, which another program cannot repeat; leave the dropout out."
        case .options:
            "A record holds only plain steps of gradient descent: leave out Adam, weight decay, Nesterov's momentum and the limit of the gradient's norm."
        case .augmentation:
            "A record's indices refer to the unchanged images: leave out the augmentation."
        case .images(let count):
            "\(count) images are too many for a record: it holds indices below \(TrainingRecord.mostImages)."
        case .shortBatch(let step, let images):
            "The batch of step \(step) has only \(images) images, but a record needs full batches. Give fewer steps than \(step), or a batch size that divides the number of images."
        case .changingParameters(let step):
            "The learning rate or momentum changes in step \(step), but a record has one value for all steps. Use a constant schedule without warm-up."
        }
    }

    public var exitCode: Int32 { 64 }
}
