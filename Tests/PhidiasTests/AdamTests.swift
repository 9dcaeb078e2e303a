import Foundation
import Phidias
import PhidiasKernels
import Testing

/// Training with Adam and AdamW.
@Suite(.serialized) struct AdamTests {
    enum Kind: CaseIterable {
        case adam, adamW

        var optimizer: Adam {
            get throws {
                switch self {
                case .adam:
                    try Adam(
                        learningRate: LearningRate(0.01, schedule: .cosine(final: nil)),
                        options: .init(weightDecay: 0.001))
                case .adamW:
                    try Adam(
                        learningRate: LearningRate(0.01, warmUp: 0.5),
                        options: .init(
                            beta1: 0.8, beta2: 0.99, weightDecay: 0.01, isDecoupled: true,
                            largestNorm: 1))
                }
            }
        }
    }

    /// Dense and convolutional, with odd sizes.
    static let networks = [
        "dense 37 tanh, dense 21 leaky-relu, dense 10",
        "conv 5 3x3 tanh, maxpool 2, conv 6 3x3 pad 1 leaky-relu, maxpool 2, dropout 0.25, dense 10",
    ]

    static func trainer(
        _ kind: Kind = .adam, network: Int = 0, threads: Int = 2
    ) throws -> Trainer {
        let network = try Network(
            input: ImageShape(rows: 28, columns: 28), layers: [Layer](text: networks[network]))
        return try Trainer(
            model: Model(network: network, seed: 1), optimizer: .adam(try kind.optimizer),
            batchSize: 51,
            threads: threads)
    }

    static func hash(
        _ kind: Kind, network: Int, threads: Int = 2, table: String? = nil
    ) throws -> String {
        #expect(KernelTable.select(table))
        defer { KernelTable.select(nil) }
        let trainer = try trainer(kind, network: network, threads: threads)
        try trainer.train(on: try SyntheticDigits.dataset(count: 200, seed: 3), epochs: 2)
        return trainer.model.weightsSHA256
    }

    @Test(arguments: Kind.allCases, networks.indices)
    func threadsAndTablesGiveTheSameBits(kind: Kind, network: Int) throws {
        let expected = try Self.hash(kind, network: network, threads: 1)
        for threads in [2, 3, 7] {
            #expect(try Self.hash(kind, network: network, threads: threads) == expected)
        }
        for table in KernelTable.available {
            #expect(try Self.hash(kind, network: network, table: table) == expected, "\(table)")
        }
        let other = kind == .adam ? Kind.adamW : .adam
        #expect(try Self.hash(other, network: network) != expected)
    }

