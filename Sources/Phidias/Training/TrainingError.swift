/// Training that cannot start or continue.
public enum TrainingError: PhidiasError, Equatable {
    /// A number of epochs below 1, or above `Trainer.mostEpochs`.
    case epochs(Int)
    /// A batch size below 1, or above the number of images in the data.
    case batchSize(Int, images: Int?)
    /// The trainer is already training: it was called from its own callback or from another thread.
    case busy
    /// Loss and network have different output activations.
    case output(loss: String, needs: OutputActivation, network: OutputActivation)
    /// The start has a weight, bias, velocity or second moment that is NaN or infinite, in a layer
    /// counted from 0.
    case notFinite(layer: Int, what: String)
    /// A start state whose position is not in the run.
    case position(TrainingPosition, run: RunLength)
    /// A start state of another network than the trainer's.
    case network(state: String, trainer: String)
    /// A start state with velocities for another number of layers.
    case velocities(expected: Int, found: Int)
    /// A start state with a velocity that does not have the size of the parameters, in a layer
    /// counted from 0.
    case velocity(layer: Int, weights: Int, biases: Int, expectedWeights: Int, expectedBiases: Int)
    /// A start state with Adam's second moments for gradient descent, or one without them for Adam.
    case secondMoments(areThere: Bool)
    /// A start state with a second moment below 0, in a layer counted from 0.
    case negativeMoment(layer: Int)
    /// A start state whose sums or times cannot have come from its steps.
    case counts(TrainingPosition, images: Int)
    /// A loss or weight became NaN or infinite in a step counted from 1, at a layer counted from 0.
    case diverged(step: Int, layer: Int, what: String)
    /// The mean loss of an epoch, which ended with a step counted from 1, is finite but above
    /// `factor` times the loss before training.
    case lossTooHigh(step: Int, loss: Double, start: Double, factor: Double)

    /// The step, counted from 1, after which training diverged; nil for other errors.
    public var divergedInStep: Int? {
        switch self {
        case .diverged(let step, _, _), .lossTooHigh(let step, _, _, _): step
        default: nil
        }
    }

    public var description: String {
        switch self {
        case .epochs(let count):
            "The number of epochs is \(count); it must be from 1 to \(Trainer.mostEpochs)."
        case .batchSize(let size, nil): "The batch size is \(size); it must be at least 1."
        case .batchSize(let size, let images?):
            "The batch size, \(size), is larger than the data, which has \(images == 1 ? "1 image" : "\(images) images")."
        case .busy:
            "This trainer is already training. Wait until it ends, or make another trainer."
        case .output(let loss, let needs, let network):
            "The \(loss) loss is for \(needs.rawValue) outputs, but the network has \(network.rawValue) outputs."
        case .notFinite(let layer, let what):
            "Training cannot start: a \(what) of layer \(layer) is NaN or infinite. Start from another model."
        case .position(let position, let run):
            "Training cannot continue from epoch \(position.epochs), step \(position.steps), in a run of \(run.epochs) epochs of \(run.stepsPerEpoch) steps."
        case .network(let state, let trainer):
            "Training cannot continue from a state of another network: the state is of \(state), the trainer of \(trainer); image, layers, input range, outputs and initialization must all be the same."
        case .velocities(let expected, let found):
            "Training cannot continue: the network has \(expected) layers with parameters, but there are velocities for \(found)."
        case .velocity(let layer, let weights, let biases, let expectedWeights, let expectedBiases):
            "Training cannot continue: layer \(layer) has \(expectedWeights) weights and \(expectedBiases) biases, but its velocity has \(weights) and \(biases)."
        case .secondMoments(areThere: true):
            "Training cannot continue: the state has Adam's second moments, but the trainer's optimizer is gradient descent."
        case .secondMoments(areThere: false):
            "Training cannot continue: the state has no second moments, which Adam needs; it is one of gradient descent."
        case .negativeMoment(let layer):
            "Training cannot continue: a second moment of layer \(layer) is below 0, but it is a mean of squares."
        case .counts(let position, let images):
            "Training cannot continue from a state whose \(position.steps) steps saw \(images) images and classified \(position.correct) correctly, with a loss of \(position.lossSum), in \(position.epochSeconds) s of \(position.seconds) s: its counts and times must be possible."
        case .diverged(let step, let layer, let what):
            "Training diverged: in step \(step) a \(what) of layer \(layer) is NaN or infinite. Lower the learning rate."
        case .lossTooHigh(let step, let loss, let start, let factor):
            "Training diverged: the mean loss of the epoch up to step \(step) is \(Float(loss)), over \(Int(exactly: factor).map(String.init) ?? "\(factor)") times the loss before training, \(Float(start)). Lower the learning rate."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .epochs, .batchSize, .output, .position: 64
        case .notFinite, .network, .velocities, .velocity, .counts, .secondMoments,
            .negativeMoment:
            65
        case .busy, .diverged, .lossTooHigh: 70
        }
    }
}
