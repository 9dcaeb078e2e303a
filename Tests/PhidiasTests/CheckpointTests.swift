import Phidias
import PhidiasKernels
import Testing

extension BitEqualityTests {
    /// Stops after every number of steps there is, goes through a file, and goes on with other
    /// threads and another kernel table.
    @Test func stoppedAnywhereTheResultIsTheSame() throws {
        defer { KernelTable.select(nil) }
        let data = try SyntheticDigits.dataset(count: 120, seed: 3)
        let model = try Model(network: try Network(hidden: [7, 5]), seed: 1)
        let optimizer = try MomentumSGD(
            learningRate: try LearningRate(0.5, schedule: .cosine(final: nil), warmUp: 0.5),
            momentum: .coupled)
        func trainer(threads: Int) throws -> Trainer {
            try Trainer(
                model: model, optimizer: optimizer, batchSize: 7, seed: 9, threads: threads)
        }
        let whole = try trainer(threads: 2)
        var reports: [[Double?]] = []
        try whole.train(
            on: data, epochs: 6,
            onEpoch: { reports.append([$0.trainingLoss, $0.trainingAccuracy]) })
        let steps = 6 * 18
        for stop in 1...steps {
            for threads in 1...3 {
                for (first, second) in [("reference", nil), (nil, "reference")]
                    as [(String?, String?)]
                {
                    #expect(KernelTable.select(first))
                    let before = try trainer(threads: 1 + (threads + stop) % 3)
                    var seen: [[Double?]] = []
                    var count = 0
                    try before.train(
                        on: data, epochs: 6, shouldStop: { count == stop },
                        onStep: { _ in count += 1 },
                        onEpoch: { seen.append([$0.trainingLoss, $0.trainingAccuracy]) })
                    let state = try CheckpointTests.throughAFile(try #require(before.state))
                    #expect(KernelTable.select(second))
                    let after = try trainer(threads: threads)
                    try after.train(
                        on: data, epochs: 6, from: state,
                        onEpoch: { seen.append([$0.trainingLoss, $0.trainingAccuracy]) })
                    #expect(after.model == whole.model && seen == reports, "after \(stop) steps")
                    guard after.state?.velocity == whole.state?.velocity else {
                        Issue.record("another velocity after \(stop) steps")
                        return
                    }
                }
            }
        }
    }
}

/// The files of a run, by their bytes.
@Suite struct CheckpointTests {
    static func checkpoint(_ state: TrainingState, best: Checkpoint.Best? = nil) -> Checkpoint {
        let metrics = (0..<state.position.epochs).map {
            EpochMetrics(
                epoch: $0 + 1, training: .init(loss: 1 / 3, accuracy: 0.1),
                test: .init(loss: 0.2, accuracy: 1),
                validation: .init(loss: .leastNonzeroMagnitude, accuracy: 0), seconds: 0.25)
        }
        var run = RunDocument(
            settings: [.init(name: "seed", value: "9"), .init(name: "data", value: "a\"b/ü")],
            network: state.model.network, program: "0", checksums: ["x": "1", "a": "2"],
            threads: 3, kernels: "avx2")
        run.changes = [.init(epochs: 1, steps: 0, setting: "seed", from: "1", to: "9")]
        run.halvings = [.init(step: 5, backTo: 0)]
        return Checkpoint(
            run: run, state: state, loss: "synaptic", metrics: metrics, best: best)
    }

    static func throughAFile(_ state: TrainingState) throws -> TrainingState {
        let written = checkpoint(state)
        let read = try Checkpoint(bytes: written.file.bytes, name: "c")
        #expect(read == written)
        return read.state
    }

    static func state() throws -> TrainingState {
        var state = TrainingState(start: try Model(network: try Network(hidden: [3]), seed: 4))
        state.velocity[1].bias[2] = .leastNonzeroMagnitude
        state.position.epochs = 2
        state.position.steps = 5
        state.position.lossSum = 0.1 + 0.2
        state.position.correct = 77
        return state
    }

    @Test func aCheckpointIsReadAsItWasWritten() throws {
        let state = try Self.state()
        let best = Checkpoint.Best(
            model: try Model(network: state.model.network, seed: 5), epoch: 1, loss: 0.1)
        var written = Self.checkpoint(state, best: best)
        written.isStopped = true
        #expect(try Checkpoint(bytes: written.file.bytes, name: "c") == written)
    }

