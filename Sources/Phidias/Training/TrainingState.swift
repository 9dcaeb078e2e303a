/// Where training stands between two steps. With the data and settings of the run, it is all that
/// is needed to go on as if training had never stopped: shuffles come from (seed, epoch), and
/// learning rate and momentum from the step.
public struct TrainingState: Sendable, Equatable {
    /// The parameters.
    public var model: Model
    /// The momentum's velocity, of the same shapes.
    public var velocity: [LayerParameters]
    /// Where in the run this is.
    public var position: TrainingPosition

    /// Before the first step.
    public init(start model: Model) {
        self.init(
            model: model,
            velocity: model.parameters.map {
                LayerParameters(
                    weight: [Float](repeating: 0, count: $0.weight.count),
                    bias: [Float](repeating: 0, count: $0.bias.count))
            }, position: TrainingPosition())
    }

    /// - Parameter velocity: of the shapes of the model's parameters.
    public init(model: Model, velocity: [LayerParameters], position: TrainingPosition) {
        self.model = model
        self.velocity = velocity
        self.position = position
    }
}

/// How far training has come, and what it has counted on the way.
public struct TrainingPosition: Sendable, Hashable {
    /// Finished epochs.
    public var epochs = 0
    /// Steps done of the epoch after those.
    public var steps = 0
    /// Of those steps: the sum of the images' losses, and the images told right.
    public var lossSum = 0.0, correct = 0
    /// Time of those steps in seconds, and of all steps of the run.
    public var epochSeconds = 0.0, seconds = 0.0

    /// Before the first step.
    public init() {}

    /// A step is done.
    mutating func count(loss: Double, correct: Int) {
        steps += 1
        lossSum += loss
        self.correct += correct
    }
}
