import Phidias
import Testing

/// Files of runs that earlier versions wrote are read by all later ones, to the same values. A
/// file's name ends in its format version; a new version adds files and keeps these.
@Suite struct RunFixtureTests {
    /// A network of 16-2-2 on images of 4 × 4 pixels.
    static func network(_ activation: Activation) throws -> Network {
        try Network(rows: 4, columns: 4, hidden: [2], activation: activation, classes: 2)
    }

    /// Training diverged three times in its second step and began again; then an epoch was added.
    @Test func theRecordOfARunIsRead() throws {
        let run = try RunDocument(path: Project.fixture("run-1.json"))
        #expect(run.network == (try Self.network(.relu)))
        #expect(run.program == "0.1.0" && run.threads == 2 && run.kernels == "avx2")
        #expect(run.settings.count == 18)
        #expect(run["learning_rate"] == "1e20" && run["epochs"] == "4" && run["patience"] == "none")
        #expect(run.checksums.count == 4)
        #expect(
            run.checksums.last
                == .init(
                    name: "train-labels-idx1-ubyte",
                    value: "6e7676bc140045e3f1211a79feed7a3248bbee73df1665b18194f4557d01895c"))
        #expect(
            run.changes == [.init(epochs: 3, steps: 0, setting: "epochs", from: "3", to: "4")])
        #expect(run.halvings == Array(repeating: .init(step: 2, backTo: 0), count: 3))
    }

    /// Epochs of the run that wrote the checkpoint.
    static let metrics = [
        EpochMetrics(
            epoch: 1, training: .init(loss: 2.771591226259867, accuracy: 0.5),
            test: .init(loss: 2.659506678581238, accuracy: 1),
            validation: .init(loss: 2.6569608648618064, accuracy: 1), seconds: 0.150382858),
        EpochMetrics(
            epoch: 2, training: .init(loss: 2.8949082824918957, accuracy: 0.5),
            test: .init(loss: 2.564953794082006, accuracy: 0.5),
            validation: .init(loss: 2.5656153162320456, accuracy: 0.5),
            seconds: 0.11459477300000001),
        EpochMetrics(
            epoch: 3, training: .init(loss: 2.5320289631684623, accuracy: 0.5),
            test: .init(loss: 2.1195037066936493, accuracy: 1),
            validation: .init(loss: 2.11797042687734, accuracy: 1), seconds: 0.11410900000000002),
    ]

    @Test func metricsAreRead() throws {
        #expect(try MetricsFile.read(Project.fixture("metrics-1.jsonl")) == Self.metrics)
    }

    /// From the middle of the third epoch.
    @Test func aCheckpointIsRead() throws {
        let checkpoint = try Checkpoint(path: Project.fixture("checkpoint-1.safetensors"))
        let network = try Self.network(.sigmoid)
        let place = checkpoint.state.position
        #expect(checkpoint.run["schedule"] == "cosine" && checkpoint.run.network == network)
        #expect(checkpoint.loss == "synaptic" && !checkpoint.isStopped)
        #expect(checkpoint.metrics == Array(Self.metrics[..<2]))
        #expect(place.epochs == 2 && place.steps == 3 && place.correct == 6)
        #expect(place.lossSum == 40.0979238152504)
        #expect(place.seconds == 0.34858203800000004 && place.epochSeconds == 0.083604407)
        #expect(
            checkpoint.state.model.weightsSHA256
                == "a4fd21dacc848db7acacad8400602d7f2869039a6beb6fe8d63005b7b9fead77")
        let velocity = try Model(network: network, parameters: checkpoint.state.velocity)
        #expect(
            velocity.weightsSHA256
                == "074a12d1efe71310447fb4d948b89ec58a55f59edf11862fd7c3ad362adea3b5")
        let best = try #require(checkpoint.best)
        #expect(best.epoch == 2 && best.loss == 2.5656153162320456)
        #expect(
            best.model.weightsSHA256
                == "dc2282d469dcc8ed9a969c5b6d0e0f291721adc177bb5918d8c5b0eed125da79")
    }
}
