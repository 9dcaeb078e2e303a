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
        /// Of the run, up to the epoch's end.
        public let steps: Int
        /// Mean over the images of the epoch, each with the weights of its step.
        public let trainingLoss, trainingAccuracy: Double
        /// Time of shuffling, batches and steps, without evaluation and callbacks after the epoch,
        /// and between steps without what a callback does after it has taken the trainer's state.
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
    /// Decides the order of the images, dropout and augmentation.
    public let seed: UInt64
    /// Threads of a step; they do not change its result.
    public let threads: Int
    /// How images are changed before the network sees them; nil: not at all.
    public let augmentation: Augmentation?

    /// The model after the last epoch that ended with finite weights and loss.
    public private(set) var model: Model
    /// Of all epochs, as `EpochReport.seconds` counts them.
    public private(set) var seconds = 0.0

    /// - Parameters:
    ///   - model: where training starts.
    ///   - batchSize: images a step, at least 1; a last short batch is averaged over its own size.
    ///   - threads: nil takes those of `Model.threads(_:)`.
    public init(
        model: Model, loss: any Loss = SynapticLoss(), optimizer: MomentumSGD = .golden,
        batchSize: Int = 64, seed: UInt64 = 1, augmentation: Augmentation? = nil,
        threads: Int? = nil
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
        self.augmentation = augmentation
        self.threads = try Model.threads(threads)
    }

    /// Where training stands: between two steps, so also in the callbacks and after `train`, however
    /// it ended. Nil before training, and after a divergence.
    public var state: TrainingState? {
        guard let stack else { return nil }
        pauseClock()
        let isEpochsEnd = position.steps == 0 && position.epochs > 0
        return TrainingState(
            model: isEpochsEnd ? model : Model(stack),
            velocity: model.network.weighted.indices.map { stack.values(.velocity, of: $0) },
            position: position)
    }

    private var stack: LayerStack?
    /// The batch as augmentation leaves it.
    private var augmented: AugmentedBatch?
    private var position = TrainingPosition()
    /// Since when training's time runs. Whoever takes the state stops it until the next step, so that
    /// no step has to read the clock.
    private var clockStart: ContinuousClock.Instant?

    private func pauseClock() {
        guard let start = clockStart else { return }
        let time = start.duration(to: .now) / .seconds(1)
        position.epochSeconds += time
        position.seconds += time
        clockStart = nil
    }

    /// Runs `epochs` epochs over the data, or what is left of them.
    /// - Parameters:
    ///   - start: where to go on; nil begins with `model`, without velocity. The result has the
    ///     bits of training that never stopped if data and settings are those of before.
    ///   - shouldStop: asked between two steps and after an epoch's report; true ends training.
    ///   - onStep: called after each step.
    ///   - onEpoch: called after each epoch.
    /// - Throws: `TrainingError.diverged` if a loss or weight is no longer finite; `model` is
    ///   then that of the last good epoch. `.position` if `start` lies outside of the run. Also
    ///   what the callbacks throw.
    public func train(
        on data: Dataset, epochs: Int, from start: TrainingState? = nil,
        shouldStop: (() throws -> Bool)? = nil, onStep: ((StepReport) throws -> Void)? = nil,
        onEpoch: ((EpochReport) throws -> Void)? = nil
    ) throws {
        try train(
            on: data, epochs: epochs, from: start, shouldStop: shouldStop, onBatch: nil,
            onStep: onStep, onEpoch: onEpoch)
    }

    /// A batch's indices, and the gradient of its mean loss by its logits.
    typealias BatchObserver = (Span<UInt32>, Span<Float>) -> Void

    /// The stack between the gradient of a step and its update: it holds the gradient of the batch,
    /// and weights and velocity from before the step. It is read and not changed.
    typealias GradientObserver = (LayerStack) throws -> Void

    func train(
        on data: Dataset, epochs: Int, from start: TrainingState?,
        shouldStop: (() throws -> Bool)?, onBatch: BatchObserver?,
        onGradient: GradientObserver? = nil,
        onStep: ((StepReport) throws -> Void)?, onEpoch: ((EpochReport) throws -> Void)?
    ) throws {
        guard (1...Self.mostEpochs).contains(epochs) else { throw TrainingError.epochs(epochs) }
        guard batchSize <= data.count else {
            throw TrainingError.batchSize(batchSize, images: data.count)
        }
        let run = try RunLength(
            images: data.count, batchSize: batchSize, epochs: epochs)
        try begin(at: start ?? TrainingState(start: model), run)
        try model.check(data)
        while position.epochs < epochs {
            let isWhole = try Kernels.withTeam(threads: threads) {
                try epoch(of: run, on: data, shouldStop, onBatch, onGradient, onStep)
            }
            guard isWhole else { return }
            try finishEpoch(run, data, onEpoch)
            if try shouldStop?() == true { return }
        }
    }

    private func begin(at start: TrainingState, _ run: RunLength) throws {
        let position = start.position
        let isInside =
            (0..<run.epochs).contains(position.epochs)
            && (0...run.stepsPerEpoch).contains(position.steps)
        guard isInside || (position.epochs == run.epochs && position.steps == 0) else {
            throw TrainingError.position(position, run: run)
        }
        let stack = try start.model.stack(
            batchCapacity: batchSize, role: .training, threads: threads)
        for (index, velocity) in start.velocity.enumerated() {
            stack.set(.velocity, of: index, to: velocity)
        }
        self.stack = stack
        augmented = try augmentation.flatMap { augmentation in
            augmentation.isNone
                ? nil
                : try augmentation.batch(
                    of: start.model.network.input, capacity: batchSize, threads: threads)
        }
        self.position = position
        model = start.model
        seconds = position.seconds
    }

    /// The steps of an epoch that are left.
    /// - Returns: false if training is to stop before the epoch's end.
    private func epoch(
        of run: RunLength, on data: Dataset, _ shouldStop: (() throws -> Bool)?,
        _ onBatch: BatchObserver?, _ onGradient: GradientObserver?,
        _ onStep: ((StepReport) throws -> Void)?
    ) throws -> Bool {
        guard let stack else { return false }
        clockStart = .now
        defer { pauseClock() }
        let number = position.epochs + 1
        let order = data.order(seed: seed, epoch: number)
        let dropout = DropoutKey(
            seed: seed, epoch: UInt32(number), purpose: CounterRandom.Purpose.dropout.rawValue)
        var workspace = Workspace(batchSize: batchSize, classes: model.network.classes)
        for done in position.steps..<run.stepsPerEpoch {
            let step = position.epochs * run.stepsPerEpoch + done
            let values = try optimizer.values(atStep: step, of: run)
            let first = done * batchSize
            let end = min(first + batchSize, data.count)
            let indices = order.span.extracting(first..<end)
            let next = order.span.extracting(end..<min(end + batchSize, data.count))
            let result: (loss: Double, correct: Int)
            if let augmentation, let augmented {
                augmentation.fill(augmented, from: data, indices, seed: seed, epoch: number)
            }
            do {
                result = try workspace.step(
                    stack, data, indices, next: next, augmented, dropout, loss,
                    optimizer.rule(values), threads, onGradient, number: step + 1)
            } catch {
                self.stack = nil
                throw error
            }
            position.count(loss: result.loss, correct: result.correct)
            onBatch?(
                indices, workspace.delta.span.extracting(0..<indices.count * workspace.classes))
            try onStep?(
                StepReport(
                    step: step + 1, epoch: number, images: indices.count,
                    loss: result.loss / Double(indices.count),
                    learningRate: values.learningRate, momentum: values.momentum))
            // At the epoch's end the report comes first.
            if done + 1 < run.stepsPerEpoch, try shouldStop?() == true { return false }
            if clockStart == nil { clockStart = .now }
        }
        return true
    }

    private func finishEpoch(
        _ run: RunLength, _ data: Dataset, _ onEpoch: ((EpochReport) throws -> Void)?
    ) throws {
        guard let stack else { return }
        let report = (
            loss: position.lossSum / Double(data.count),
            accuracy: Double(position.correct) / Double(data.count), time: position.epochSeconds
        )
        seconds = position.seconds
        model = Model(stack)
        position.epochs += 1
        position.steps = 0
        (position.lossSum, position.correct, position.epochSeconds) = (0, 0, 0)
        try onEpoch?(
            EpochReport(
                epoch: position.epochs, steps: position.epochs * run.stepsPerEpoch,
                trainingLoss: report.loss,
                trainingAccuracy: report.accuracy, seconds: report.time, model: model))
    }
}

