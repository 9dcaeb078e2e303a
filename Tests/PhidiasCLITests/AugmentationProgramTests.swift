import Foundation
import Testing

/// Augmentation from the command line: recorded, verified, resumed, and drawn.
@Suite struct AugmentationProgramTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests
    typealias Network = NetworkProgramTests

    static let options = [
        "--network", Network.layers, "--shift", "1", "--rotation", "20", "--elastic", "0.9",
        "--elastic-spacing", "2",
    ]

    @Test func anAugmentedRunIsVerifiedAndResumed() throws {
        let bench = try Bench(), other = try Bench()
        let whole = try Network.object(Network.run(bench, Self.options + ["--epochs", "3"]))
        let plain = try Network.object(
            Network.run(other, Array(Self.options.prefix(2)) + ["--epochs", "3", "--force"]))
        let hash = try #require(whole["weights_sha256"] as? String)
        #expect(plain["weights_sha256"] as? String != hash)
        #expect(try Program.run("verify", bench.path("run"), "--threads", "1").code == 0)
        let record = try String(
            contentsOfFile: bench.path("run/run.json"), encoding: .utf8)
        for setting in ["\"rotation\": \"20.0\"", "\"elastic_spacing\": \"2\""] {
            #expect(record.contains(setting), "\(record)")
        }

        let parts = try Network.run(
            other, Self.options + ["--epochs", "1", "--force", "--threads", "2"])
        #expect(parts.code == 0, "\(parts.errors)")
        let changed = try Program.run(
            "train", "--resume", other.path("run"), "--epochs", "3", "--shift", "0")
        #expect(changed.code == 64, "\(changed.errors)")
        #expect(changed.errors.contains("shift: 1.0 → 0.0"), "\(changed.errors)")
        let resumed = try Network.object(
            Program.run(
                "train", "--resume", other.path("run"), "--epochs", "3", "--allow-change",
                "--format", "json", "--threads", "3"))
        #expect(resumed["weights_sha256"] as? String == hash)
    }

    @Test func augmentedImagesAreDrawn() throws {
        let bench = try Bench()
        let drawn = try Program.run(
            "data", "augment", "--shift", "2", "--images", "3", "--epochs", "4", "--scale", "1",
            "--output", bench.path("augmented.png"))
        #expect(drawn.code == 0, "\(drawn.errors)")
        let png = try Data(contentsOf: URL(fileURLWithPath: bench.path("augmented.png")))
        #expect(png.starts(with: [0x89, 0x50, 0x4e, 0x47]))
        let none = try Program.run(
            "data", "augment", "--images", "0", "--output", bench.path("none.png"))
        #expect(none.code == 64)
    }

    @Test func badNumbersAreRefused() throws {
        let bench = try Bench()
        for (option, value, part) in [
            ("--shift", "-1", "shift is -1.0 pixels"), ("--rotation", "200", "rotation is 200.0"),
            ("--elastic", "3.5", "images fold"),
            ("--elastic-spacing", "0", "distortions is 0 pixels"),
        ] {
            let bad = try Network.run(bench, [option, value])
            #expect(bad.code == 64 && bad.errors.contains(part), "\(bad.errors)")
        }
        let record = try Program.run(
            "record", "--shift", "1", "--output", bench.path("steps.safetensors"))
        #expect(record.code == 64 && record.errors.contains("--shift"), "\(record.errors)")
    }
}