    /// Whoever changes these bits changes those of every run that was ever trained.
    @Test func theBitsArePinned() throws {
        #expect(
            try Self.hash(.adam, network: 0)
                == "52101acbe063112e2638bab2629ca181a2f43253da4f764c52f669b6568ef6cb")
        #expect(
            try Self.hash(.adamW, network: 1)
                == "f368439521311e9ca248cbbf2e6cc52a937defd1df8f2e160f3b787a6dc3eea2")
    }

    /// The first step is η · g / (|g| + ε), whatever the gradient's length: with one image the bias of
    /// a logit has the gradient of the logit itself, which is not small.
    @Test func theFirstStepHasTheLearningRatesLength() throws {
        let data = try SyntheticDigits.dataset(count: 1, seed: 3)
        let network = try Network(hidden: [])
        let model = try Model(network: network, seed: 1)
        let trainer = try Trainer(
            model: model, loss: CrossEntropyLoss(),
            optimizer: .adam(try Adam(learningRate: LearningRate(0.125))), batchSize: 1)
        try trainer.train(on: data, epochs: 1)
        let moves = zip(trainer.model.parameters[0].bias, model.parameters[0].bias).map { $0 - $1 }
        for (label, move) in moves.enumerated() {
            let sign: Float = label == Int(data.labels[0]) ? 1 : -1
            #expect(abs(move - sign * 0.125) < 1e-6, "\(label): \(move)")
        }
    }

    @Test(arguments: Kind.allCases, networks.indices)
    func trainingGoesOnWithTheSameBits(kind: Kind, network: Int) throws {
        let data = try SyntheticDigits.dataset(count: 120, seed: 3)
        let whole = try Self.trainer(kind, network: network)
        try whole.train(on: data, epochs: 3)
        for stop in [1, 3, 5] {
            let first = try Self.trainer(kind, network: network, threads: 1)
            var steps = 0
            try first.train(
                on: data, epochs: 3, shouldStop: { steps == stop }, onStep: { _ in steps += 1 })
            let file = TrainingStateFile(
                state: try #require(first.state), loss: first.loss.name, batchSize: 51, seed: 1)
            let read = try TrainingStateFile(bytes: file.bytes)
            #expect(read == file)
            #expect(read.state.secondMoments?.count == file.state.velocity.count)
            let second = try Self.trainer(kind, network: network)
            try second.train(on: data, epochs: 3, from: read.state)
            #expect(second.model == whole.model, "after \(stop) steps")
        }
    }

    @Test func aStateOfAnotherOptimizerIsRefused() throws {
        let data = try SyntheticDigits.dataset(count: 120, seed: 3)
        let adam = try Self.trainer()
        try adam.train(on: data, epochs: 2, shouldStop: { true })
        var state = try #require(adam.state)
        #expect(state.position.steps == 1)
        func sgd() throws -> Trainer {
            try Trainer(
                model: Model(network: state.model.network, seed: 1), batchSize: 51, threads: 1)
        }
        #expect(throws: TrainingError.secondMoments(areThere: true)) {
            try sgd().train(on: data, epochs: 2, from: state)
        }
        state.secondMoments?[1].bias[3] = -1
        #expect(throws: TrainingError.negativeMoment(layer: 1)) {
            try Self.trainer().train(on: data, epochs: 2, from: state)
        }
        #expect(throws: CheckpointError.self) {
            try TrainingStateFile(state: state, loss: "synaptic", batchSize: 51, seed: 1).bytes
        }
        state.secondMoments?[1].bias[3] = .nan
        #expect(throws: TrainingError.notFinite(layer: 1, what: "second moment")) {
            try Self.trainer().train(on: data, epochs: 2, from: state)
        }
        state.secondMoments = nil
        #expect(throws: TrainingError.secondMoments(areThere: false)) {
            try Self.trainer().train(on: data, epochs: 2, from: state)
        }
    }

    /// Files of gradient descent keep their version, and their bytes.
    @Test func theVersionTellsWhetherThereAreMoments() throws {
        let data = try SyntheticDigits.dataset(count: 120, seed: 3)
        func bytes(_ trainer: Trainer) throws -> String {
            try trainer.train(on: data, epochs: 2, shouldStop: { true })
            let file = TrainingStateFile(
                state: try #require(trainer.state), loss: "synaptic", batchSize: 51, seed: 1)
            return String(decoding: try file.bytes.prefix(8000), as: UTF8.self)
        }
        let adam = try bytes(Self.trainer())
        #expect(
            adam.contains("\"format_version\":\"2\"") && adam.contains("second.layers.0.weight"))
        let sgd = try bytes(
            Trainer(model: Model(network: Network(hidden: [3]), seed: 1), batchSize: 51))
        #expect(sgd.contains("\"format_version\":\"1\"") && !sgd.contains("second."))
    }

    @Test func numbersOutOfRangeAreErrors() throws {
        func error(_ options: Adam.Options) -> OptimizationError? {
            #expect(throws: OptimizationError.self) { try Adam(options: options) }
        }
        #expect(error(.init(beta1: 1)) == .beta("beta1", 1))
        #expect(error(.init(beta2: -0.1)) == .beta("beta2", -0.1))
        #expect(error(.init(beta2: 1 - 1e-12)) == .beta("beta2", 1 - 1e-12))
        #expect(error(.init(epsilon: 0)) == .epsilon(0))
        #expect(error(.init(epsilon: 1e-40)) == .epsilon(1e-40))
        #expect(error(.init(weightDecay: -1)) == .weightDecay(-1))
        #expect(error(.init(largestNorm: 0)) == .norm(0))
        for name in ["beta1", "beta2"] {
            let options: Adam.Options = name == "beta1" ? .init(beta1: .nan) : .init(beta2: .nan)
            #expect(error(options)?.description.contains(name) == true)
        }
        #expect(error(.init(epsilon: .infinity)) == .epsilon(.infinity))
    }

    /// A moment that overflows ends training, as no file could hold it.
    @Test func momentsThatOverflowAreDivergence() throws {
        let data = try SyntheticDigits.dataset(count: 64, seed: 3)
        let trainer = try Trainer(
            model: Model(network: Network(hidden: [4]), seed: 1), loss: Steep(),
            optimizer: .adam(try Adam()))
        #expect(throws: TrainingError.diverged(step: 1, layer: 0, what: "weight")) {
            try trainer.train(on: data, epochs: 1)
        }
    }

    /// Gradients whose squares no float holds.
    private struct Steep: Loss {
        let name = "steep"
        func evaluate(
            logits: Span<Float>, target: Span<Float>, gradient: inout MutableSpan<Float>
        ) -> Float {
            for index in gradient.indices { gradient[index] = 1e30 }
            return 0
        }
    }
}

