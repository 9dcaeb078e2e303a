import Foundation
import Phidias
import PhidiasRuns
import Testing

/// A run and a sweep that the program wrote before there was a library for them (commit 233234d):
/// they go on, are verified and reported as then.
@Suite struct EarlierFilesTests {
    @Test func aRunIsVerified() throws {
        let folder = try TestFolder()
        let (run, data) = (try folder.copy(ofEarlier: "run"), try folder.copy(ofEarlier: "data"))
        let outcome = try Run.verify(run, data: try DataPair(directory: data))
        #expect(outcome.isEqual && outcome.isFinished && outcome.epochs == 2)
    }

    @Test func aRunGoesOnWithTheSameBits() throws {
        let folder = try TestFolder()
        let (run, data) = (try folder.copy(ofEarlier: "run"), try folder.copy(ofEarlier: "data"))
        let result = try Run.resume(run, allowingChanges: true) {
            $0.data = .folder(data)
            $0.epochs = 4
        }
        #expect(result.end == .finished && result.metrics.count == 4)
        #expect(
            result.model.weightsSHA256
                == "14b0c026f749219ab9c461063a4b37d59d41f7b301e3c5ea078c32d384d23c78")
        // As it was recorded, the test images are looked at after every epoch.
        #expect(result.metrics.allSatisfy { $0.test != nil && $0.validation != nil })
    }

    @Test func aChangeIsRefusedUnlessItIsAllowed() throws {
        let folder = try TestFolder()
        let (run, data) = (try folder.copy(ofEarlier: "run"), try folder.copy(ofEarlier: "data"))
        let before = try Data(contentsOf: URL(fileURLWithPath: run + "/run.json"))
        let error = #expect(throws: RunError.self) {
            _ = try Run.resume(run) {
                $0.data = .folder(data)
                $0.learningRate = 0.5
            }
        }
        guard case .changes(_, let changes) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(changes.map(\.setting) == ["learning_rate"])
        #expect(try Data(contentsOf: URL(fileURLWithPath: run + "/run.json")) == before)
    }

    /// A cell that is missing is computed to the same line; the others stay.
    @Test func aSweepGoesOn() throws {
        let folder = try TestFolder()
        let (path, data) = (try folder.copy(ofEarlier: "sweep"), try folder.copy(ofEarlier: "data"))
        let file = URL(fileURLWithPath: path + "/results.jsonl")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        try (lines.dropLast().joined(separator: "\n") + "\n").write(
            to: file, atomically: true, encoding: .utf8)
        var sweep = SweepSettings()
        sweep.data = .folder(data)
        sweep.folds = 2
        try sweep.vary("hidden", over: ["2"])
        try sweep.vary("learning_rate", over: ["golden", "0.10"])
        try sweep.vary("momentum", over: ["0", "golden"])
        try sweep.vary("epochs", over: ["1"])
        try sweep.vary("batch_size", over: ["16"])
        let outcome = try Sweep.run(sweep, in: path)
        #expect(outcome.isComplete && outcome.cells == 8)
        let after = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        func untimed(_ line: Substring) -> String {
            line.components(separatedBy: ",\"timing\"")[0]
        }
        #expect(after.map(untimed) == lines.map(untimed))
    }

    @Test func aSweepWithOtherValuesIsAnother() throws {
        let folder = try TestFolder()
        let (path, data) = (try folder.copy(ofEarlier: "sweep"), try folder.copy(ofEarlier: "data"))
        var sweep = SweepSettings()
        sweep.data = .folder(data)
        sweep.folds = 2
        try sweep.vary("batch_size", over: ["16"])
        let error = #expect(throws: SweepError.self) { _ = try Sweep.run(sweep, in: path) }
        #expect(error?.exitCode == 73)
    }

    @Test func bothAreReported() throws {
        let folder = try TestFolder()
        let (run, data) = (try folder.copy(ofEarlier: "run"), try folder.copy(ofEarlier: "data"))
        let page = try Report.page(of: [run, try folder.copy(ofEarlier: "sweep")], data: [data])
        let text = String(decoding: page, as: UTF8.self)
        #expect(text.contains("synaptic loss") && text.contains("8 of 8"))
        // Without a program there is nothing to type.
        #expect(!text.contains("phidias train"))
    }
}
