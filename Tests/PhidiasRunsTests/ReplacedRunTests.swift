import Foundation
import Phidias
import PhidiasRuns
import Testing

/// Runs that take another's place, and records that disagree.
@Suite struct ReplacedRunTests {
    static let data = try? SyntheticDigits.pair(training: 200, test: 50, seed: 1)

    static func settings(_ change: (inout TrainingSettings) -> Void = { _ in }) -> TrainingSettings
    {
        var settings = TrainingSettings()
        settings.network = .dense(hidden: [4], activation: .sigmoid)
        (settings.epochs, settings.batchSize) = (2, 20)
        change(&settings)
        return settings
    }

    static func train(
        _ folder: String, replacing: Bool = false,
        _ change: (inout TrainingSettings) -> Void = { _ in }
    ) throws -> RunResult {
        try Run.train(settings(change), in: folder, data: data, replacing: replacing)
    }

    static func bytes(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }

    @Test func aRunThatFailsLeavesFilmAndRunWhole() throws {
        let folder = try TestFolder().path + "/run"
        let first = try Self.train(folder) { $0.filtersEvery = 5 }
        #expect(throws: TrainingError.self) {
            try Self.train(folder, replacing: true) {
                ($0.filtersEvery, $0.learningRate) = (5, 3.4e38)
            }
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(!left.contains { $0.hasPrefix(".phidias") || $0 == "frames-new" }, "\(left)")
        #expect(try Run.resume(folder, data: Self.data).model == first.model)
    }

    @Test func whatIsSomebodysOwnStays() throws {
        let folder = try TestFolder().path + "/run"
        _ = try Self.train(folder) { $0.filtersEvery = 5 }
        for name in ["notes.txt", "frames/own", "checkpoints/own"] {
            try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        let second = try Self.train(folder, replacing: true) {
            ($0.filtersEvery, $0.seed) = (10, 2)
        }
        let frames = try FileManager.default.contentsOfDirectory(atPath: folder + "/frames")
            .sorted()
        #expect(frames == ["own", "step-00000000.png", "step-00000010.png", "step-00000020.png"])
        #expect(try Self.bytes(folder + "/notes.txt") == Data([1]))
        #expect(try Self.bytes(folder + "/checkpoints/own") == Data([1]))
        #expect(try Run.resume(folder, data: Self.data).model == second.model)
    }

    /// What versions up to 0.1.0 left when a run that was to replace another failed.
    @Test func framesOfAnEarlierFailureAreNoHindrance() throws {
        let folder = try TestFolder().path + "/run"
        let first = try Self.train(folder) { $0.filtersEvery = 5 }
        try FileManager.default.copyItem(atPath: folder + "/frames", toPath: folder + "/frames-new")
        #expect(try Run.resume(folder, data: Self.data).model == first.model)
        #expect(!FileManager.default.fileExists(atPath: folder + "/frames-new"))
    }

    // MARK: - Records

    /// A run of two epochs that went on to a third at another rate, and its run.json before that.
    private func changed() throws -> (folder: String, before: Data, result: RunResult) {
        let folder = try TestFolder().path + "/run"
        _ = try Self.train(folder)
        let before = try Self.bytes(folder + "/run.json")
        let result = try Run.resume(
            folder, data: Self.data, allowingChanges: true,
            change: { ($0.learningRate, $0.epochs) = (0.1, 3) })
        return (folder, before, result)
    }

    /// Resumes, and lists what is told of the records.
    private func resume(
        _ folder: String, allowing: Bool = false,
        _ change: (inout TrainingSettings) -> Void = { _ in }
    ) throws -> (result: RunResult, told: [String]) {
        var told: [String] = []
        let result = try Run.resume(
            folder, data: Self.data, allowingChanges: allowing, change: change,
            onEvent: {
                switch $0 {
                case .recordWasBehind(_, let changes):
                    told.append(
                        "behind: " + changes.map(\.setting).sorted().joined(separator: ", "))
                case .dropsChanges(_, _, let changes):
                    told.append("drops: " + changes.map(\.setting).sorted().joined(separator: ", "))
                default: break
                }
            })
        return (result, told)
    }

    @Test func aRecordThatWasNotWrittenIsWrittenAgain() throws {
        let (folder, before, result) = try changed()
        let after = try Self.bytes(folder + "/run.json")
        try before.write(to: URL(fileURLWithPath: folder + "/run.json"))
        // Before it goes on, a change is seen that the record does not have.
        #expect(throws: RunError.self) { try Run.verify(folder, data: Self.data) }
        let again = try resume(folder)
        #expect(again.told == ["behind: epochs, learning_rate"])
        #expect(again.result.model == result.model)
        #expect(try Self.bytes(folder + "/run.json") == after)
    }

    @Test func aChangeIsNotDroppedWithoutAWord() throws {
        let (folder, _, result) = try changed()
        for epoch in [2, 3] {
            let path = "\(folder)/checkpoints/epoch-\(epoch).safetensors"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
        }
        // A checkpoint from before the change.
        let early = try TestFolder().path + "/run"
        _ = try Self.train(early)
        try FileManager.default.copyItem(
            atPath: early + "/checkpoints/epoch-1.safetensors",
            toPath: folder + "/checkpoints/epoch-1.safetensors")
        #expect {
            try Run.resume(folder, data: Self.data)
        } throws: {
            guard case RunError.lostChanges(_, _, let changes) = $0 else { return false }
            return changes.map(\.setting).sorted() == ["epochs", "learning_rate"]
        }
        let again = try resume(folder, allowing: true) { ($0.learningRate, $0.epochs) = (0.1, 3) }
        #expect(again.told == ["drops: epochs, learning_rate"])
        #expect(again.result.metrics.count == 3 && again.result.model != result.model)
        #expect(try RunDocument(path: folder + "/run.json").changes.map(\.epochs) == [1, 1])
    }

