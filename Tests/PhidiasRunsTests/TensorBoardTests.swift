import Foundation
import Phidias
import PhidiasRuns
import Synchronization
import Testing

/// A run that TensorBoard watches.
@Suite struct TensorBoardTests {
    private static func settings(epochs: Int = 2) -> TrainingSettings {
        var settings = TrainingSettings()
        settings.network = .dense(hidden: [6], activation: .sigmoid)
        settings.epochs = epochs
        settings.batchSize = 25
        return settings
    }

    private static func data() throws -> DataPair {
        try SyntheticDigits.pair(training: 200, test: 60, seed: 3)
    }

    /// The bytes of all files of events, by their order.
    private static func files(_ folder: String) throws -> [Data] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map {
            try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)"))
        }
    }

    private static func count(_ tag: String, in file: Data) -> Int {
        var (count, rest) = (0, file[...])
        while let place = rest.range(of: Data(tag.utf8)) {
            count += 1
            rest = rest[place.upperBound...]
        }
        return count
    }

    @Test func aWatchedRunHasTheSameBitsAndItsPoints() throws {
        let folder = try TestFolder()
        let plain = try Run.train(
            Self.settings(), in: folder.path + "/plain", data: Self.data(), threads: 1)
        let log = try TensorBoardLog(in: folder.path + "/board", every: 5) {
            Issue.record("\($0)")
        }
        let watched = try Run.train(
            Self.settings(), in: folder.path + "/run", data: Self.data(), threads: 1,
            weightsEvery: log.weightsEvery, onEvent: log.add)
        #expect(watched.model.weightsSHA256 == plain.model.weightsSHA256)
        let files = try Self.files(folder.path + "/board")
        #expect(files.count == 1)
        // 8 steps an epoch: pictures before training and after 5, 10 and 15; numbers after each step.
        for (tag, count) in [
            ("brain.Event:2", 1), ("loss/batch", 16), ("optimizer/momentum", 16),
            ("loss/training", 2), ("accuracy/test", 2), ("accuracy/validation", 0),
            ("filters/layers.0", 4), ("layers.1/bias", 4),
        ] {
            #expect(Self.count(tag, in: files[0]) == count, "\(tag)")
        }
    }

    @Test func aResumedRunAddsAFile() throws {
        let folder = try TestFolder()
        let log = try TensorBoardLog(in: folder.path + "/board", every: 1000)
        let steps = Mutex(0)
        let first = try Run.train(
            Self.settings(), in: folder.path + "/run", data: Self.data(), threads: 1,
            weightsEvery: log.weightsEvery, onEvent: log.add,
            shouldStop: {
                steps.withLock {
                    $0 += 1; return $0 > 10
                }
            })
        #expect(first.result?.epoch == 1)
        let again = try TensorBoardLog(in: folder.path + "/board", every: 1000)
        _ = try Run.resume(
            folder.path + "/run", data: Self.data(), threads: 1,
            weightsEvery: again.weightsEvery, onEvent: again.add)
        let files = try Self.files(folder.path + "/board")
        try #require(files.count == 2)
        #expect(files.map { Self.count("loss/training", in: $0) } == [1, 1])
        #expect(files.map { Self.count("filters/layers.0", in: $0) } == [1, 0])
    }

    /// The files are only a view: what is wrong with them is told once, and training goes on.
    @Test func aRunSurvivesItsLog() throws {
        let folder = try TestFolder()
        let told = Mutex(0)
        let log = try TensorBoardLog(in: folder.path + "/board", every: 2) { _ in
            told.withLock { $0 += 1 }
        }
        try FileManager.default.removeItem(atPath: folder.path + "/board")
        let run = try Run.train(
            Self.settings(), in: folder.path + "/run", data: Self.data(), threads: 1,
            weightsEvery: log.weightsEvery, onEvent: log.add)
        #expect(run.metrics.count == 2)
        #expect(told.withLock { $0 } == 1)
    }

    @Test func badFoldersAndIntervalsAreRefused() throws {
        let folder = try TestFolder()
        #expect(throws: SettingError.self) {
            try TensorBoardLog(in: folder.path + "/board", every: 0)
        }
        #expect(throws: FileError.self) { try TensorBoardLog(in: "/proc/board") }
    }
}
