import Foundation
import Phidias
import PhidiasRuns
import Testing

/// Experiments that are stopped, wherever that is, and called again: the same bytes at their end.
@Suite struct ExperimentProgressTests {
    static let settings: TrainingSettings = {
        var settings = TrainingSettings()
        settings.network = .dense(hidden: [4], activation: .sigmoid)
        (settings.epochs, settings.batchSize, settings.momentum) = (3, 20, .constant(0.5))
        return settings
    }()

    static func data() throws -> DataPair {
        try SyntheticDigits.pair(training: 400, test: 100, seed: 1)
    }

    static let smoothing: SmoothingExperiment = {
        var experiment = SmoothingExperiment(settings)
        experiment.momenta = ["0", "0.5", "0.5"]
        (experiment.roughnessEpochs, experiment.curvatureSteps) = (3, 2)
        return experiment
    }()

    /// The files of a folder.
    static func files(_ folder: String) throws -> [String: Data] {
        try FileManager.default.contentsOfDirectory(atPath: folder).reduce(into: [:]) {
            $0[$1] = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($1)"))
        }
    }

    /// Calls `body` until it is not stopped; what it is given says no so often, then yes.
    /// - Returns: the number of calls.
    static func repeated<Report>(
        asking limits: (_ call: Int) -> Int, _ body: (@escaping () -> Bool) throws -> Report?
    ) throws -> Int {
        for call in 1...500 {
            var left = limits(call)
            let report = try body {
                left -= 1
                return left < 0
            }
            if report != nil { return call }
        }
        return .max
    }

    @Test(arguments: [28, 31, 47]) func theGoldenPointEndsWithTheSameBytes(asked: Int) throws {
        let folder = try TestFolder(), data = try Self.data()
        let experiment = GoldenPointExperiment(Self.settings)
        let (whole, part) = (folder.path + "/whole", folder.path + "/part")
        #expect(try experiment.run(in: whole, data: data, threads: 2) != nil)
        let calls = try Self.repeated(asking: { _ in asked }) {
            try experiment.run(in: part, data: data, threads: 1, shouldStop: $0)
        }
        // Three trainings of three epochs of 20 steps.
        #expect(calls > 3 && calls < 20, "\(calls)")
        let (expected, found) = (try Self.files(whole), try Self.files(part))
        #expect(expected == found, "\(found.keys.sorted())")
        #expect(expected.keys.contains("golden-point.json"))
    }

    @Test(arguments: [170, 230]) func smoothingEndsWithTheSameBytes(asked: Int) throws {
        let folder = try TestFolder(), data = try Self.data()
        let (whole, part) = (folder.path + "/whole", folder.path + "/part")
        #expect(try Self.smoothing.run(in: whole, data: data, threads: 2) != nil)
        var steps = 0
        let calls = try Self.repeated(asking: { $0 == 1 ? 20_100 : asked }) {
            try Self.smoothing.run(
                in: part, data: data, threads: 1,
                onEvent: { if case .progress = $0 { steps += 1 } }, shouldStop: $0)
        }
        #expect(calls > 2 && calls < 20, "\(calls)")
        // Those of the independent gradients are not taken twice.
        #expect(steps > 20_000 && steps < 22_000, "\(steps)")
        let (expected, found) = (try Self.files(whole), try Self.files(part))
        #expect(expected == found, "\(found.keys.sorted())")
        #expect(expected.keys.contains("smoothing.json"))
    }

