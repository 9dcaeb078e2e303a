import Phidias
import Testing

/// Settings, states and calls that no training can follow.
@Suite struct TrainingEdgeTests {
    static func trainer(
        hidden: [Int] = [3], seed: UInt64 = 1, threads: Int = 1
    ) throws -> Trainer {
        try Trainer(
            model: Model(network: Network(hidden: hidden), seed: seed), batchSize: 10,
            threads: threads)
    }

    /// Three steps an epoch, the last one of 5 images.
    static func data() throws -> Dataset { try SyntheticDigits.dataset(count: 25, seed: 3) }

    /// What training from the state throws; it must leave the trainer as it was.
    static func error(_ change: (inout TrainingState) -> Void) throws -> TrainingError? {
        let trainer = try trainer()
        var state = TrainingState(start: trainer.model)
        change(&state)
        let before = trainer.model
        let error = #expect(throws: TrainingError.self) {
            try trainer.train(on: try data(), epochs: 2, from: state)
        }
        #expect(trainer.model == before && trainer.state == nil)
        #expect(error?.exitCode == 65)
        return error
    }

    @Test func stateOfAnotherNetworkIsAnError() throws {
        let error = try Self.error { state in
            state = TrainingState(start: try! Self.trainer(hidden: [4]).model)
        }
        #expect(error == .network(state: "784-4-10", trainer: "784-3-10"))
    }

    @Test func velocityOfAnotherShapeIsAnError() throws {
        #expect(
            try Self.error { $0.velocity.removeLast() } == .velocities(expected: 2, found: 1))
        #expect(
            try Self.error { $0.velocity.append($0.velocity[0]) }
                == .velocities(expected: 2, found: 3))
        #expect(
            try Self.error { $0.velocity[1].weight.append(0) }
                == .velocity(
                    layer: 1, weights: 31, biases: 10, expectedWeights: 30, expectedBiases: 10))
        #expect(
            try Self.error { $0.velocity[0].bias = [] }
                == .velocity(
                    layer: 0, weights: 2352, biases: 0, expectedWeights: 2352, expectedBiases: 3))
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func parametersThatAreNotFiniteAreAnError(value: Float) throws {
        #expect(
            try Self.error { $0.velocity[1].bias[2] = value }
                == .notFinite(layer: 1, what: "velocity"))
        let network = try Network(hidden: [3])
        var parameters = try Model(network: network, seed: 1).parameters
        parameters[0].weight[5] = value
        let model = try Model(network: network, parameters: parameters)
        #expect(
            try Self.error { $0 = TrainingState(start: model) }
                == .notFinite(layer: 0, what: "parameter"))
        let trainer = try Trainer(model: model, batchSize: 10)
        let error = #expect(throws: TrainingError.notFinite(layer: 0, what: "parameter")) {
            try trainer.train(on: try Self.data(), epochs: 1)
        }
        #expect(
            error?.description
                == "Training cannot start: a parameter of layer 0 is NaN or infinite. Start from another model."
        )
    }

    @Test func countsThatNoStepsGiveAreAnError() throws {
        let changes: [(inout TrainingPosition) -> Void] = [
            { $0.correct = .max }, { $0.correct = -1 }, { $0.correct = 21 },
            { $0.lossSum = .nan }, { $0.lossSum = .infinity },
            { $0.epochSeconds = -1 }, { $0.epochSeconds = .infinity }, { $0.seconds = .nan },
            { $0.seconds = -0.5 },
            { ($0.steps, $0.correct, $0.lossSum) = (3, 26, 1) },
            { ($0.steps, $0.correct, $0.lossSum) = (0, 1, 0) },
            { ($0.steps, $0.correct, $0.lossSum) = (0, 0, 1) },
        ]
        for (number, change) in changes.enumerated() {
            var changed = TrainingPosition()
            (changed.steps, changed.correct, changed.lossSum) = (2, 20, 7)
            change(&changed)
            guard case .counts = try Self.error({ $0.position = changed }) else {
                Issue.record("number \(number) is no error of counts")
                continue
            }
        }
        var possible = TrainingState(start: try Self.trainer().model)
        (possible.position.steps, possible.position.correct) = (2, 20)
        possible.position.lossSum = 7
        try Self.trainer().train(on: try Self.data(), epochs: 2, from: possible)
        (possible.position.steps, possible.position.correct) = (3, 25)
        try Self.trainer().train(on: try Self.data(), epochs: 2, from: possible)
    }

    @Test(arguments: [0, -1, Int.min, Int.max, Trainer.mostEpochs + 1])
    func numbersOfEpochsAndStepsHaveLimits(number: Int) throws {
        let (trainer, data) = (try Self.trainer(), try Self.data())
        #expect(throws: TrainingError.epochs(number)) {
            try trainer.train(on: data, epochs: number)
        }
        #expect(throws: TrainingError.epochs(number)) {
            _ = try trainer.record(on: data, steps: 1, epochs: number)
        }
        #expect(throws: RecordError.self) {
            _ = try trainer.record(on: data, steps: number, epochs: 1)
        }
        if number < 1 {
            #expect(throws: TrainingError.batchSize(number, images: nil)) {
                try Trainer(model: trainer.model, batchSize: number)
            }
        } else {
            let large = try Trainer(model: trainer.model, batchSize: number)
            #expect(throws: TrainingError.batchSize(number, images: 25)) {
                try large.train(on: data, epochs: 1)
            }
        }
    }

    @Test func trainingWithinItsOwnCallbackIsAnError() throws {
        let (trainer, data) = (try Self.trainer(), try Self.data())
        var errors: [TrainingError?] = []
        func again() {
            do {
                try trainer.train(on: data, epochs: 1)
                errors.append(nil)
            } catch {
                errors.append(error as? TrainingError)
            }
        }
        try trainer.train(
            on: data, epochs: 1,
            shouldStop: {
                again()
                return false
            }, onStep: { _ in again() }, onEpoch: { _ in again() })
        #expect(errors == [TrainingError?](repeating: .busy, count: 7))
        // None of it left a trace, and the trainer is free again.
        let plain = try Self.trainer()
        try plain.train(on: data, epochs: 1)
        #expect(trainer.model == plain.model)
        try trainer.train(on: data, epochs: 1)
    }

    @Test func callbackThatThrowsLeavesTheTrainerFree() throws {
        struct Enough: Error {}
        let (trainer, data) = (try Self.trainer(), try Self.data())
        #expect(throws: Enough.self) {
            try trainer.train(on: data, epochs: 1, onStep: { if $0.step == 2 { throw Enough() } })
        }
        #expect(trainer.state?.position.steps == 2)
        #expect(trainer.model == trainer.state?.model)
        try trainer.train(on: data, epochs: 1)
    }

    @Test(arguments: [1, 2, 3, 4, 5]) func modelIsThatOfTheLastStep(stop: Int) throws {
        let (trainer, data) = (try Self.trainer(), try Self.data())
        let start = trainer.model
        var steps = 0, seen: Model?
        try trainer.train(
            on: data, epochs: 2, shouldStop: { steps == stop },
            onStep: { _ in
                steps += 1
                seen = trainer.state?.model
            })
        #expect(steps == stop)
        #expect(trainer.model == seen && trainer.model != start)
        #expect(trainer.state?.model == seen)
    }

    @Test func modelAfterADivergenceIsThatOfTheLastGoodEpoch() throws {
        let data = try Self.data()
        let optimizer = try MomentumSGD(
            learningRate: LearningRate(1e30), momentum: .constant(0.9))
        let start = try Model(network: Network(hidden: [3], activation: .relu), seed: 1)
        let trainer = try Trainer(model: start, optimizer: optimizer, batchSize: 1)
        #expect(throws: TrainingError.self) { try trainer.train(on: data, epochs: 1) }
        #expect(trainer.model == start && trainer.state == nil)
    }
}
