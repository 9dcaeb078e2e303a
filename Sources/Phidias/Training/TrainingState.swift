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

    /// - Parameters:
    ///   - model: the parameters.
    ///   - velocity: of the shapes of the model's parameters.
    ///   - position: where in the run this is.
    public init(model: Model, velocity: [LayerParameters], position: TrainingPosition) {
        self.model = model
        self.velocity = velocity
        self.position = position
    }
}

extension TrainingState {
    /// Sees that training can go on from here.
    /// - Throws: `TrainingError` with what is wrong.
    func check(
        fits network: Network, _ run: RunLength, images: Int, batchSize: Int
    ) throws(TrainingError) {
        guard model.network == network else {
            throw .network(state: model.network.description, trainer: network.description)
        }
        try position.check(run, images: images, batchSize: batchSize)
        guard velocity.count == network.weighted.count else {
            throw .velocities(expected: network.weighted.count, found: velocity.count)
        }
        for (layer, found) in zip(network.weighted, velocity) {
            let (weights, biases) = (layer.inputs * layer.outputs, layer.outputs)
            guard found.weight.count == weights, found.bias.count == biases else {
                throw .velocity(
                    layer: layer.index, weights: found.weight.count, biases: found.bias.count,
                    expectedWeights: weights, expectedBiases: biases)
            }
            guard found.isFinite else { throw .notFinite(layer: layer.index, what: "velocity") }
        }
        if let layer = model.firstNonFiniteLayer {
            throw .notFinite(layer: layer, what: "parameter")
        }
    }
}

extension LayerParameters {
    fileprivate var isFinite: Bool {
        weight.allSatisfy(\.isFinite) && bias.allSatisfy(\.isFinite)
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
    /// Sees that this is a place of the run, and that its steps can have given its counts.
    fileprivate func check(
        _ run: RunLength, images: Int, batchSize: Int
    ) throws(TrainingError) {
        let isInside =
            (0..<run.epochs).contains(epochs) && (0...run.stepsPerEpoch).contains(steps)
        guard isInside || (epochs == run.epochs && steps == 0) else {
            throw .position(self, run: run)
        }
        let seen = steps == run.stepsPerEpoch ? images : steps * batchSize
        guard (0...seen).contains(correct), lossSum.isFinite, steps > 0 || lossSum == 0,
            epochSeconds >= 0, seconds >= 0, epochSeconds.isFinite, seconds.isFinite
        else { throw .counts(self, images: seen) }
    }
}
