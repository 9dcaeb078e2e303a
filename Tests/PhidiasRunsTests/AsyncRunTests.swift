import Foundation
import Phidias
import PhidiasRuns
import Synchronization
import Testing

/// Runs and sweeps from asynchronous code.
@Suite struct AsyncRunTests {
    static let settings: TrainingSettings = {
        var settings = TrainingSettings()
        settings.network = .dense(hidden: [4], activation: .sigmoid)
        (settings.epochs, settings.batchSize) = (3, 20)
        return settings
    }()

    static func data() throws -> DataPair {
        try SyntheticDigits.pair(training: 400, test: 100, seed: 1)
    }

    @Test func aCancelledRunGoesOnWithTheSameBits() async throws {
        let folder = try TestFolder()
        let data = try Self.data()
        let whole = try await Run.train(Self.settings, in: folder.path + "/whole", data: data)
        #expect(whole.end == .finished && whole.metrics.count == 3)

        let task = Mutex<Task<RunResult, any Error>?>(nil)
        let part = folder.path + "/part"
        let training = Task {
            try await Run.train(Self.settings, in: part, data: data) { event in
                if case .step(let progress) = event, progress.epoch == 2 {
                    task.withLock { $0?.cancel() }
                }
            }
        }
        task.withLock { $0 = training }
        await #expect(throws: CancellationError.self) { _ = try await training.value }
        let checkpoints = try FileManager.default.contentsOfDirectory(
            atPath: part + "/checkpoints")
        #expect(!checkpoints.isEmpty)
        let resumed = try await Run.resume(part, data: data)
        #expect(resumed.model == whole.model && resumed.metrics.count == 3)
        #expect(try await Run.verify(part, data: data).isEqual)
        // Without it, the record would mean other digits.
        await #expect(throws: RunError.self) { _ = try await Run.verify(part) }
    }

    @Test func twoRunsAtOnceAreEachAsIfAlone() async throws {
        let folder = try TestFolder()
        let data = try Self.data()
        var other = Self.settings
        other.seed = 2
        let alone = try await Run.train(other, in: folder.path + "/alone", data: data)
        let (one, two, settings) = (folder.path + "/1", folder.path + "/2", other)
        async let first = Run.train(Self.settings, in: one, data: data)
        async let second = Run.train(settings, in: two, data: data)
        let (a, b) = try await (first, second)
        #expect(b.model == alone.model && a.model != b.model)
    }

    @Test func aSweepGivesValues() async throws {
        let folder = try TestFolder()
        var sweep = SweepSettings()
        try sweep.vary(\.network, over: [.dense(hidden: [4], activation: .sigmoid)])
        try sweep.vary(\.epochs, over: [1])
        try sweep.vary("learning_rate", over: ["golden", "0.1"])
        try sweep.vary("momentum", over: ["0", "golden"])
        let outcome = try await Sweep.run(sweep, in: folder.path, data: try Self.data())
        #expect(outcome.isComplete && outcome.results.count == 4)
        #expect(outcome.report.rows.count == 4)
        #expect(outcome.report.rows.allSatisfy { ($0.mean ?? -1) >= 0 && $0.rank != nil })
        #expect(outcome.report.rows.count(where: \.isGolden) == 1)
    }

    @Test func numberedRunsNeverMeet() throws {
        let folder = try TestFolder()
        let runs = NumberedRuns(folder.path + "/runs")
        let first = try runs.next(), second = try runs.next()
        runs.link(latest: second)
        #expect(first.hasSuffix("/1") && second.hasSuffix("/2"))
        let link = try FileManager.default.destinationOfSymbolicLink(
            atPath: folder.path + "/runs/latest")
        #expect(link == "2")
    }

    /// Options are looked at before a folder is made.
    @Test func whatCannotBeTrainedLeavesNoFolder() throws {
        let folder = try TestFolder()
        var settings = Self.settings
        settings.data = .folder(folder.path + "/nothing")
        #expect(throws: DataError.self) {
            _ = try Run.train(settings, under: NumberedRuns(folder.path + "/runs"))
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/runs"))
    }

    @Test func anAbsurdLossEndsARunAndIsTold() throws {
        let folder = try TestFolder()
        var settings = Self.settings
        settings.learningRate = 1000
        let error = #expect(throws: TrainingError.self) {
            _ = try Run.train(settings, in: folder.path + "/r", data: try Self.data())
        }
        guard case .lossTooHigh(let step, let loss, let start, let factor) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(step == 20 && factor == 10 && loss > 10 * start)
        settings.onDivergence = .halve
        settings.learningRate = 100
        var halvings = 0
        let result = try? Run.train(
            settings, in: folder.path + "/h", data: try Self.data(),
            onEvent: { if case .halves = $0 { halvings += 1 } })
        #expect(halvings > 0)
        #expect(result == nil || result?.end == .finished)
    }
}
