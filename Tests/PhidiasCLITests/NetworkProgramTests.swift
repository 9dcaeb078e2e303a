import Foundation
import Testing

/// Networks of the command line: from a preset, a file or a text through training, evaluation,
/// verification and resumption.
@Suite struct NetworkProgramTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    static let layers = "conv 5 3x3 pad 1 relu, maxpool 2, dropout 0.25, dense 3"

    static func run(_ bench: Bench, _ options: [String]) throws -> Program.Outcome {
        try Program.run(
            [
                "train", "--data", bench.folder.path, "--output", bench.path("run"),
                "--batch-size", "7", "--format", "json",
            ] + options)
    }

    static func object(_ outcome: Program.Outcome) throws -> [String: Any] {
        #expect(outcome.code == 0, "\(outcome.errors)")
        return try Program.object(outcome.output)
    }

    @Test func aNetworkOfAFileGoesAllTheWay() throws {
        let bench = try Bench()
        let summary = try Program.run(
            "summary", Self.layers, "--image", "4x4", "--document")
        #expect(summary.code == 0, "\(summary.errors)")
        let file = bench.path("network.json")
        try bench.write("network.json", Array(summary.output.utf8))
        let trained = try Self.object(
            Self.run(bench, ["--network", file, "--epochs", "2", "--validation", "0.2"]))
        // What follows does not need the file.
        try FileManager.default.removeItem(atPath: file)
        let hash = trained["weights_sha256"] as? String
        #expect(trained["network"] as? String == Self.layers)

        let verified = try Program.run("verify", bench.path("run"), "--threads", "1")
        #expect(verified.code == 0, "\(verified.output) \(verified.errors)")
        #expect(verified.output.contains(try #require(hash)))

        let model = bench.path("run/model.safetensors")
        let evaluated = try Self.object(
            Program.run("evaluate", model, "--data", bench.folder.path, "--format", "json"))
        #expect(evaluated["accuracy"] as? Double == trained["test_accuracy"] as? Double)
        for (layer, code) in [("0", 0), ("3", 0), ("1", 64), ("9", 64)] as [(String, Int32)] {
            let picture = bench.path("filters-\(layer).png")
            let drawn = try Program.run("filters", model, "--layer", layer, "--output", picture)
            #expect(drawn.code == code, "layer \(layer): \(drawn.errors)")
        }
        // A picture has to show something; the filters' does.
        let digit = bench.path("filters-3.png")
        for (layer, code) in [("0", 0), ("2", 0), ("3", 64)] as [(String, Int32)] {
            let maps = try Program.run(
                "features", model, digit, "--layer", layer, "--output", bench.path("maps.png"))
            #expect(maps.code == code, "layer \(layer): \(maps.errors)")
            let images = try Program.run(
                "features", model, "--strongest", "3", "--layer", layer, "--data",
                bench.folder.path, "--output", bench.path("images.png"))
            #expect(images.code == code, "layer \(layer): \(images.errors)")
        }
        #expect(try Program.run("features", model, "--output", bench.path("no.png")).code == 64)
        let described = try Program.run("summary", model)
        #expect(described.output.contains("conv 5 3x3 pad 1 relu"), "\(described.errors)")

        // Two epochs more, whole and with an end between them.
        let more = try Program.run(
            "train", "--resume", bench.path("run"), "--epochs", "4", "--allow-change", "--format",
            "json")
        let other = try Bench()
        let whole = try Self.object(
            Self.run(other, ["--network", Self.layers, "--epochs", "4", "--validation", "0.2"]))
        #expect(
            try Self.object(more)["weights_sha256"] as? String
                == whole["weights_sha256"] as? String)
    }

    @Test func aPresetBringsItsLossAndRange() throws {
        let bench = try Bench()
        let trained = try Self.object(
            Self.run(bench, ["--network", "dbl-2024", "--epochs", "1"]))
        #expect(trained["loss"] as? String == "cross-entropy")
        let record = String(
            decoding: try Data(contentsOf: URL(fileURLWithPath: bench.path("run/run.json"))),
            as: UTF8.self)
        #expect(record.contains("\"network\": \"dbl-2024\""))
        #expect(record.contains("\"initialization\": \"fan-in-uniform\""))
        #expect(record.contains("\"input_range\": \"-1..1\""))
        let resumed = try Program.run(
            "train", "--resume", bench.path("run"), "--network", Self.layers)
        #expect(resumed.code == 64 && resumed.errors.contains("dense 3"), "\(resumed.errors)")
        #expect(try Program.run("verify", bench.path("run")).code == 0)
    }

    @Test func networksAreAnAxisOfASweep() throws {
        let bench = try Bench()
        let arguments = [
            "sweep", "--data", bench.folder.path, "--output", bench.path("sweep"), "--network",
            "mlp;dbl-2024", "--loss", "cross-entropy", "--learning-rate", "0.01,golden", "--epochs",
            "1", "--batch-size", "7", "--format", "json", "--validation", "0.2",
        ]
        let sweep = try Program.run(arguments)
        #expect(sweep.code == 0, "\(sweep.errors)")
        #expect(sweep.output.contains("\"network\":\"dbl-2024\""))
        // Nothing is left to do.
        #expect(try Program.run(arguments).errors.contains("4 cells (4 settings"))
        let mixed = try Program.run(
            ["sweep", "--network", "dbl-2024;dense 3", "--output", bench.path("other")])
        #expect(mixed.code == 64 && mixed.errors.contains("--document"), "\(mixed.errors)")
    }

    /// Options beside `--data`, the exit code, and a part of what is said.
    static let bad: [([String], Int32, String)] = [
        (["--network", "dbl-2025"], 66, "dbl-2025"),
        (["--network", "conv 4 9x9 relu, dense 3"], 64, "1 × 4 × 4"),
        (["--network", "conv 4 3x3 relu, maxpool 2, dense 2"], 65, "classes"),
        (["--network", "conf 4 3x3, dense 3"], 64, "conf"),
        (["--network", "{\"rows\": 4}"], 65, "columns"),
        (["--network", "mlp", "--hidden", "5"], 64, "--hidden"),
        (["--network", "mlp", "--output-activation", "softmax"], 64, "--output-activation"),
        (["--network", "dbl-2024", "--loss", "mean-square"], 64, "sigmoid"),
        (["--network", "dense 3", "--activation", "relu"], 64, "--activation"),
        (["--network", "conv 8192 3x3 pad 600, dense 3"], 64, "1202 × 1202"),
        (["--network", "/proc/self/mem"], 65, "/proc/self/mem"),
    ]

    @Test(arguments: bad.indices) func aBadNetworkIsASentenceAndACode(index: Int) throws {
        let (options, code, part) = Self.bad[index]
        let bench = try Bench()
        let result = try Self.run(bench, options)
        #expect(result.code == code, "\(options): \(result.errors)")
        #expect(result.errors.contains(part), "\(options): \(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: bench.path("run/model.safetensors")))
    }

    @Test func variationsOfTheStepAreRecordedAndReplayed() throws {
        let bench = try Bench()
        let options = [
            "--network", "dense 5 relu, dense 3", "--weight-decay", "0.01", "--nesterov",
            "--clip-norm", "0.5", "--epochs", "2",
        ]
        let trained = try Self.object(Self.run(bench, options))
        #expect(try Program.run("verify", bench.path("run")).code == 0)
        let other = try Bench()
        let plain = try Self.object(
            Self.run(other, ["--network", "dense 5 relu, dense 3", "--epochs", "2"]))
        #expect(trained["weights_sha256"] as? String != plain["weights_sha256"] as? String)
        let changed = try Program.run(
            "train", "--resume", bench.path("run"), "--epochs", "3", "--weight-decay", "0")
        #expect(changed.code == 64, "\(changed.errors)")
        #expect(changed.errors.contains("weight_decay: 0.01 → 0.0"), "\(changed.errors)")
        for (option, part) in [("--weight-decay", "weight decay"), ("--clip-norm", "norm")] {
            let bad = try Self.run(bench, [option, "-1", "--force"])
            #expect(bad.code == 64 && bad.errors.contains(part), "\(bad.errors)")
        }
    }

    @Test func summaryCountsThePapersNetwork() throws {
        let object = try Self.object(
            Program.run("summary", "dbl-2024", "--format", "json", "--threads", "2"))
        #expect(object["parameters"] as? Int == 206_922)
        #expect(object["forward_flops"] as? Double == 2_436_096)
        #expect((object["layers"] as? [Any])?.count == 8)
        let text = try Program.run("summary", "dbl-2024").output
        for part in ["32 × 7 × 7", "206,922", "dropout 0.25", "batch 64"] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(try Program.run("summary", "mlp", "--image", "4").code == 64)
        #expect(try Program.run("summary", "/nowhere.safetensors").code == 66)
    }

    /// Nothing else is seen of such a run until its first epoch ends.
    @Test func anEpochOfHoursIsToldBeforeItBegins() throws {
        let bench = try BadInputTests.Bench()
        let images = 60_000
        try bench.write("train-images-idx3-ubyte", BadInputTests.Bench.idx([images, 4, 4]))
        try bench.write("train-labels-idx1-ubyte", BadInputTests.Bench.idx([images]))
        let layer = "conv 32 3x3 pad 1x1024 relu"
        /// What is said before the first step.
        func header(_ network: String) throws -> String {
            // The run is ended as soon as it says what it runs on, which comes first.
            try bench.shell(
                """
                $0 train --data $1 --network '\(network)' --loss cross-entropy --epochs 1 \
                    --threads 1 --batch-size 10 --output $1/run --force 2>$1/said &
                for try in $(seq 300); do grep -q ' kernels' $1/said && break; sleep 0.1; done
                sleep 0.5; kill -9 $!; cat $1/said
                """
            ).output
        }
        let long = try header("\(layer), \(layer), dense 3")
        // On 4 × 4 pixels the layers give 4 × 2050 and 4 × 4098, and three products a weight are
        // computed, but for two with the first layer's.
        let first = 2.0 * 9 * 32 * 4 * 2050, second = 2.0 * 9 * 32 * 32 * 4 * 4098
        let last = 2.0 * 32 * 4 * 4098 * 3
        let operations = (2 * first + 3 * second + 3 * last) * Double(images)
        let told = try #require(
            long.firstMatch(of: /warning: an epoch takes ([0-9.]+) TFLOP, about ([0-9]+) min/))
        #expect(abs((Double(told.1) ?? 0) - operations / 1e12) < 0.1, "\(long)")
        #expect(abs((Double(told.2) ?? 0) - operations / 1e10 / 60) < 1, "\(long)")
        #expect(!(try header("dense 3").contains("warning")))
    }
}
