import PhidiasKernels

/// The settings of a trainer, the same for all its trainings.
struct TrainerSettings {
    let loss: any Loss
    let optimizer: Optimizer
    let batchSize: Int
    let seed: UInt64
    let threads: Int
    let augmentation: Augmentation?
    /// What other processes do of the same training; nil for a trainer that works alone.
    var sharing: SharedTraining?
}

/// The values of one step.
struct TrainingStep {
    /// The step, counted from 1 over the run.
    let number: Int
    /// Its images and, as a prefetch hint, those of the next step: ranges in the epoch's order.
    let batch, next: Range<Int>
    /// Learning rate η and momentum weight α, or Adam's β₁.
    let values: (learningRate: Float, momentum: Float)
}

/// The steps of one epoch: the images in their order, and the parts that process them.
struct EpochPass {
    /// The result of a step's batch.
    struct Result {
        /// The sum of the images' losses, and the number of images classified correctly.
        let loss: Double, correct: Int
    }

    let stack: LayerStack
    let settings: TrainerSettings
    let data: Dataset
    private let inputs: NetworkInputs
    private let targets: NetworkTargets
    let number: Int
    let order: [UInt32]
    /// Where the images of the order lie among the inputs.
    private let sources: [UInt32]
    private let dropout: DropoutKey
    private let augmented: AugmentedBatch?
    /// The indices of augmented images, which are in the order of the batch.
    private let places: [UInt32]

    /// - Parameters:
    ///   - number: number of the epoch, counted from 1.
    ///   - inputs: the data as the network takes it.
    ///   - targets: what it is to answer.
    ///   - augmented: nil leaves the images unchanged.
    init(
        _ number: Int, on data: Dataset, inputs: NetworkInputs, targets: NetworkTargets,
        _ settings: TrainerSettings, stack: LayerStack, augmented: AugmentedBatch?
    ) {
        (self.inputs, self.targets) = (inputs, targets)
        (self.number, self.data, self.settings) = (number, data, settings)
        (self.stack, self.augmented) = (stack, augmented)
        let order = data.order(seed: settings.seed, epoch: number)
        self.order = order
        sources = data.places.map { places in order.map { places[Int($0)] } } ?? order
        dropout = DropoutKey(
            seed: settings.seed, epoch: UInt32(number),
            purpose: CounterRandom.Purpose.dropout.rawValue)
        places = augmented == nil ? [] : (0..<UInt32(settings.batchSize)).map { $0 }
    }

    /// Step `done` of the epoch, counted from 0.
    /// - Throws: `OptimizationError` if a custom schedule gives no valid learning rate.
    func step(_ done: Int, of run: RunLength) throws(OptimizationError) -> TrainingStep {
        let number = (self.number - 1) * run.stepsPerEpoch + done
        let first = done * settings.batchSize
        let end = min(first + settings.batchSize, data.count)
        return TrainingStep(
            number: number + 1, batch: first..<end,
            next: end..<min(end + settings.batchSize, data.count),
            values: try settings.optimizer.values(atStep: number, of: run))
    }

    /// Forward pass, loss, and backward pass with the update.
    /// - Parameter buffers: afterwards hold the gradient with respect to the logits.
    /// - Throws: `TrainingError.diverged`, and `ModelError.memory`.
    func take(
        _ step: TrainingStep, _ buffers: inout BatchBuffers,
        onGradient: Trainer.Observers.Gradient?
    ) throws -> Result {
        let indices = order.span.extracting(step.batch)
        let used = buffers.used(indices.count)
        if let augmented, let augmentation = settings.augmentation {
            augmentation.fill(augmented, from: data, indices, seed: settings.seed, epoch: number)
        }
        let sum = buffers.evaluate(
            settings.loss, targets, at: indices, scale: 1 / Float(indices.count)
        ) { logits in
            if let augmented {
                stack.forward(
                    images: augmented.images.span,
                    indices: places.span.extracting(0..<indices.count), dropout: dropout,
                    numbers: indices, logits: &logits, threads: settings.threads)
            } else {
                stack.forward(
                    inputs, indices: sources.span.extracting(step.batch),
                    next: sources.span.extracting(step.next), dropout: dropout, numbers: indices,
                    logits: &logits, threads: settings.threads)
            }
        }
        guard sum.isFinite else {
            throw TrainingError.diverged(
                step: step.number, layer: stack.network.layers.count - 1, what: "loss")
        }
        let correct =
            data.isRegression
            ? 0
            : Kernels.countCorrect(
                m: indices.count, n: buffers.classes,
                logits: buffers.logits.span.extracting(used), labels: buffers.labels.span,
                threads: 1)
        let delta = buffers.delta.span.extracting(used)
        if let onGradient {
            try stack.gradient(delta: delta)
            try onGradient(stack)
        }
        var bad = try settings.optimizer.step(
            stack, delta: delta, step.values, number: step.number)
        if let sharing = settings.sharing { bad = try sharing.agree(bad) }
        if let bad {
            throw TrainingError.diverged(step: step.number, layer: bad, what: "weight")
        }
        return Result(loss: sum, correct: correct)
    }
}
