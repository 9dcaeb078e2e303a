import PhidiasKernels

/// One training: the network in the kernels' layout, and how far training has come. Not
/// thread-safe.
final class TrainingSession {
    private let settings: TrainerSettings
    private let run: RunLength
    private let data: Dataset
    private let inputs: NetworkInputs
    private let targets: NetworkTargets
    private let stack: LayerStack
    /// The augmented batch, if there is augmentation.
    private let augmented: AugmentedBatch?
    private(set) var position: TrainingPosition
    /// Whether training has diverged: the parameters are then useless.
    private(set) var hasDiverged = false
    /// The start of the running clock. Reading the state stops the clock until the next step, so
    /// that no step has to read it.
    private var clockStart: ContinuousClock.Instant?

    /// - Parameter start: a state that fits network and run: `TrainingState.check`.
    /// - Throws: `ModelError.memory`.
    init(
        _ settings: TrainerSettings, _ run: RunLength, on data: Dataset, from start: TrainingState
    ) throws(ModelError) {
        (self.settings, self.run) = (settings, run)
        let isAugmented = settings.augmentation.map { !$0.isNone } ?? false
        let data = isAugmented ? try Self.copied(data) : data
        self.data = data
        inputs = data.isNumeric ? try start.model.inputs(of: data) : .bytes(data.stored)
        targets = start.model.targets(of: data)
        stack = try start.model.stack(
            batchCapacity: settings.batchSize,
            role: settings.optimizer.hasSecondMoments ? .adaptiveTraining : .training,
            threads: settings.threads, part: settings.sharing?.part)
        for (index, velocity) in start.velocity.enumerated() {
            stack.set(.velocity, of: index, to: velocity)
        }
        for (index, moments) in (start.secondMoments ?? []).enumerated() {
            stack.set(.secondMoments, of: index, to: moments)
        }
        if isAugmented, let augmentation = settings.augmentation {
            augmented = try augmentation.batch(
                of: start.model.network.input, capacity: settings.batchSize,
                threads: settings.threads)
        } else {
            augmented = nil
        }
        position = start.position
    }

    /// An augmented image is a function of its place in the data: there must be no other data around
    /// it.
    private static func copied(_ data: Dataset) throws(ModelError) -> Dataset {
        let bytes = data.places == nil ? 0 : data.count * data.pixels
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
        return data.copied
    }

    var isFinished: Bool { position.epochs >= run.epochs }
    /// Whether it holds the whole model; where the training is shared, after `makeWhole`.
    var isWhole: Bool { stack.isWhole }
    /// Gets what other processes have trained.
    func makeWhole() { stack.makeWhole() }
    /// The model after the last step.
    var model: Model {
        makeWhole()
        return Model(stack)
    }
    var velocity: [LayerParameters] {
        stack.network.weighted.indices.map { stack.values(.velocity, of: $0) }
    }

    /// Of Adam; nil for gradient descent.
    var secondMoments: [LayerParameters]? {
        guard settings.optimizer.hasSecondMoments else { return nil }
        return stack.network.weighted.indices.map { stack.values(.secondMoments, of: $0) }
    }

    /// Runs the remaining steps of an epoch.
    /// - Returns: false if training is to stop before the epoch's end.
    func steps(_ observers: Trainer.Observers) throws -> Bool {
        clockStart = .now
        defer { pauseClock() }
        let epoch = EpochPass(
            position.epochs + 1, on: data, inputs: inputs, targets: targets, settings,
            stack: stack, augmented: augmented)
        var buffers = BatchBuffers(
            capacity: settings.batchSize, classes: stack.network.classes)
        for done in position.steps..<run.stepsPerEpoch {
            let step = try epoch.step(done, of: run)
            let result: EpochPass.Result
            do {
                result = try epoch.take(step, &buffers, onGradient: observers.onGradient)
            } catch let error as TrainingError {
                if case .diverged = error { hasDiverged = true }
                throw error
            }
            position.count(loss: result.loss, correct: result.correct)
            observers.onBatch?(
                epoch.order.span.extracting(step.batch),
                buffers.delta.span.extracting(buffers.used(step.batch.count)))
            try observers.onStep?(
                Trainer.StepReport(
                    step: step.number, epoch: epoch.number, images: step.batch.count,
                    loss: result.loss / Double(step.batch.count),
                    learningRate: step.values.learningRate, momentum: step.values.momentum))
            // At the epoch's end the report comes first.
            if done + 1 < run.stepsPerEpoch, try observers.shouldStop?() == true { return false }
            if clockStart == nil { clockStart = .now }
        }
        return true
    }

    /// Counts the epoch whose steps are done.
    func finishEpoch() -> Trainer.EpochReport {
        let images = Double(data.count)
        let loss = position.lossSum / images
        let accuracy = data.isRegression ? nil : Double(position.correct) / images
        let seconds = position.epochSeconds
        position.epochs += 1
        position.steps = 0
        (position.lossSum, position.correct, position.epochSeconds) = (0, 0, 0)
        return Trainer.EpochReport(
            epoch: position.epochs, steps: position.epochs * run.stepsPerEpoch,
            trainingLoss: loss, trainingAccuracy: accuracy, seconds: seconds, model: model)
    }

    /// Stops the clock until the next step.
    func pauseClock() {
        guard let start = clockStart else { return }
        let time = start.duration(to: .now) / .seconds(1)
        position.epochSeconds += time
        position.seconds += time
        clockStart = nil
    }
}