/// The plain buffers between the forward and the backward region of a step.
private struct Workspace {
    let classes: Int
    var logits, targets, delta: [Float]
    var labels: [UInt8]
    /// Of augmented images, which lie in the order of the batch.
    let places: [UInt32]

    init(batchSize: Int, classes: Int) {
        places = (0..<UInt32(batchSize)).map { $0 }
        self.classes = classes
        logits = [Float](repeating: 0, count: batchSize * classes)
        targets = logits
        delta = logits
        labels = [UInt8](repeating: 0, count: batchSize)
    }

    mutating func step(
        _ stack: LayerStack, _ data: Dataset, _ indices: Span<UInt32>, next: Span<UInt32>,
        _ augmented: AugmentedBatch?, _ dropout: DropoutKey, _ loss: any Loss, _ rule: UpdateRule,
        _ threads: Int,
        _ onGradient: Trainer.GradientObserver?, number: Int
    ) throws -> (loss: Double, correct: Int) {
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
        if let augmented {
            stack.forward(
                images: augmented.images.span, indices: places.span.extracting(0..<count),
                dropout: dropout, numbers: indices, logits: &out, threads: threads)
        } else {
            stack.forward(
                images: data.images.span, indices: indices, next: next, dropout: dropout,
                logits: &out, threads: threads)
        }
        var wholeDelta = delta.mutableSpan
        var gradient = wholeDelta._mutatingExtracting(used)
        let sum = loss.evaluate(
            logits: logits.span.extracting(used), targets: targets.span.extracting(used),
            classes: classes, scale: 1 / Float(count), gradient: &gradient)
        guard sum.isFinite else {
            throw TrainingError.diverged(
                step: number, layer: stack.network.layers.count - 1, what: "loss")
        }
        let correct = Kernels.countCorrect(
            m: count, n: classes, logits: logits.span.extracting(used), labels: labels.span,
            threads: 1)
        if let onGradient {
            try stack.gradient(delta: delta.span.extracting(used))
            try onGradient(stack)
        }
        let bad = try stack.backward(delta: delta.span.extracting(used), rule: rule)
        if let bad {
            throw TrainingError.diverged(step: number, layer: bad, what: "weight")
        }
        return (sum, correct)
    }
}

/// Training that cannot start or go on.
public enum TrainingError: PhidiasError, Equatable {
    /// A number of epochs below 1.
    case epochs(Int)
    /// A batch without images, or with more than the data has.
    case batchSize(Int, images: Int?)
    /// A state to go on from that is no part of the run.
    case position(TrainingPosition, run: RunLength)
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
        case .position(let position, let run):
            "Training cannot go on from epoch \(position.epochs), step \(position.steps), in a run of \(run.epochs) epochs of \(run.stepsPerEpoch) steps."
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
