import Foundation
import Testing

/// Runs that go back after a divergence: where to is theirs and not the clock's, and their record
/// follows them.
@Suite struct HalvingTests {
    typealias Program = ProgramTests

    /// Diverges in epoch 9, and goes back to the end of epoch 5.
    static let options = [
        "--hidden", "0", "--learning-rate", "32", "--momentum", "0", "--weight-decay", "0.1",
        "--batch-size", "16", "--on-divergence", "halve", "--checkpoint-every", "5",
        "--diverges-above", "none",
    ]

    let folder: Program.Folder

    init() throws {
        folder = try Program.Folder()
        let made = try Program.run(
            "data", "synthesize", "--train", "200", "--test", "200", "--output", path("digits"))
        #expect(made.code == 0, "\(made.errors)")
    }

    func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    func train(_ run: String, _ options: [String]) throws -> Program.Outcome {
        try Program.run(
            ["train", "--data", path("digits"), "--output", path(run), "--format", "json"]
                + options)
    }

    func weights(_ outcome: Program.Outcome) throws -> String? {
        try NetworkProgramTests.object(outcome)["weights_sha256"] as? String
    }

    func checkpoints(_ run: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path("\(run)/checkpoints"))
    }

    /// A checkpoint stands at the end of epoch 6, as one that a signal made could.
    @Test(arguments: ["1", "2"]) func aRunGoesBackToWhereCheckpointsAreDue(keep: String) throws {
        let whole = try train("whole", Self.options + ["--epochs", "12"])
        #expect(whole.errors.contains("Going back to the end of epoch 5"), "\(whole.errors)")
        let first = try train("run", Self.options + ["--epochs", "6", "--keep", keep])
        #expect(first.code == 0, "\(first.errors)")
        #expect(try checkpoints("run").sorted() == ["epoch-5.safetensors", "epoch-6.safetensors"])
        let rest = try Program.run(
            "train", "--resume", path("run"), "--epochs", "12", "--allow-change", "--format", "json"
        )
        #expect(rest.errors.contains("Going back to the end of epoch 5"), "\(rest.errors)")
        #expect(try weights(rest) == weights(whole))
    }

    /// As if it had been killed right after it went back, once before and once after the checkpoints
    /// of the other way were removed.
    @Test(arguments: [false, true]) func aHalvingIsNotForgotten(leavesOthers: Bool) throws {
        let whole = try train("run", Self.options + ["--epochs", "12", "--keep", "9"])
        let document = try String(contentsOfFile: path("run/run.json"), encoding: .utf8)
        #expect(document.contains(/"back_to_epoch": *5/))
        for name in try checkpoints("run") where name != "epoch-5.safetensors" {
            try FileManager.default.removeItem(atPath: path("run/checkpoints/\(name)"))
        }
        if leavesOthers {
            let other = try train("other", Self.options + ["--epochs", "6"])
            #expect(other.code == 0, "\(other.errors)")
            for name in ["epoch-6.safetensors", "epoch-5-step-3.safetensors"] {
                try FileManager.default.copyItem(
                    atPath: path("other/checkpoints/epoch-6.safetensors"),
                    toPath: path("run/checkpoints/\(name)"))
            }
        }
        let resumed = try Program.run("train", "--resume", path("run"), "--format", "json")
        #expect(resumed.errors.contains("after epoch 5, step 0"), "\(resumed.errors)")
        #expect(!resumed.errors.contains("Going back"), "\(resumed.errors)")
        #expect(try weights(resumed) == weights(whole))
        #expect(try !checkpoints("run").contains { $0.contains("-6") || $0.contains("step") })
        #expect(try String(contentsOfFile: path("run/run.json"), encoding: .utf8) == document)
        let verified = try Program.run("verify", path("run"))
        #expect(verified.code == 0, "\(verified.output)")
    }

    /// After the fifth halving it diverges once more, in the first step.
    @Test func aRunThatGaveUpIsEqualToItsReplay() throws {
        let run = try train(
            "run",
            [
                "--hidden", "0", "--learning-rate", "1e12", "--momentum", "0", "--weight-decay",
                "1", "--batch-size", "200", "--epochs", "6", "--on-divergence", "halve",
            ])
        #expect(run.code == 70 && run.errors.contains("(5 of at most 5 times)"), "\(run.errors)")
        let verified = try Program.run("verify", path("run"))
        #expect(verified.code == 0, "\(verified.output) \(verified.errors)")
        #expect(verified.output.contains("not finished"))
    }

    /// Metrics end before the model that was saved, as after a kill between the two.
    @Test func aModelMayBeNewerThanTheMetrics() throws {
        let run = try train("run", ["--hidden", "4", "--epochs", "4", "--validation", "0.2"])
        #expect(run.code == 0, "\(run.errors)")
        let lines = try String(contentsOfFile: path("run/metrics.jsonl"), encoding: .utf8)
            .split(separator: "\n")
        try (lines.prefix(2).joined(separator: "\n") + "\n").write(
            toFile: path("run/metrics.jsonl"), atomically: true, encoding: .utf8)
        let verified = try Program.run("verify", path("run"))
        #expect(verified.code == 0, "\(verified.output) \(verified.errors)")
        #expect(verified.output.contains("2 epochs (the run is not finished)"))
        var model = try Data(contentsOf: URL(fileURLWithPath: path("run/model.safetensors")))
        model[model.count - 1] ^= 1
        try model.write(to: URL(fileURLWithPath: path("run/model.safetensors")))
        let changed = try Program.run("verify", path("run"))
        #expect(changed.code == 1 && changed.output.contains("model.safetensors: layer"))
    }

    /// As Double the two are one number.
    @Test func largeSeedsDiffer() throws {
        let run = try train(
            "run", ["--hidden", "4", "--epochs", "1", "--seed", "9007199254740993"])
        #expect(run.code == 0, "\(run.errors)")
        let other = try Program.run(
            "train", "--resume", path("run"), "--seed", "9007199254740992", "--epochs", "2",
            "--allow-change")
        #expect(other.code == 0, "\(other.errors)")
        let document = try String(contentsOfFile: path("run/run.json"), encoding: .utf8)
        #expect(document.contains("9007199254740992") && document.contains("\"changes\""))
        let refused = try Program.run(
            "train", "--resume", path("run"), "--seed", "9007199254740993", "--epochs", "2")
        #expect(refused.code == 64)
        #expect(refused.errors.contains("seed: 9007199254740992 → 9007199254740993"))
    }
}
