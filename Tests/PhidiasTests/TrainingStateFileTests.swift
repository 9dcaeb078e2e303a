import Phidias
import Testing

@Suite struct TrainingStateFileTests {
    static func trainer(seed: UInt64 = 9, batchSize: Int = 7) throws -> Trainer {
        let network = try Network(
            input: ImageShape(rows: 28, columns: 28),
            layers: [Layer](text: "dropout 0.25, dense 10"))
        return try Trainer(
            model: try Model(network: network, seed: 1), batchSize: batchSize, seed: seed)
    }

    @Test func trainingGoesOnWithTheSameBits() throws {
        let data = try SyntheticDigits.dataset(count: 60, seed: 3)
        let whole = try Self.trainer()
        try whole.train(on: data, epochs: 3)
        for stop in [1, 8, 9, 10] {
            let first = try Self.trainer()
            var steps = 0
            try first.train(
                on: data, epochs: 3, shouldStop: { steps == stop }, onStep: { _ in steps += 1 })
            let file = TrainingStateFile(
                state: try #require(first.state), loss: first.loss.name,
                batchSize: first.batchSize, seed: first.seed)
            let scratch = try Scratch()
            try file.write(to: scratch.path + "/state")
            let read = try TrainingStateFile(path: scratch.path + "/state")
            #expect(read == file)
            #expect(try TrainingStateFile(bytes: file.bytes) == file)
            let second = try Self.trainer()
            try read.check(against: second)
            try second.train(on: data, epochs: 3, from: read.state)
            #expect(second.model == whole.model, "after \(stop) steps")
        }
    }

    @Test func anotherTrainerIsToldWithBothValues() throws {
        let trainer = try Self.trainer()
        let file = TrainingStateFile(
            state: TrainingState(start: trainer.model), loss: "synaptic", batchSize: 7, seed: 9)
        #expect(throws: Never.self) { try file.check(against: trainer) }
        #expect(throws: CheckpointError.differs(what: "seed", file: "9", trainer: "8")) {
            try file.check(against: try Self.trainer(seed: 8))
        }
        #expect(throws: CheckpointError.differs(what: "batch size", file: "7", trainer: "6")) {
            try file.check(against: try Self.trainer(batchSize: 6))
        }
        var other = file
        other.loss = "mine"
        let error = #expect(throws: CheckpointError.self) { try other.check(against: trainer) }
        #expect(error?.description.contains("loss of the state is mine") == true)
        #expect(error?.description.contains("trainer's is synaptic") == true)
        let dense = try Trainer(
            model: try Model(network: try Network(hidden: []), seed: 1), batchSize: 7, seed: 9)
        let network = #expect(throws: CheckpointError.self) { try file.check(against: dense) }
        #expect(network?.description.contains("dropout") == true)
    }

    @Test func damageIsSeen() throws {
        let file = TrainingStateFile(
            state: TrainingState(start: try Self.trainer().model), loss: "synaptic", batchSize: 7,
            seed: .max)
        var bytes = try file.bytes
        bytes[bytes.count - 3] ^= 1
        #expect(
            throws: ModelFileError.metadata(
                path: "s", key: "tensors_sha256",
                reason: "the tensors are not those that were written")
        ) { try TrainingStateFile(bytes: bytes, name: "s") }
        #expect(throws: ModelFileError.self) {
            try TrainingStateFile(bytes: try ModelFile(model: file.state.model, loss: "").bytes)
        }
    }
}