    /// The moments at which a kill leaves files that do not fit together.
    @Test func whatWasNotWrittenIsMeasuredAgain() throws {
        let folder = try TestFolder(), data = try Self.data()
        let experiment = GoldenPointExperiment(Self.settings)
        let (whole, part) = (folder.path + "/whole", folder.path + "/part")
        #expect(try experiment.run(in: whole, data: data) != nil)
        let expected = try Self.files(whole)
        // Within the second epoch of the second loss.
        func begin() throws -> [String: Data] {
            try? FileManager.default.removeItem(atPath: part)
            // Each loss: 1 before training, 21 in each of three epochs, 1 on the test images.
            var left = 65 + 22 + 8
            #expect(
                try experiment.run(
                    in: part, data: data,
                    shouldStop: {
                        left -= 1
                        return left < 0
                    }) == nil)
            let files = try Self.files(part)
            #expect(
                files.keys.sorted() == ["progress.json", "progress.jsonl", "progress.safetensors"])
            return files
        }
        let log = try #require(try begin()["progress.jsonl"])
        let lines = log.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 7, "five of the first loss, two of the second")
        let foreign = Data("{\"part\":\"cross-entropy\",\"epoch\":2,\"state_sha256\":\"0\",".utf8)
        let changes: [(String, Data?)] = [
            // The line of an epoch whose state was not written; lines that are cut off or damaged.
            ("progress.jsonl", log + foreign + Data("\"measured\":{}}\n".utf8)),
            ("progress.jsonl", log + foreign), ("progress.jsonl", log.dropLast(40)),
            ("progress.jsonl", log.dropLast(40) + [10]), ("progress.jsonl", nil),
            // No state, or one of no line.
            ("progress.safetensors", nil), ("progress.safetensors", Data([1, 2, 3])),
            ("progress.json", nil),
        ]
        for (index, (name, content)) in changes.enumerated() {
            _ = try begin()
            let path = "\(part)/\(name)"
            try FileManager.default.removeItem(atPath: path)
            try content?.write(to: URL(fileURLWithPath: path))
            #expect(try experiment.run(in: part, data: data) != nil)
            #expect(try Self.files(part) == expected, "change \(index)")
        }
    }

    @Test func otherSettingsAndDataAreRefused() throws {
        let folder = try TestFolder(), data = try Self.data()
        let experiment = GoldenPointExperiment(Self.settings)
        var asked = 0
        func stopped(after count: Int) -> () -> Bool {
            asked = 0
            return {
                asked += 1
                return asked > count
            }
        }
        // What has not measured anything can be replaced.
        var other = experiment
        other.settings.epochs = 2
        #expect(try other.run(in: folder.path, data: data, shouldStop: stopped(after: 0)) == nil)
        #expect(
            try experiment.run(in: folder.path, data: data, shouldStop: stopped(after: 30)) == nil)
        func refused(_ body: () throws -> Void) -> String {
            let error = #expect(throws: ExperimentError.self, performing: body)
            #expect(error?.exitCode == 73)
            return error?.description ?? ""
        }
        let settings = refused { _ = try other.run(in: folder.path, data: data) }
        #expect(settings.contains("epochs: 3 → 2"), "\(settings)")
        let images = refused {
            _ = try experiment.run(
                in: folder.path, data: try SyntheticDigits.pair(training: 400, test: 100, seed: 2))
        }
        #expect(images.contains("SHA-256"), "\(images)")
        let kind = refused { _ = try Self.smoothing.run(in: folder.path, data: data) }
        #expect(kind.contains("experiment: golden-point → smoothing"), "\(kind)")
        // An experiment that has ended is replaced.
        #expect(try experiment.run(in: folder.path, data: data) != nil)
        #expect(try other.run(in: folder.path, data: data) != nil)
    }

    /// A divergence would only come again: it does not keep other settings out.
    @Test func aDivergenceKeepsNothing() throws {
        let folder = try TestFolder()
        var settings = Self.settings
        (settings.learningRate, settings.network) = (
            1e30, .dense(hidden: [4], activation: .relu)
        )
        #expect(throws: TrainingError.self) {
            _ = try GoldenPointExperiment(settings).run(in: folder.path, data: try Self.data())
        }
        #expect(try Self.files(folder.path).isEmpty)
    }

    /// A velocity that never settles: what can be measured is, at once, and the rest is said.
    @Test func aMomentumNearOneDoesNotTakeForever() throws {
        let folder = try TestFolder()
        var experiment = Self.smoothing
        experiment.settings.momentum = .constant(Double(Float(1).nextDown))
        experiment.settings.learningRate = 1e-8
        (experiment.settings.epochs, experiment.roughnessEpochs) = (1, 1)
        var notes: [String] = [], steps = 0
        let report = try experiment.run(
            in: folder.path, data: try Self.data(),
            onEvent: { event in
                if case .note(let text) = event { notes.append(text) }
                if case .progress = event { steps += 1 }
            })
        #expect(notes.count == 2 && notes.allSatisfy { $0.contains("settles in") }, "\(notes)")
        #expect(steps == 20 + 3 * 20)
        let text = try #require(try report?.result()).text
        #expect(text.contains("were not measured") && text.contains("Nothing was measured"))
        #expect(!text.contains("nan") && !text.contains("inf "), "\(text)")
    }
}
