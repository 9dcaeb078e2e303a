import Phidias
import Testing

@Suite struct TrainingRecordTests {
    /// 153 images, three batches of 51.
    static let data = Result { try SyntheticDigits.dataset(count: 153, seed: 3) }

    static func trainer(
        optimizer: MomentumSGD = .golden, batchSize: Int = 51, loss: any Loss = SynapticLoss()
    ) throws -> Trainer {
        let network = try Network(hidden: [7])
        return try Trainer(
            model: try Model(network: network, seed: 2), loss: loss, optimizer: optimizer,
            batchSize: batchSize, seed: 2)
    }

    @Test func aWholeRunEndsWithTheWeightsOfTraining() throws {
        let data = try Self.data.get()
        let trained = try Self.trainer()
        var losses: [Float] = []
        try trained.train(on: data, epochs: 2, onStep: { losses.append(Float($0.loss)) })
        let record = try Self.trainer().record(on: data, steps: 6, epochs: 2)
        #expect(record.end.weightsSHA256 == trained.model.weightsSHA256)
        #expect(record.losses == losses)
        #expect(record.start.weightsSHA256 == (try Self.trainer().model.weightsSHA256))
        #expect(
            record.indices == data.order(seed: 2, epoch: 1) + data.order(seed: 2, epoch: 2))
    }

    @Test func augmentedImagesAreNotRecorded() throws {
        let network = try Network(hidden: [7])
        let trainer = try Trainer(
            model: try Model(network: network, seed: 2), batchSize: 51,
            augmentation: Augmentation(shift: 1))
        #expect(throws: RecordError.augmentation) {
            try trainer.record(on: Self.data.get(), steps: 1, epochs: 1)
        }
    }

    /// A record of fewer steps is the beginning of a longer one, and its weights are its own.
    @Test func fewerStepsAreTheFirstSteps() throws {
        let data = try Self.data.get()
        let long = try Self.trainer().record(on: data, steps: 6, epochs: 9)
        let short = try Self.trainer().record(on: data, steps: 4, epochs: 9)
        #expect(short.indices[...] == long.indices.prefix(4 * 51))
        #expect(short.deltas[...] == long.deltas.prefix(4 * 51 * 10))
        #expect(short.losses[...] == long.losses.prefix(4))
        #expect(short.end.weightsSHA256 != long.end.weightsSHA256)
    }

    /// The gradient of the last layer's bias is the sum of the deltas, so one step from rest moves
    /// the bias by -η times it.
    @Test func deltasAreTheGradientOfTheMeanLoss() throws {
        let record = try Self.trainer().record(on: try Self.data.get(), steps: 1, epochs: 1)
        for unit in 0..<10 {
            let sum = (0..<51).reduce(0.0) { $0 + Double(record.deltas[$1 * 10 + unit]) }
            let bias = Double(record.end.parameters[1].bias[unit])
            #expect(sum != 0)
            #expect(abs(bias + Double(record.learningRate) * sum) <= abs(bias) * 51 * 0x1p-23)
        }
    }

    @Test func fileHasTheTensorsInOrder() throws {
        let record = try Self.trainer().record(on: try Self.data.get(), steps: 2, epochs: 1)
        let file = record.file(["data": "here"])
        let read = try Safetensors(bytes: file.bytes, path: "record")
        #expect(read == file)
        let expected: [(String, [Int])] = [
            ("layers.0.weight", [7, 784]), ("layers.0.bias", [7]), ("layers.1.weight", [10, 7]),
            ("layers.1.bias", [10]), ("indices", [2, 51]), ("losses", [2]),
            ("deltas", [2, 51, 10]), ("final.layers.0.weight", [7, 784]),
            ("final.layers.0.bias", [7]), ("final.layers.1.weight", [10, 7]),
            ("final.layers.1.bias", [10]),
        ]
        #expect(read.tensors.map(\.name) == expected.map(\.0))
        #expect(read.tensors.map(\.shape) == expected.map(\.1))
        #expect(read.tensors[0].values == record.start.parameters[0].weight)
        #expect(read.tensors[4].values == record.indices.map { Float($0) })
        #expect(read.tensors[7].values == record.end.parameters[0].weight)
        func metadata(_ key: String) -> String? {
            read.metadata.first { $0.key == key }?.value.stringValue
        }
        #expect(metadata("format") == "phidias-record")
        #expect(metadata("loss") == "synaptic")
        #expect(metadata("batch_size") == "51")
        #expect(metadata("learning_rate").flatMap { Float($0) } == record.learningRate)
        #expect(metadata("momentum").flatMap { Float($0) } == record.momentum)
        #expect(metadata("input_scale").flatMap { Float($0) } == Float(1) / 255)
        #expect(metadata("input_offset").flatMap { Float($0) } == 0)
        #expect(metadata("data") == "here")
        #expect(metadata("network")?.contains("\"outputs\":7") == true)
    }

    @Test func stepsWithoutAPlaceAreRefused() throws {
        let data = try Self.data.get()
        func record(_ trainer: Trainer, steps: Int, epochs: Int = 2) throws {
            _ = try trainer.record(on: data, steps: steps, epochs: epochs)
        }
        #expect(throws: RecordError.steps(0, run: 6)) { try record(Self.trainer(), steps: 0) }
        #expect(throws: RecordError.steps(7, run: 6)) { try record(Self.trainer(), steps: 7) }
        #expect(throws: TrainingError.epochs(0)) {
            try record(Self.trainer(), steps: 1, epochs: 0)
        }
        #expect(throws: RecordError.shortBatch(step: 4, images: 3)) {
            try record(Self.trainer(batchSize: 50), steps: 4)
        }
        try record(Self.trainer(batchSize: 50), steps: 3)
        let falling = try MomentumSGD(
            learningRate: LearningRate(0.1, schedule: try Schedule("step:1,0.5")),
            momentum: .constant(0.9))
        #expect(throws: RecordError.changingParameters(step: 4)) {
            try record(Self.trainer(optimizer: falling), steps: 4)
        }
        try record(Self.trainer(optimizer: falling), steps: 3)
    }
}
