import PhidiasKernels

/// Trains a model: shuffles, makes batches, and runs forward pass, loss, and backward pass with
/// the momentum update, batch after batch.
///
/// The same seed, data and settings give the same weights bit for bit, with any number of
/// threads and any kernel table.
public final class Trainer {
    /// After a step. Read-only: callbacks watch training, they do not steer it.
    public struct StepReport: Sendable {
        /// Counted from 1 over the whole run.
        public let step: Int
        /// Counted from 1.
        public let epoch: Int
        /// Images in the batch.
        public let images: Int
        /// Mean loss of the batch.
        public let loss: Double
        /// η and α of this step.
        public let learningRate, momentum: Float
    }

    /// After an epoch.
    public struct EpochReport: Sendable {
        /// Counted from 1.
        public let epoch: Int
        /// Mean over the images of the epoch, each with the weights of its step.
        public let trainingLoss, trainingAccuracy: Double
        /// Time of shuffling, batches and steps, without evaluation and callbacks after the epoch.
        public let seconds: Double
        /// The model as it is now.
        public let model: Model
    }

    /// Most epochs of a run: their steps can be counted, whatever the data.
    public static let mostEpochs = 1_000_000_000

    /// What is made small.
    public let loss: any Loss
    /// Learning rate and momentum of each step.
    public let optimizer: MomentumSGD
    /// Images a step; the last batch of an epoch may be smaller.
    public let batchSize: Int
    /// Decides the order of the images.
    public let seed: UInt64
    /// Threads of a step; they do not change its result.
    public let threads: Int

    /// The model after the last epoch that ended with finite weights and loss.
    public private(set) var model: Model
    /// Images seen, over the time of all epochs.
    public private(set) var seconds = 0.0

    /// - Parameters:
    ///   - model: where training starts.
    ///   - batchSize: images a step, at least 1; a last short batch is averaged over its own size.
    ///   - threads: nil takes what the affinity mask and the cgroup quota allow.
    public init(
        model: Model, loss: any Loss = SynapticLoss(), optimizer: MomentumSGD = .golden,
        batchSize: Int = 64, seed: UInt64 = 1, threads: Int? = nil
    ) throws {
        guard batchSize > 0 else { throw TrainingError.batchSize(batchSize, images: nil) }
        guard loss.outputActivation == model.network.outputActivation else {
            throw TrainingError.output(
                loss: loss.name, needs: loss.outputActivation,
                network: model.network.outputActivation)
        }
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.batchSize = batchSize
        self.seed = seed
        self.threads = try Model.threads(threads)
    }

    /// Runs `epochs` epochs over the data.
    /// - Throws: `TrainingError.diverged` if a loss or weight is no longer finite; `model` is
    ///   then that of the last good epoch. Also what the callbacks throw.
    public func train(
        on data: Dataset, epochs: Int, onStep: ((StepReport) throws -> Void)? = nil,
        onEpoch: ((EpochReport) throws -> Void)? = nil
    ) throws {
        try train(
            on: data, epochs: epochs, steps: .max, onBatch: nil, onStep: onStep, onEpoch: onEpoch)
    }

    /// A batch's indices, and the gradient of its mean loss by its logits.
    typealias BatchObserver = (Span<UInt32>, Span<Float>) -> Void

    /// Training that ends after `steps` steps if that is before the end of the last epoch; `model`
    /// is then that of the last step.
    func train(
        on data: Dataset, epochs: Int, steps: Int, onBatch: BatchObserver?,
        onStep: ((StepReport) throws -> Void)?, onEpoch: ((EpochReport) throws -> Void)?
    ) throws {
        guard (1...Self.mostEpochs).contains(epochs) else { throw TrainingError.epochs(epochs) }
        guard batchSize <= data.count else {
            throw TrainingError.batchSize(batchSize, images: data.count)
        }
        try model.check(data)
        let stack = try model.stack(
            batchCapacity: batchSize, role: .training, threads: threads)
        let run = RunLength(
            stepsPerEpoch: (data.count + batchSize - 1) / batchSize, epochs: epochs)
        var workspace = Workspace(batchSize: batchSize, classes: model.network.classes)
        let clock = ContinuousClock()
        for epoch in 1...epochs {
            let start = clock.now
            let order = data.order(seed: seed, epoch: epoch)
            var lossSum = 0.0
            var correct = 0
            for (position, first) in stride(from: 0, to: data.count, by: batchSize).enumerated() {
                let step = (epoch - 1) * run.stepsPerEpoch + position
                let values = optimizer.values(atStep: step, of: run)
                let end = min(first + batchSize, data.count)
                let indices = order.span.extracting(first..<end)
                let next = order.span.extracting(end..<min(end + batchSize, data.count))
                let result = try workspace.step(
                    stack, data, indices, next: next, model.network.inputRange, loss, values,
                    threads, number: step + 1)
                lossSum += result.loss
                correct += result.correct
                onBatch?(
                    indices, workspace.delta.span.extracting(0..<indices.count * workspace.classes))
                try onStep?(
                    StepReport(
                        step: step + 1, epoch: epoch, images: indices.count,
                        loss: result.loss / Double(indices.count),
                        learningRate: values.learningRate, momentum: values.momentum))
                if step + 1 == steps {
                    model = Model(network: model.network, stack: stack)
                    return
                }
            }
            let time = Double(attoseconds: start.duration(to: clock.now))
            seconds += time
            model = Model(network: model.network, stack: stack)
            try onEpoch?(
                EpochReport(
                    epoch: epoch, trainingLoss: lossSum / Double(data.count),
                    trainingAccuracy: Double(correct) / Double(data.count), seconds: time,
                    model: model))
        }
    }
}

