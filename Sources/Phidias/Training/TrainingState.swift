/// The state of a training between two steps. With the data and settings of the run, it is all that
/// is needed to continue as if training had never stopped: shuffles come from (seed, epoch), and
/// learning rate and momentum from the step.
public struct TrainingState: Sendable, Equatable {
    /// The model's network and parameters.
    public var model: Model
    /// The momentum's velocity, or Adam's first moments, of the same shapes.
    public var velocity: [LayerParameters]
    /// Adam's second moments, of the same shapes, each at least 0; nil for gradient descent, and before
    /// the first step.
    public var secondMoments: [LayerParameters]?
    /// The position in the run.
    public var position: TrainingPosition

    /// The state before the first step.
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
    ///   - model: network and parameters.
    ///   - velocity: velocity in the shapes of the model's parameters.
    ///   - secondMoments: of Adam, in the same shapes.
    ///   - position: position in the run.
    public init(
        model: Model, velocity: [LayerParameters], secondMoments: [LayerParameters]? = nil,
        position: TrainingPosition
    ) {
        self.model = model
        self.velocity = velocity
        self.secondMoments = secondMoments
        self.position = position
    }
}

extension TrainingState {
    /// Checks that training can continue from this state.
    /// - Throws: `TrainingError` with what is wrong.
    func check(
        fits network: Network, _ run: RunLength, images: Int, batchSize: Int, optimizer: Optimizer
    ) throws(TrainingError) {
        guard model.network == network else {
            throw .network(state: model.network.description, trainer: network.description)
        }
        try position.check(run, images: images, batchSize: batchSize)
        try Self.check(velocity, fit: network, "velocity")
        let isStart = position.epochs == 0 && position.steps == 0
        guard
            secondMoments == nil
                ? isStart || !optimizer.hasSecondMoments
                : optimizer.hasSecondMoments
        else { throw .secondMoments(areThere: secondMoments != nil) }
        if let secondMoments {
            try Self.check(secondMoments, fit: network, "second moment")
            for (layer, found) in zip(network.weighted, secondMoments)
            where found.weight.contains(where: { $0 < 0 }) || found.bias.contains(where: { $0 < 0 })
            {
                throw .negativeMoment(layer: layer.index)
            }
        }
        if let layer = model.firstNonFiniteLayer {
            throw .notFinite(layer: layer, what: "parameter")
        }
    }
}

extension TrainingState {
    private static func check(
        _ values: [LayerParameters], fit network: Network, _ what: String
    ) throws(TrainingError) {
        guard values.count == network.weighted.count else {
            throw .velocities(expected: network.weighted.count, found: values.count)
        }
        for (layer, found) in zip(network.weighted, values) {
            let (weights, biases) = (layer.inputs * layer.outputs, layer.outputs)
            guard found.weight.count == weights, found.bias.count == biases else {
                throw .velocity(
                    layer: layer.index, weights: found.weight.count, biases: found.bias.count,
                    expectedWeights: weights, expectedBiases: biases)
            }
            guard found.isFinite else { throw .notFinite(layer: layer.index, what: what) }
        }
    }
}

extension LayerParameters {
    fileprivate var isFinite: Bool {
        weight.allSatisfy(\.isFinite) && bias.allSatisfy(\.isFinite)
    }
}

/// How far training has come, with the sums over the unfinished epoch.
public struct TrainingPosition: Sendable, Hashable {
    /// The number of finished epochs.
    public var epochs = 0
    /// The number of finished steps in the epoch after those.
    public var steps = 0
    /// The sum of the images' losses in those steps.
    public var lossSum = 0.0
    /// The number of images classified correctly in those steps.
    public var correct = 0
    /// The time of those steps in seconds.
    public var epochSeconds = 0.0
    /// The time of all steps of the run in seconds.
    public var seconds = 0.0

    /// The position before the first step.
    public init() {}

    /// Counts a finished step.
    mutating func count(loss: Double, correct: Int) {
        steps += 1
        lossSum += loss
        self.correct += correct
    }
    /// Checks that this is a position in the run, and that its steps can have given these sums.
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
