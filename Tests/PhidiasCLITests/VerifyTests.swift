import Foundation
import Testing

/// A run replayed: the same bits, or the place where they differ.
@Suite struct VerifyTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    static func verify(_ bench: Bench, _ options: String...) throws -> Program.Outcome {
        try Program.run(["verify", bench.path("run")] + options)
    }

    static func change(
        _ bench: Bench, _ name: String, _ edit: (inout [UInt8]) throws -> Void
    ) throws {
        let url = URL(fileURLWithPath: bench.path("run/\(name)"))
        var bytes = Array(try Data(contentsOf: url))
        try edit(&bytes)
        try Data(bytes).write(to: url)
    }

    @Test func aFreshRunIsEqual() throws {
        let bench = try Bench()
        #expect(try bench.train("--validation", "0.2").code == 0)
        let before = try bench.run
        let text = try Self.verify(bench, "--threads", "1")
        #expect(text.code == 0, "\(text.errors)")
        #expect(text.output.contains("equal") && !text.output.contains("not equal"))
        #expect(try bench.run == before, "verify writes nothing")
        let json = try Self.verify(bench, "--format", "json", "--threads", "3")
        let object = try Program.object(json.output)
        #expect(object["equal"] as? Bool == true && object["epochs"] as? Int == 2)
        #expect((object["differences"] as? [Any])?.isEmpty == true)
    }

    @Test(arguments: [
        // 16 inputs and 4 units, then 4 inputs and 3 units; 16 is weight [1, 0] of layer 0.
        (16, "layer 0, weight [1, 0]"), (15, "layer 0, weight [0, 15]"), (64, "layer 0, bias [0]"),
        (68 + 5, "layer 1, weight [1, 1]"), (68 + 12 + 2, "layer 1, bias [2]"),
    ]) func oneByteOfOneParameterIsNamed(index: Int, place: String) throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let parameters = 64 + 4 + 12 + 3
        // Low byte of the fraction: the smallest change there is.
        try Self.change(bench, "model.safetensors") { $0[$0.count - 4 * (parameters - index)] ^= 1 }
        let result = try Self.verify(bench)
        #expect(result.code == 1, "\(result.errors)")
        #expect(result.output.contains("model.safetensors: \(place): recorded"), "\(result.output)")
        let json = try Self.verify(bench, "--format", "json")
        #expect(json.code == 1 && json.output.contains("\"equal\":false"))
    }

    @Test(arguments: [
        "training_loss", "training_accuracy", "test_loss", "test_accuracy", "validation_loss",
        "validation_accuracy",
    ]) func oneByteOfOneMetricIsNamed(name: String) throws {
        let bench = try Bench()
        #expect(try bench.train("--validation", "0.2").code == 0)
        try Self.change(bench, "metrics.jsonl") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            // Of epoch 2: the first digit after the point.
            let line = try #require(text.range(of: "\"epoch\":2"))
            let key = try #require(
                text.range(of: "\"\(name)\":", range: line.upperBound..<text.endIndex))
            let point = try #require(text[key.upperBound...].firstIndex(of: "."))
            let place = text.utf8.distance(from: text.startIndex, to: point) + 1
            bytes[place] = bytes[place] == UInt8(ascii: "9") ? UInt8(ascii: "1") : bytes[place] + 1
        }
        let result = try Self.verify(bench)
        #expect(result.code == 1, "\(result.errors)")
        #expect(
            result.output.contains("metrics.jsonl: epoch 2, \(name): recorded"), "\(result.output)")
        #expect(!result.output.contains("model.safetensors"))
    }

    @Test func timingIsNoDifferenceButOtherBytesAre() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        try Self.change(bench, "metrics.jsonl") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            bytes = Array(text.replacing(/"seconds":[^}]*/, with: "\"seconds\":7").utf8)
        }
        #expect(try Self.verify(bench).code == 0)
        let before = try bench.run["metrics.jsonl"]
        try Self.change(bench, "metrics.jsonl") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            bytes = Array(text.replacing(",\"test_loss\"", with: "0,\"test_loss\"").utf8)
        }
        let other = try Self.verify(bench)
        #expect(other.code == 1)
        #expect(other.output.contains("epoch 1: the same numbers"), "\(other.output)")
        try #require(before).write(to: URL(fileURLWithPath: bench.path("run/metrics.jsonl")))
        try Self.change(bench, "metrics.jsonl") { $0 += Array("{\"epoch\":3,".utf8) }
        let torn = try Self.verify(bench)
        #expect(torn.code == 1)
        #expect(torn.output.contains("cut off"), "\(torn.output)")
    }

    @Test func thePatientRunsModelIsItsBest() throws {
        let bench = try Bench()
        let result = try bench.train(
            "--epochs", "400", "--validation", "0.2", "--patience", "3", "--learning-rate", "0.3")
        #expect(result.errors.contains("its weights are taken"), "\(result.errors)")
        let verified = try Self.verify(bench)
        #expect(verified.code == 0, "\(verified.output) \(verified.errors)")
        #expect(!verified.output.contains("not finished"))
        try Self.change(bench, "best.safetensors") { $0[$0.count - 4] ^= 1 }
        let changed = try Self.verify(bench)
        #expect(changed.code == 1)
        #expect(changed.output.contains("best.safetensors: layer 1, bias [2]"))
        try FileManager.default.removeItem(atPath: bench.path("run/best.safetensors"))
        let missing = try Self.verify(bench)
        #expect(missing.code == 1)
        #expect(missing.output.contains("best.safetensors: there is no"), "\(missing.output)")
    }

    @Test func halvingsAreReplayedAndOthersNamed() throws {
        let bench = try Bench()
        let trained = try bench.train(
            "--learning-rate", "1e38", "--warm-up", "40", "--epochs", "40", "--on-divergence",
            "halve", "--diverges-above", "none")
        #expect(trained.code == 0, "\(trained.errors)")
        #expect(trained.errors.contains("Going back to the end of epoch 36"), "\(trained.errors)")
        let verified = try Self.verify(bench)
        #expect(verified.code == 0, "\(verified.output) \(verified.errors)")
        try Self.change(bench, "run.json") { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            bytes = Array(text.replacing(/"step": (\d)/) { "\"step\": 1\($0.1)" }.utf8)
        }
        let changed = try Self.verify(bench)
        #expect(changed.code == 1)
        #expect(changed.output.contains("divergence in step"), "\(changed.output)")
    }

    @Test func otherDataAndOtherRunsAreRefused() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        var pixels = Bench.idx([60, 4, 4])
        try FileManager.default.createDirectory(
            atPath: bench.path("moved"), withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: bench.folder.path)
        where name.hasSuffix("ubyte") {
            try FileManager.default.copyItem(
                atPath: bench.path(name), toPath: bench.path("moved/\(name)"))
        }
        pixels[100] ^= 1
        try bench.write(Bench.images, pixels)
        let refused = try Self.verify(bench)
        #expect(refused.code == 65)
        #expect(refused.errors.contains("SHA-256 of \(Bench.images)"), "\(refused.errors)")
        #expect(try Self.verify(bench, "--data", bench.path("moved")).code == 0)

        #expect(
            try Program.run(
                "train", "--resume", bench.path("run"), "--data", bench.path("moved"), "--epochs",
                "3", "--allow-change"
            ).code == 0)
        let changed = try Self.verify(bench, "--data", bench.path("moved"))
        #expect(changed.code == 64)
        #expect(changed.errors.contains("epochs was changed after epoch 2"), "\(changed.errors)")
        let nothing = try Program.run("verify", bench.folder.path)
        #expect(nothing.code == 64)
        #expect(nothing.errors.contains("no run to verify"), "\(nothing.errors)")
    }
}