@Suite struct LabelSmoothingTests {
    /// Of the label 0 with four classes and s = 0.2 the targets are 0.85, 0.05, 0.05, 0.05, and at
    /// equal logits of a softmax p = ¼: the gradient is p − t.
    @Test func theGradientIsThatOfSmoothedTargets() throws {
        let loss = try LabelSmoothing(CrossEntropyLoss(outputActivation: .softmax), share: 0.2)
        #expect(loss.name == "cross-entropy" && loss.outputActivation == .softmax)
        let logits: [Float] = [0, 0, 0, 0, 1, 1, 1, 1]
        let targets: [Float] = [1, 0, 0, 0, 0, 0, 1, 0]
        var gradient = [Float](repeating: 9, count: 8)
        var span = gradient.mutableSpan
        let sum = loss.evaluate(
            logits: logits.span, targets: targets.span, classes: 4, scale: 0.5, gradient: &span)
        for (index, value) in gradient.enumerated() {
            let expected: Float = targets[index] == 1 ? -0.3 : 0.1
            #expect(abs(value - expected) < 1e-6, "\(index): \(value)")
        }
        // KL(t ‖ p) = ln 4 − H(t), twice.
        let entropy = -(0.85 * log(0.85) + 0.15 * log(0.05))
        #expect(abs(sum - 2 * (log(4) - entropy)) < 1e-5)

        var one = [Float](repeating: 9, count: 4)
        var oneSpan = one.mutableSpan
        let value = loss.evaluate(
            logits: logits.span.extracting(0..<4), target: targets.span.extracting(0..<4),
            gradient: &oneSpan)
        #expect(abs(Double(value) - sum / 2) < 1e-6)
        #expect(zip(one, gradient).allSatisfy { abs($0 - 2 * $1) < 1e-6 })
    }

    @Test func sharesOutOfRangeAreErrors() {
        for share in [-0.1, 1, 1 - 1e-12, .infinity] {
            #expect(throws: OptimizationError.labelSmoothing(share)) {
                try LabelSmoothing(SynapticLoss(), share: share)
            }
        }
        #expect(throws: OptimizationError.self) { try LabelSmoothing(SynapticLoss(), share: .nan) }
    }

    /// It trains another model, of every loss; a share of 0 the same.
    @Test func itChangesTraining() throws {
        let data = try SyntheticDigits.dataset(count: 100, seed: 3)
        func hash(_ loss: any Loss) throws -> String {
            let trainer = try Trainer(
                model: Model(network: Network(hidden: [7]), seed: 1), loss: loss, batchSize: 20)
            try trainer.train(on: data, epochs: 1)
            return trainer.model.weightsSHA256
        }
        for loss in [SynapticLoss(), CrossEntropyLoss(), MeanSquareLoss()] as [any Loss] {
            let plain = try hash(loss)
            #expect(try hash(LabelSmoothing(loss, share: 0)) == plain)
            #expect(try hash(LabelSmoothing(loss, share: 0.1)) != plain)
        }
    }
}
