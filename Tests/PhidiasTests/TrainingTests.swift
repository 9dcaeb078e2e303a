import Foundation
import Phidias
import PhidiasKernels
import Testing

/// Where the real data is: `PHIDIAS_MNIST`, or data/mnist of the project.
enum MNIST {
    static let folder: String? = {
        let named = ProcessInfo.processInfo.environment["PHIDIAS_MNIST"]
        return [named, Project.root.appendingPathComponent("data/mnist").path].compactMap { $0 }
            .first { FileManager.default.fileExists(atPath: $0) }
    }()
}

/// Tests that train with every kernel table and number of threads: one after another.
@Suite(.serialized) struct BitEqualityTests {
    /// Odd sizes: no layer, batch or image count is a multiple of a panel or tile.
    static func hash(
        threads: Int, table: String? = nil, seed: UInt64 = 1, activation: Activation = .sigmoid
    ) throws -> String {
        #expect(KernelTable.select(table))
        defer { KernelTable.select(nil) }
        let data = try SyntheticDigits.dataset(count: 500, seed: 3)
        let network = try Network(hidden: [37, 21], activation: activation)
        let trainer = try Trainer(
            model: try Model(network: network, seed: seed), batchSize: 51, seed: seed,
            threads: threads)
        try trainer.train(on: data, epochs: 2)
        return trainer.model.weightsSHA256
    }

    @Test(arguments: [Activation.sigmoid, .relu, .tanh, .leakyReLU])
    func threadsAndTablesGiveTheSameBits(activation: Activation) throws {
        let expected = try Self.hash(threads: 1, activation: activation)
        for threads in [2, 3, 7] {
            #expect(try Self.hash(threads: threads, activation: activation) == expected)
        }
        for table in KernelTable.available {
            #expect(
                try Self.hash(threads: 2, table: table, activation: activation) == expected,
                "\(table)")
        }
    }

    @Test(arguments: [
        (Activation.tanh, "a421e7ec86fdf85baa8e5cc6544455a0765ef474fab2c48aeb26c07a06d92e8b"),
        (.leakyReLU, "0eb68865ca76258ea8bb864ff352f3ae2979d75a098d4aeebd5c6550df727cb8"),
    ])
    func theBitsArePinned(activation: Activation, expected: String) throws {
        #expect(try Self.hash(threads: 1, activation: activation) == expected)
    }

    /// What is done between two steps, with any number of threads, is no part of them.
    @Test func othersMayTrainAndEvaluateBetweenSteps() throws {
        let data = try SyntheticDigits.dataset(count: 300, seed: 3)
        func trained(_ onStep: ((Trainer.StepReport) throws -> Void)?) throws -> String {
            let trainer = try Trainer(
                model: try Model(network: Network(hidden: [37]), seed: 1), batchSize: 51, threads: 2
            )
            try trainer.train(on: data, epochs: 2, onStep: onStep)
            return trainer.model.weightsSHA256
        }
        let expected = try trained(nil)
        var seen: Set<String> = []
        let result = try trained { step in
            let model = try Model(network: Network(hidden: [5]), seed: 1)
            let loss = SynapticLoss()
            for threads in [1, 2, 3] {
                let inner = try Trainer(model: model, loss: loss, batchSize: 100, threads: threads)
                try inner.train(on: data, epochs: 1)
                let value = try inner.model.evaluate(data, loss: loss, threads: threads).loss
                seen.insert("\(inner.model.weightsSHA256) \(value)")
            }
        }
        #expect(result == expected)
        #expect(seen.count == 1)
    }

    @Test func seedsGiveDifferentBits() throws {
        #expect(try Self.hash(threads: 1) != Self.hash(threads: 1, seed: 2))
    }
}

@Suite struct TrainingTests {
    @Test func networkLearnsSyntheticDigitsBetterThanALinearModel() throws {
        let pair = try SyntheticDigits.pair(training: 6000, test: 1000, seed: 1)
        func accuracy(_ hidden: [Int]) throws -> Double {
            let network = try Network(hidden: hidden)
            let trainer = try Trainer(model: try Model(network: network, seed: 1), batchSize: 16)
            try trainer.train(on: pair.training, epochs: 8)
            return try trainer.model.evaluate(pair.test, loss: SynapticLoss()).accuracy
        }
        let deep = try accuracy([64])
        let linear = try accuracy([])
        #expect(deep > 0.88)
        #expect(deep > linear + 0.03)
    }