    @Test func aRecordOfAnotherRunIsRefused() throws {
        let folder = try TestFolder().path + "/run"
        _ = try Self.train(folder)
        let other = try TestFolder().path + "/run"
        _ = try Self.train(other) { $0.seed = 9 }
        try FileManager.default.removeItem(atPath: folder + "/run.json")
        try FileManager.default.copyItem(
            atPath: other + "/run.json", toPath: folder + "/run.json")
        #expect {
            try Run.resume(folder, data: Self.data)
        } throws: {
            guard case RunError.otherRecord(_, _, let values) = $0 else { return false }
            return values.map { [$0.setting, $0.from, $0.to] } == [["seed", "1", "9"]]
        }
        // Without it the checkpoint's record counts.
        try FileManager.default.removeItem(atPath: folder + "/run.json")
        #expect(try Run.resume(folder, data: Self.data).metrics.count == 2)
    }

    /// From the checkpoint before, it would be made earlier than it was asked for.
    @Test func aChangeNeedsTheNewestCheckpoint() throws {
        let folder = try TestFolder().path + "/run"
        let first = try Self.train(folder)
        try Data([1, 2, 3]).write(
            to: URL(fileURLWithPath: folder + "/checkpoints/epoch-2.safetensors"))
        #expect {
            try Run.resume(
                folder, data: Self.data, allowingChanges: true, change: { $0.learningRate = 0.1 })
        } throws: {
            if case RunError.unreadableCheckpoint = $0 { true } else { false }
        }
        #expect(try Run.resume(folder, data: Self.data).model == first.model)
    }

    @Test func aRecordThatCannotBeReadIsNotMissing() throws {
        let folder = try TestFolder().path + "/run"
        _ = try Self.train(folder)
        try FileManager.default.removeItem(atPath: folder + "/run.json")
        #expect(throws: RunError.missing(folder: folder, file: "run.json")) {
            try Run.verify(folder, data: Self.data)
        }
        // A link to itself.
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/run.json", withDestinationPath: "run.json")
        #expect(throws: DataError.self) { try Run.verify(folder, data: Self.data) }
    }

    // MARK: - Length

    @Test func moreEpochsThanACheckpointHoldsAreRefused() throws {
        let folder = try TestFolder().path + "/run"
        #expect(throws: RunError.tooManyEpochs(Checkpoint.mostEpochs + 1)) {
            try Self.train(folder) { $0.epochs = Checkpoint.mostEpochs + 1 }
        }
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    /// 131,072 epochs were once too many, and the longest numbers make a header of 100 MB.
    @Test func aCheckpointOfManyEpochsIsReadBack() throws {
        let folder = try TestFolder().path + "/run"
        let result = try Self.train(folder) { $0.epochs = 1 }
        var checkpoint = try Checkpoint(path: folder + "/checkpoints/epoch-1.safetensors")
        let line = EpochMetrics(
            epoch: 1,
            training: .init(loss: -1.2345678901234567e-308, accuracy: 0.12345678901234567),
            test: .init(loss: -1.2345678901234567e-308, accuracy: 0.12345678901234567),
            validation: .init(loss: -1.2345678901234567e-308, accuracy: 0.12345678901234567),
            learningRate: 1.2345678901234567e-308, momentum: 0.12345678901234567,
            seconds: 1.2345678901234567e-308)
        let size = line.json.text().utf8.count + 2 * 22 + 8
        #expect(size * Checkpoint.mostEpochs < 99_000_000)
        checkpoint.state.position.epochs = 140_000
        checkpoint.metrics = (1...140_000).map {
            var metrics = result.metrics[0]
            metrics.epoch = $0
            return metrics
        }
        let read = try Checkpoint(bytes: checkpoint.bytes)
        #expect(read.metrics.count == 140_000 && read.metrics.last == checkpoint.metrics.last)
        checkpoint.state.position.epochs = Checkpoint.mostEpochs + 1
        checkpoint.metrics += (140_001...Checkpoint.mostEpochs + 1).map {
            var metrics = result.metrics[0]
            metrics.epoch = $0
            return metrics
        }
        #expect(throws: CheckpointError.self) { _ = try checkpoint.bytes }
    }
}
