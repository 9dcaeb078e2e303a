import Foundation
import Testing

/// Runs that are stopped and go on: the same results as if they had never stopped.
@Suite struct ResumeTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    /// Long enough to be hit while it trains.
    static let long = ["--epochs", "600", "--validation", "0.2", "--checkpoint-every", "7"]

    /// Starts training and sends the signal when `epochs` lines of metrics are there.
    static func stop(
        _ bench: Bench, by signal: Int32, after epochs: Int, _ options: [String]
    ) throws -> Int32 {
        try stop(
            bench, by: signal, after: epochs,
            running: Bench.training(bench.folder.path) + options)
    }

    static func stop(
        _ bench: Bench, by signal: Int32, after epochs: Int, running arguments: [String]
    ) throws -> Int32 {
        let process = Process()
        process.executableURL = Program.program
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        while process.isRunning, try metrics(bench).count < epochs { usleep(500) }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal ? process.terminationStatus : 0
    }

    /// The lines of metrics.jsonl without what the clock says.
    static func metrics(_ bench: Bench) throws -> [String] {
        let text = (try? String(contentsOfFile: bench.path("run/metrics.jsonl"), encoding: .utf8))
        return (text ?? "").split(separator: "\n").map {
            String($0.prefix(upTo: $0.range(of: ",\"timing\"")?.lowerBound ?? $0.endIndex))
        }
    }

    static func checkpoints(_ bench: Bench) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: bench.path("run/checkpoints")).sorted()
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGKILL])
    func aStoppedRunEndsWithTheSameBits(signal: Int32) throws {
        let bench = try Bench()
        let whole = try bench.train(options: Self.long)
        #expect(whole.code == 0, "\(whole.errors)")
        let (expected, lines) = (try bench.run, try Self.metrics(bench))

        let stopped = try Bench()
        #expect(try Self.stop(stopped, by: signal, after: 20, Self.long) == signal)
        let before = try Self.metrics(stopped)
        #expect(before.count >= 20 && before.count < lines.count)
        if signal != SIGKILL { #expect(try Self.checkpoints(stopped).count >= 2) }
        // Another number of threads and another kernel table change nothing.
        let resumed = try Program.run(
            "train", "--resume", stopped.path("run"), "--threads", "3",
            environment: ["CK_ARCH": "reference"])
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(resumed.errors.contains("Continuing "))
        #expect(try Self.metrics(stopped) == lines)
        for name in ["model.safetensors", "best.safetensors", "filters.png"] {
            #expect(try stopped.run[name] == expected[name], "\(name)")
        }
    }

    @Test func aFinishedRunStaysWhatItIs() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let before = try bench.run
        let again = try Program.run("train", "--resume", bench.path("run"))
        #expect(again.code == 0, "\(again.errors)")
        #expect(again.output.contains("test accuracy"))
        #expect(try bench.run == before)
    }

    @Test func aRunWithoutCheckpointBeginsAgain() throws {
        let bench = try Bench()
        #expect(try bench.train("--checkpoint-every", "60m").code == 0)
        let before = try bench.run
        try FileManager.default.removeItem(atPath: bench.path("run/checkpoints"))
        #expect(try Program.run("train", "--resume", bench.path("run")).code == 0)
        #expect(try bench.run["model.safetensors"] == before["model.safetensors"])
    }

    @Test func otherSettingsAreRefusedOrRecorded() throws {
        let bench = try Bench()
        #expect(try bench.train("--learning-rate", "golden").code == 0)
        let before = try bench.run
        let run = bench.path("run")
        let refused = try Program.run("train", "--resume", run, "--epochs", "3", "--seed", "5")
        #expect(refused.code == 64)
        #expect(refused.errors.contains("epochs: 2 → 3") && refused.errors.contains("seed: 1 → 5"))
        #expect(try bench.run == before)
        // The same value in other words, and what changes no result.
        let same = try Program.run(
            "train", "--resume", run, "--learning-rate", "0.01586792470492601", "--keep", "9",
            "--threads", "1")
        #expect(same.code == 0, "\(same.errors)")

        let allowed = try Program.run("train", "--resume", run, "--epochs", "3", "--allow-change")
        #expect(allowed.code == 0, "\(allowed.errors)")
        #expect(try Self.metrics(bench).count == 3)
        let document = try String(contentsOfFile: bench.path("run/run.json"), encoding: .utf8)
        #expect(document.contains("\"changes\"") && document.contains("\"to\": \"3\""))
        let other = try Program.run("train", "--resume", run, "--hidden", "5", "--allow-change")
        #expect(other.code == 64)
        #expect(other.errors.contains("cannot continue with them"), "\(other.errors)")
        let shorter = try Program.run("train", "--resume", run, "--epochs", "1", "--allow-change")
        #expect(shorter.code == 64)
        #expect(shorter.errors.contains("is already finished"), "\(shorter.errors)")
    }

    /// run.json may come from others: it must not become any option of the program.
    @Test func onlySettingsOfARunAreTakenFromItsFile() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        try FileManager.default.removeItem(atPath: bench.path("run/checkpoints"))
        let file = bench.path("run/run.json")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let changed = text.replacing(
            "\"settings\": {", with: "\"settings\": {\"output\": \"\(bench.path("other"))\",")
        #expect(changed != text)
        try changed.write(toFile: file, atomically: true, encoding: .utf8)
        let result = try Program.run("train", "--resume", bench.path("run"))
        #expect(result.code == 64)
        #expect(result.errors.contains("the setting 'output'"), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: bench.path("other")))
    }

    @Test func otherDataIsRefused() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        var pixels = Bench.idx([60, 4, 4])
        pixels[100] ^= 1
        try bench.write(Bench.images, pixels)
        let refused = try Program.run("train", "--resume", bench.path("run"))
        #expect(refused.code == 64)
        #expect(refused.errors.contains("SHA-256 of \(Bench.images)"), "\(refused.errors)")
    }

    @Test func theNewestCheckpointsAreKept() throws {
        let bench = try Bench()
        #expect(
            try bench.train("--epochs", "9", "--keep", "3", "--checkpoint-every", "2").code == 0)
        #expect(
            try Self.checkpoints(bench)
                == ["epoch-6.safetensors", "epoch-8.safetensors", "epoch-9.safetensors"])
    }

    @Test func aDamagedCheckpointIsToldAndTheOneBeforeIsTaken() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let expected = try bench.run
        let last = bench.path("run/checkpoints/epoch-2.safetensors")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: last))
        bytes[bytes.count - 5] ^= 1
        try bytes.write(to: URL(fileURLWithPath: last))
        let resumed = try Program.run("train", "--resume", bench.path("run"))
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(resumed.errors.contains("epoch-2.safetensors: metadata tensors_sha256"))
        #expect(resumed.errors.contains("after epoch 1"))
        #expect(try bench.run["model.safetensors"] == expected["model.safetensors"])
    }

    @Test func patienceStopsWithTheBestWeights() throws {
        let bench = try Bench()
        let result = try bench.train(
            "--epochs", "400", "--validation", "0.2", "--patience", "3", "--learning-rate", "0.3",
            "--keep", "500")
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.errors.contains("its weights are taken"), "\(result.errors)")
        let epochs = try Self.metrics(bench).count
        #expect(epochs < 400)
        let run = try bench.run
        #expect(run["model.safetensors"] == run["best.safetensors"])
        // Gone on from the middle it stops at the same place; from the end it stays there.
        for last in [epochs, epochs - 2] {
            for name in try Self.checkpoints(bench)
            where Int(name.filter(\.isNumber)).map({ $0 > last }) == true {
                try FileManager.default.removeItem(atPath: bench.path("run/checkpoints/\(name)"))
            }
            #expect(try Program.run("train", "--resume", bench.path("run")).code == 0)
            #expect(try bench.run["model.safetensors"] == run["model.safetensors"])
            #expect(try Self.metrics(bench).count == epochs)
        }
        #expect(try bench.train("--force", "--patience", "3").code == 64)
    }

    @Test func divergenceHalvesTheLearningRateAFewTimes() throws {
        let bench = try Bench()
        let options = [
            "--activation", "relu", "--learning-rate", "1", "--schedule", "one-cycle:1e38",
            "--epochs", "100", "--on-divergence", "halve",
        ]
        let result = try bench.train(options: options)
        #expect(result.code == 70)
        #expect(result.errors.contains("(5 of at most 5 times)"), "\(result.errors)")
        let document = try String(contentsOfFile: bench.path("run/run.json"), encoding: .utf8)
        #expect(document.contains("\"halvings\""))
        let (metrics, model) = (try Self.metrics(bench), try bench.run["model.safetensors"])
        // The same again, and interrupted.
        let stopped = try Bench()
        _ = try Self.stop(stopped, by: SIGTERM, after: 3, options)
        #expect(try Program.run("train", "--resume", stopped.path("run")).code == 70)
        #expect(try Self.metrics(stopped) == metrics)
        #expect(try stopped.run["model.safetensors"] == model)
    }

    /// A name like that of a checkpoint within an epoch.
    @Test func theFoldersNameDoesNotChangeWhereARunGoesBackTo() throws {
        let bench = try Bench()
        let options = [
            "--activation", "relu", "--learning-rate", "6", "--momentum", "0.9",
            "--weight-decay", "1", "--warm-up", "4", "--epochs", "12", "--on-divergence", "halve",
            "--diverges-above", "none",
        ]
        #expect(try bench.train(options: options).code == 0)
        let other = bench.path("epoch-1-step-2")
        #expect(try bench.train(options: options + ["--output", other]).code == 0)
        let document = try String(contentsOfFile: bench.path("run/run.json"), encoding: .utf8)
        #expect(document.contains(/"back_to_epoch": *[1-9]/), "\(document)")
        #expect(try String(contentsOfFile: other + "/run.json", encoding: .utf8) == document)
        #expect(
            FileManager.default.contents(atPath: other + "/model.safetensors")
                == (try bench.run["model.safetensors"]))
    }

    @Test func oneProcessAtATime() throws {
        let bench = try Bench()
        let (first, second) = (Process(), Process())
        for process in [first, second] {
            process.executableURL = Program.program
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
        }
        first.arguments = Bench.training(bench.folder.path) + ["--epochs", "100000"]
        try first.run()
        while try Self.metrics(bench).isEmpty, first.isRunning { usleep(500) }
        for arguments in [
            ["--resume", bench.path("run")], ["--force", "--output", bench.path("run")],
        ] {
            let refused = try Program.run(Bench.training(bench.folder.path) + arguments)
            #expect(refused.code == 75)
            #expect(refused.errors.contains("another process"), "\(refused.errors)")
        }
        // The lock ends with its owner, however that ends.
        kill(first.processIdentifier, SIGKILL)
        first.waitUntilExit()
        #expect(
            try Program.run(
                "train", "--resume", bench.path("run"), "--epochs", "1", "--allow-change"
            ).errors.contains("is already finished"))
    }

    @Test func wrongCommandLinesAreRefused() throws {
        let bench = try Bench()
        let cases: [([String], String)] = [
            (["--keep", "0"], "--keep"), (["--patience", "2"], "--validation"),
            (["--allow-change"], "--resume"), (["--checkpoint-every", "0"], "checkpoint-every"),
            (["--checkpoint-every", "5m", "--on-divergence", "halve"], "give epochs"),
        ]
        for (options, part) in cases {
            let result = try bench.train(options: options)
            #expect(result.code == 64)
            #expect(result.errors.contains(part), "\(options): \(result.errors)")
        }
        let nothing = try Program.run("train", "--resume", bench.folder.path)
        #expect(nothing.code == 64)
        #expect(nothing.errors.contains("no run to resume"), "\(nothing.errors)")
        try "{\"format\": \"phidias-run\",".write(
            toFile: bench.path("run.json"), atomically: true, encoding: .utf8)
        let torn = try Program.run("train", "--resume", bench.folder.path)
        #expect(torn.code == 65)
        #expect(torn.errors.contains("run.json: byte 25"), "\(torn.errors)")
    }

    @Test func limitsOfThreadsAndMemoryAreSentences() throws {
        let bench = try Bench()
        let command = "exec $0 train --data $1 --hidden 4 --epochs 1 --batch-size 4 --output $1/run"
        let cases: [(String, Int32, String)] = [
            ("OMP_NUM_THREADS=3 \(command)", 0, "3 threads"),
            ("OMP_NUM_THREADS=3,2 \(command) --force", 0, "3 threads"),
            ("OMP_NUM_THREADS=3 \(command) --force --threads 2", 0, "2 threads"),
            ("OMP_NUM_THREADS=many \(command) --force", 78, "OMP_NUM_THREADS"),
            ("ulimit -v 2000000; \(command) --force --threads 1000", 71, "1000 threads"),
            ("ulimit -v 400000; \(command) --force --hidden 20000,2000", 71, "ulimit -v"),
        ]
        for (script, code, part) in cases {
            let result = try bench.shell(script)
            #expect(result.code == code, "\(script): \(result.errors)")
            #expect(result.errors.contains(part), "\(script): \(result.errors)")
        }
    }
}

extension BadInputTests.Bench {
    func train(options: [String]) throws -> ProgramTests.Outcome {
        try ProgramTests.run(Self.training(folder.path) + options)
    }
}