    /// What is wrong with a file, and how that is said.
    static let damages: [(String, @Sendable (inout Safetensors) -> Void, String)] = [
        (
            "one bit of a weight", { $0.change("layers.0.weight") { $0[5].negate() } },
            "tensors_sha256"
        ),
        (
            "no velocity", { $0.tensors.removeAll { $0.name.hasPrefix("velocity") } },
            "tensors_sha256"
        ),
        ("format", { $0.set("format", "phidias") }, "not phidias-checkpoint"),
        ("version", { $0.set("format_version", "3") }, "3 is unknown"),
        ("Adam's without moments", { $0.set("format_version", "2") }, "second.layers.0.weight"),
        ("generator", { $0.set("generator", "mt19937") }, "'mt19937' is unknown"),
        ("negative", { $0.set("epochs", "-1") }, "not a count"),
        ("metrics of another epoch", { $0.set("epochs", "3") }, "not those of 3 epochs"),
        ("run", { $0.set("run", "{}") }, "format is missing"),
        ("no number", { $0.set("loss_sum", "much") }, "loss_sum: byte 0"),
    ]

    @Test(arguments: damages.indices) func aDamagedCheckpointIsAnError(index: Int) throws {
        let (name, damage, part) = Self.damages[index]
        var file = Self.checkpoint(try Self.state()).file
        damage(&file)
        let error =
            #expect(throws: (any Error).self) {
                try Checkpoint(bytes: file.bytes, name: "c")
            } as? any PhidiasError
        #expect(error?.description.contains(part) == true, "\(name): \(error?.description ?? "")")
        #expect(error?.description.hasPrefix("c: ") == true)
        #expect(error?.exitCode == 65)
    }

    @Test func aTensorTooManyIsAnError() throws {
        var file = Self.checkpoint(try Self.state()).file
        file.tensors.append(NamedTensor(name: "more", shape: [1], values: [1]))
        file.set("tensors_sha256", Safetensors.sha256(file.tensors))
        #expect(
            throws: ModelFileError.tensor(
                path: "c", name: "more", reason: "the network has no place for it")
        ) { try Checkpoint(bytes: file.bytes, name: "c") }
    }

    @Test func metricsKeepWholeLines() throws {
        let metrics = Self.checkpoint(try Self.state()).metrics
        let bytes = MetricsFile.bytes(metrics)
        for length in 0...bytes.count {
            let read = try MetricsFile.parse(Array(bytes.prefix(length)), path: "m")
            #expect(read.epochs == Array(metrics.prefix(read.epochs.count)))
            #expect(read.length <= length && bytes.prefix(read.length).last ?? 10 == 10)
        }
        #expect(try MetricsFile.parse(bytes, path: "m").epochs == metrics)
        #expect(throws: RunFileError.self) {
            try MetricsFile.parse(Array(bytes.dropFirst(bytes.count / 2)), path: "m")
        }
        #expect(
            throws: RunFileError.syntax(
                path: "m", byte: 1, reason: "'1' where a key in quotes was expected")
        ) {
            try MetricsFile.parse(Array("{1}\n".utf8), path: "m")
        }
    }

    @Test func aStateOutsideOfTheRunIsAnError() throws {
        let data = try SyntheticDigits.dataset(count: 20, seed: 3)
        let trainer = try Trainer(
            model: try Model(network: try Network(hidden: [3]), seed: 1), batchSize: 10)
        for (epochs, steps) in [(3, 0), (2, 1), (0, 3), (-1, 0), (0, -1)] {
            var state = TrainingState(start: trainer.model)
            (state.position.epochs, state.position.steps) = (epochs, steps)
            #expect(
                throws: TrainingError.position(
                    state.position, run: try RunLength(stepsPerEpoch: 2, epochs: 2))
            ) { try trainer.train(on: data, epochs: 2, from: state) }
        }
    }
}

extension Safetensors {
    fileprivate mutating func set(_ key: String, _ value: String) {
        metadata = metadata.map { $0.key == key ? .init(key: key, value: .string(value)) : $0 }
    }

    fileprivate mutating func change(_ name: String, _ change: (inout [Float]) -> Void) {
        tensors = tensors.map { tensor in
            guard tensor.name == name else { return tensor }
            var values = tensor.values
            change(&values)
            return NamedTensor(name: name, shape: tensor.shape, values: values)
        }
    }
}
