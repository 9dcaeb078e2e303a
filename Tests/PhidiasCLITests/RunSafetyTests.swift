import Foundation
import Testing

/// What stays when a run fails, and where words go when they cannot go.
@Suite struct RunSafetyTests {
    typealias Bench = BadInputTests.Bench

    @Test func aRunThatFailsLeavesTheOneThatItWouldReplace() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let before = try bench.run
        // The first cannot start, the second diverges in its first epoch.
        #expect(try bench.train("--force", "--batch-size", "61").code == 64)
        #expect(try bench.run == before)
        let diverged = try bench.train(
            "--force", "--learning-rate", "1e30", "--activation", "relu")
        #expect(diverged.code == 70)
        #expect(diverged.errors.contains("in step 2 a weight of layer 0 is NaN or infinite"))
        #expect(diverged.errors.contains("still holds the run before"))
        #expect(try bench.run == before)

        #expect(try bench.train("--force", "--seed", "2").code == 0)
        let after = try bench.run
        #expect(after.keys.sorted() == before.keys.sorted())
        #expect(before.allSatisfy { after[$0.key] != $0.value })
    }

    @Test func divergenceKeepsTheLastGoodModel() throws {
        let bench = try Bench()
        let early = try bench.train("--learning-rate", "1e30", "--activation", "relu")
        #expect(early.errors.contains("no epoch was finished"), "\(early.errors)")
        #expect(try bench.run.keys.sorted() == ["run.json"])
        // A rate that rises beyond all bounds, from a good start.
        let late = try bench.train(
            "--force", "--hidden", "0", "--learning-rate", "1", "--schedule", "one-cycle:1e38",
            "--epochs", "100", "--diverges-above", "none")
        #expect(late.code == 70)
        #expect(late.errors.contains("the last good one"), "\(late.errors)")
        #expect(try bench.run.keys.sorted() == ["metrics.jsonl", "model.safetensors", "run.json"])
        let model = bench.path("run/model.safetensors")
        #expect(try ProgramTests.run("evaluate", model, "--data", bench.folder.path).code == 0)
    }

    @Test func aFullDiskLeavesTheRunBeforeAndNoTemporaryFile() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let before = try bench.run
        // No file can grow beyond 4 KiB.
        let result = try bench.shell(
            """
            ulimit -f 8
            exec $0 train --data $1 --hidden 3000 --batch-size 4 --output $1/run --force
            """)
        #expect(result.code == 74)
        #expect(result.errors.contains("model.safetensors: cannot be written"), "\(result.errors)")
        #expect(try bench.run == before)

        let data = try bench.shell(
            "ulimit -f 8; exec $0 data synthesize --output $1/s --train 1 --test 100")
        #expect(data.code == 74, "\(data.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.path("s")).isEmpty)
    }

    @Test func manyFiltersAreDrawnSmallerOrNotAtAll() throws {
        let bench = try Bench()
        let many = try bench.train(
            "--hidden", "200000", "--epochs", "1", "--diverges-above", "none")
        #expect(many.code == 0, "\(many.errors)")
        #expect(many.output.contains("filters.png"))
    }

    /// OpenMP ends the process if it cannot start a thread, and Foundation's threads do not begin
    /// and do not say so: the first is to be known before, the second not to be waited for.
    @Test func withAnyLimitOfAddressesARunWorksOrSaysWhatItNeeds() throws {
        let bench = try Bench()
        for limit in stride(from: 100_000, through: 260_000, by: 10_000) {
            for command in [
                "train --threads 8 --hidden 4 --batch-size 60 --force --data $1 --output $1/run",
                "sweep --jobs 8 --hidden 4 --batch-size 20 --folds 2 --data $1 --output $1/sweep-\(limit)",
                "train --hidden 4 --force --output $1/synthetic",
            ] {
                let result = try bench.shell(
                    "ulimit -v \(limit); exec timeout -k 1 60 $0 \(command) --epochs 1")
                #expect(
                    [0, 71].contains(result.code), "\(limit): \(command): \(result.errors)")
            }
        }
    }

    /// A command, and where a shell sends its words: the exit code and what is said.
    static let outputs: [(String, Int32, String)] = [
        ("explain > /dev/full", 74, "No space left"),
        ("explain --format json > /dev/full", 74, "No space left"),
        ("explain >&-", 74, "Bad file descriptor"),
        ("--help > /dev/full", 74, "No space left"),
        ("--version > /dev/full", 74, "No space left"),
        ("data info $1 > /dev/full", 74, "No space left"),
        ("data info $1 2> /dev/full", 0, ""),
        ("data info /nowhere 2> /dev/full", 66, ""),
        ("data info /nowhere 2>&-", 66, ""),
        ("data info \"$(printf '/no\\033[31mwhere')\"", 66, "/no\\u{1B}[31mwhere"),
    ]

    @Test func wordsThatCannotGoOutAreAnErrorAndNoCrash() throws {
        let bench = try Bench()
        for (command, code, part) in Self.outputs {
            let result = try bench.shell("exec $0 \(command)")
            #expect(result.code == code, "\(command): \(result.errors)")
            #expect(part.isEmpty || result.errors.contains(part), "\(command): \(result.errors)")
        }
    }

    /// In the encoding of another age, a path would be written under another name.
    @Test func argumentsThatAreNotUTF8AreRefused() throws {
        let bench = try Bench()
        let result = try bench.shell(
            "exec $0 train --data $1 --output \"$1/$(printf 'caf\\351')\" --epochs 1")
        #expect(result.code == 64)
        #expect(result.errors.contains("is not UTF-8 text"), "\(result.errors)")
        let left = try FileManager.default.contentsOfDirectory(atPath: bench.folder.path)
        #expect(!left.contains { $0.hasPrefix("caf") }, "\(left)")
    }

    /// A run that was stopped may have saved a model that its metrics do not have yet: then more is
    /// replayed than was announced.
    @Test func verifyOnATerminalMayReplayMoreThanItSaid() throws {
        let bench = try Bench()
        #expect(try bench.train("--epochs", "6").code == 0)
        let path = bench.path("run/metrics.jsonl")
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        try (lines[0] + "\n").write(toFile: path, atomically: false, encoding: .utf8)
        for size in ["cols 1 rows 1", "cols 20 rows 5", "cols 500 rows 100"] {
            let result = try bench.shell(
                "script -qec \"stty \(size); exec $0 verify $1/run\" /dev/null")
            #expect([0, 1, 65].contains(result.code), "\(size): \(result.output)")
        }
    }

    @Test(arguments: [100, 40, 20]) func theProgressBarStaysOnOneLine(columns: Int) throws {
        let bench = try Bench()
        let result = try bench.shell(
            """
            script -qec "stty cols \(columns); NO_COLOR=1 $0 train --hidden 8 --epochs 1 --output $1/run" /dev/null
            """)
        #expect(result.code == 0, "\(result.errors)")
        let bars = result.output.split(whereSeparator: { $0 == "\r" || $0.isNewline })
            .filter {
                $0.contains("images/s, ") && $0.contains("s left") || $0.hasSuffix("\u{1b}[K")
            }
        #expect(!bars.isEmpty, "\(result.output)")
        for bar in bars {
            #expect(bar.replacingOccurrences(of: "\u{1b}[K", with: "").count < columns, "\(bar)")
            #expect(!bar.contains("\u{1b}[33m"))
            #expect(columns == 20 || bar == "\u{1b}[K" || bar.contains("·") || bar.contains("█"))
        }
    }
}