/// The plain buffers between the forward and the backward region of a step.
private struct Workspace {
    let classes: Int
    var logits, targets, delta: [Float]
    var labels: [UInt8]

    init(batchSize: Int, classes: Int) {
        self.classes = classes
        logits = [Float](repeating: 0, count: batchSize * classes)
        targets = logits
        delta = logits
        labels = [UInt8](repeating: 0, count: batchSize)
    }

    mutating func step(
        _ stack: DenseStack, _ data: Dataset, _ indices: Span<UInt32>, next: Span<UInt32>,
        _ range: InputRange, _ loss: any Loss, _ values: (learningRate: Float, momentum: Float),
        _ threads: Int, number: Int
    ) throws(TrainingError) -> (loss: Double, correct: Int) {
        let count = indices.count
        let used = 0..<count * classes
        for row in 0..<count {
            targets[row * classes + Int(labels[row])] = 0
            labels[row] = data.labels[Int(indices[row])]
            targets[row * classes + Int(labels[row])] = 1
        }
        // Taken out of self for the step: the loss reads two of them while it writes the third.
        var (logits, delta): ([Float], [Float]) = ([], [])
        swap(&logits, &self.logits)
        swap(&delta, &self.delta)
        defer {
            swap(&logits, &self.logits)
            swap(&delta, &self.delta)
        }
        var wholeLogits = logits.mutableSpan
        var out = wholeLogits._mutatingExtracting(used)
        stack.forward(
            images: data.images.span, indices: indices, next: next, scale: range.scale,
            offset: range.offset, logits: &out, threads: threads)
        var wholeDelta = delta.mutableSpan
        var gradient = wholeDelta._mutatingExtracting(used)
        let sum = loss.evaluate(
            logits: logits.span.extracting(used), targets: targets.span.extracting(used),
            classes: classes, scale: 1 / Float(count), gradient: &gradient)
        guard sum.isFinite else {
            throw .diverged(step: number, layer: stack.shapes.count - 1, what: "loss")
        }
        let correct = Kernels.countCorrect(
            m: count, n: classes, logits: logits.span.extracting(used), labels: labels.span,
            threads: 1)
        let bad = stack.backward(
            delta: delta.span.extracting(used), learningRate: values.learningRate,
            momentum: values.momentum)
        if let bad { throw .diverged(step: number, layer: bad, what: "weight") }
        return (sum, correct)
    }
}

extension Double {
    fileprivate init(attoseconds duration: Duration) {
        let parts = duration.components
        self = Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    }
}

/// Training that cannot start or go on.
public enum TrainingError: PhidiasError, Equatable {
    /// A number of epochs below 1.
    case epochs(Int)
    /// A batch without images, or with more than the data has.
    case batchSize(Int, images: Int?)
    /// Loss and network read the logits in different ways.
    case output(loss: String, needs: OutputActivation, network: OutputActivation)
    /// A loss or weight became NaN or infinite in a step counted from 1, at a layer counted from 0.
    case diverged(step: Int, layer: Int, what: String)

    public var description: String {
        switch self {
        case .epochs(let count):
            "\(count) epochs cannot be trained; give 1 to \(Trainer.mostEpochs)."
        case .batchSize(let size, nil): "A batch of \(size) images is not at least 1."
        case .batchSize(let size, let images?):
            "A batch of \(size) images is larger than the data, which has \(images)."
        case .output(let loss, let needs, let network):
            "The \(loss) loss is for \(needs.rawValue) outputs, but the network has \(network.rawValue) outputs."
        case .diverged(let step, let layer, let what):
            "Training diverged: in step \(step) a \(what) of layer \(layer) is NaN or infinite. Lower the learning rate."
        }
    }

    public var exitCode: Int32 {
        if case .diverged = self { 70 } else { 64 }
    }
}
