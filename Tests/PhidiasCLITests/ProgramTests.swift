import Foundation
import Testing

/// The program from outside: exit codes, and what goes to standard output and standard error.
@Suite struct ProgramTests {
    struct Outcome {
        let code: Int32
        let output, errors: String
    }

    final class Folder {
        let path = NSTemporaryDirectory() + "phidias-cli-" + UUID().uuidString
        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The program lies beside the test bundle.
    static let program: URL = {
        let here = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return here.appendingPathComponent("phidias")
    }()

    /// One JSON object, and nothing else.
    static func object(_ text: some StringProtocol) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
        try run(arguments, environment: environment)
    }

    static func run(
        _ arguments: [String], of executable: URL = program, environment: [String: String] = [:]
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // What it says goes to a file: a second pipe could fill up while the first is read.
        let errors = FileManager.default.temporaryDirectory.appendingPathComponent(
            "phidias-errors-\(UUID().uuidString)")
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let said = try Data(contentsOf: errors)
        return Outcome(
            code: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: said, as: UTF8.self))
    }

    @Test func trainWritesARunAndOneJSONObject() throws {
        let folder = try Folder()
        let run = try Self.run(
            "train", "--hidden", "16", "--epochs", "1", "--format", "json", "--output",
            folder.path + "/run")
        #expect(run.code == 0, "\(run.errors)")
        let object = try Self.object(run.output)
        #expect((object["test_accuracy"] as? Double ?? 0) > 0.3)
        for key in [
            "test_loss", "epochs", "seconds", "images_per_second", "weights_sha256", "threads",
            "kernels",
        ] {
            #expect(object[key] != nil, "\(key)")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/run")
            .sorted()
        #expect(
            files == [
                "checkpoints", "filters.png", "metrics.jsonl", "model.safetensors", "run.json",
            ])
        #expect(!run.errors.contains("\u{1b}"), "no escape codes off a terminal")

        let again = try Self.run("train", "--epochs", "1", "--output", folder.path + "/run")
        #expect(again.code == 73)
        #expect(again.errors.contains("--force"))

        let model = folder.path + "/run/model.safetensors"
        let evaluated = try Self.run("evaluate", model, "--format", "json")
        let result = try Self.object(evaluated.output)
        #expect(result["accuracy"] as? Double == object["test_accuracy"] as? Double)

        let picture = folder.path + "/f.png"
        #expect(try Self.run("filters", model, "--output", picture, "--colormap", "gray").code == 0)
        let predicted = try Self.run("predict", model, picture, "--no-auto", "--format", "json")
        #expect(predicted.code == 0, "\(predicted.errors)")
        #expect(predicted.output.contains("\"probabilities\""))
    }

    /// Arguments, exit code, and what standard error says.
    static let bad: [([String], Int32, String)] = [
        (["train", "--epochs", "0"], 64, "epochs is 0"),
        (["train", "--network", "mlp", "--hidden", "128"], 64, "both describe"),
        (["train", "--network", "dbl-2024", "--input-range", "0..1"], 64, "both describe"),
        (["train", "--batch-size", "0"], 64, "batch size is 0"),
        (["train", "--batch-size", "30000"], 64, "30000"),
        (["train", "--learning-rate", "-1"], 64, "-1"),
        (["train", "--learning-rate", "nan"], 64, "nan"),
        (["train", "--learning-rate", "inf"], 64, "inf"),
        (["train", "--learning-rate", "silver"], 64, "silver"),
        (["train", "--momentum", "1"], 64, "below 1"),
        (["train", "--momentum", "coupled", "--learning-rate", "2"], 64, "coupling"),
        (["train", "--threads", "0"], 64, "0 threads"),
        (["train", "--hidden", "12,x"], 64, "12,x"),
        (["train", "--schedule", "often"], 64, "often"),
        (["train", "--validation", "1.5"], 64, "1.5"),
        (["train", "--loss", "mean-square", "--output-activation", "softmax"], 64, "sigmoid"),
        (["train", "--loss", "hinge"], 64, "hinge"),
        (["train", "--data", "/nowhere"], 66, "/nowhere"),
        (["train", "--output", "/proc/none"], 73, "/proc/none"),
        (["evaluate", "/nowhere/m"], 66, "/nowhere/m"),
        (["predict", "/dev/null", "x.png"], 66, "/dev/null"),
        (["unknown"], 64, "unknown"),
    ]

    @Test(arguments: bad.indices) func badUsageIsASentenceAndACode(index: Int) throws {
        let (arguments, code, part) = Self.bad[index]
        let folder = try Folder()
        var all = arguments
        if arguments[0] == "train", !arguments.contains("--output") {
            all += ["--output", folder.path + "/run"]
        }
        let result = try Self.run(all)
        #expect(result.code == code, "\(arguments): \(result.errors)")
        #expect(result.errors.contains(part), "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/run/model.safetensors"))
    }

    @Test func helpAndVersion() throws {
        #expect(try Self.run("--version").output == "0.1.0\n")
        for command in [
            "train", "evaluate", "predict", "filters", "data", "bench", "record", "explain",
            "experiment",
        ] {
            let help = try Self.run(command, "--help")
            #expect(help.code == 0)
            #expect(help.output.contains("Example"), "\(command)")
        }
        #expect(try Self.run("--generate-completion-script", "bash").output.contains("complete"))
    }

    @Test func explainKeepsPublishedAndOursApart() throws {
        let text = try Self.run("explain").output
        for part in [
            "PUBLISHED", "OUR DERIVATION", "OUR RECONSTRUCTION", "0.8740320488976422",
            "along the golden coupling",
            "0.2671064540",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }
}