    @Test func divergenceStopsWithStepAndLayerAndKeepsTheLastModel() throws {
        let data = try SyntheticDigits.dataset(count: 640, seed: 1)
        let network = try Network(hidden: [16], activation: .relu)
        let start = try Model(network: network, seed: 1)
        let optimizer = try MomentumSGD(
            learningRate: LearningRate(1e30), momentum: .constant(0.9))
        let trainer = try Trainer(model: start, optimizer: optimizer)
        let error = #expect(throws: TrainingError.self) { try trainer.train(on: data, epochs: 3) }
        guard case .diverged(let step, _, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(step < 30)
        #expect(trainer.model.firstNonFiniteLayer == nil)
        #expect(error?.description.contains("step \(step)") == true)
    }

    @Test func impossibleSettingsAreErrors() throws {
        let data = try SyntheticDigits.dataset(count: 20, seed: 1)
        let model = try Model(network: try Network(hidden: [4]), seed: 1)
        #expect(throws: TrainingError.batchSize(0, images: nil)) {
            try Trainer(model: model, batchSize: 0)
        }
        #expect(throws: TrainingError.batchSize(64, images: 20)) {
            try Trainer(model: model).train(on: data, epochs: 1)
        }
        #expect(throws: TrainingError.epochs(0)) {
            try Trainer(model: model, batchSize: 2).train(on: data, epochs: 0)
        }
        #expect(throws: ModelError.threads(0)) { try Trainer(model: model, threads: 0) }
        #expect(throws: TrainingError.self) {
            try Trainer(model: model, loss: SynapticLoss(outputActivation: .softmax))
        }
    }

    @Test(.enabled(if: MNIST.folder != nil, "MNIST is absent"))
    func trainingOnMNISTHasPinnedBitsAndAccuracy() throws {
        let folder = try #require(MNIST.folder)
        let pair = try DataPair(directory: folder)
        #expect(pair.training.count == 60_000)
        #expect(
            pair.checksums["train-images-idx3-ubyte"]
                == "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db")
        let network = try Network(hidden: [128])
        let trainer = try Trainer(model: try Model(network: network, seed: 1))
        try trainer.train(on: pair.training, epochs: 1)
        let result = try trainer.model.evaluate(pair.test, loss: SynapticLoss())
        #expect((0.89...0.91).contains(result.accuracy))
        #expect(trainer.model.weightsSHA256 == Self.pinnedMNIST)
    }

    /// 784-128-10, synaptic loss, golden parameters, batch 64, seed 1, one epoch.
    static let pinnedMNIST = "97c46f058256360c677c7bc4dc388ed2d6ab680ec39a16bf6e0b436f7f264080"

    @Test func userLossTrainsLikeTheBuiltInOne() throws {
        let data = try SyntheticDigits.dataset(count: 320, seed: 5)
        let start = try Model(network: try Network(hidden: [16]), seed: 1)
        func trained(_ loss: any Loss) throws -> Model {
            let trainer = try Trainer(model: start, loss: loss)
            try trainer.train(on: data, epochs: 2)
            return trainer.model
        }
        let own = try trained(OwnMeanSquare())
        let builtIn = try trained(MeanSquareLoss())
        // Ten steps at a learning rate below 1: a sigmoid that differs by two units in the last place,
        // as ours may, moves no weight by more than ten times 2⁻²² of it.
        var largest: Float = 0
        for (a, b) in zip(own.parameters, builtIn.parameters) {
            for (x, y) in zip(a.weight + a.bias, b.weight + b.bias) {
                largest = max(largest, abs(x - y))
            }
        }
        #expect(largest < 10 * 0x1p-22, "\(largest)")
    }

    struct OwnMeanSquare: Loss {
        let name = "own"
        func evaluate(
            logits: Span<Float>, target: Span<Float>, gradient: inout MutableSpan<Float>
        ) -> Float {
            var sum: Float = 0
            for i in logits.indices {
                let p = 1 / (1 + Float(exp(-Double(logits[i]))))
                let d = p - target[i]
                sum += d * d / 2
                gradient[i] = d * p * (1 - p)
            }
            return sum
        }
    }
}
