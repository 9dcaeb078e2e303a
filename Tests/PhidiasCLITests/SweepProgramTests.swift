import Foundation
import Testing

/// Sweeps from outside: interrupted, changed, misused, and always the same results.
@Suite struct SweepProgramTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    /// Eight cells of a few milliseconds each, without an output folder.
    static func command(_ bench: Bench, _ options: [String] = []) -> [String] {
        [
            "sweep", "--data", bench.folder.path, "--hidden", "4", "--batch-size", "4",
            "--learning-rate", "0.01,golden", "--momentum", "0,golden", "--folds", "2",
        ] + options
    }

    static func sweep(
        _ bench: Bench, _ options: String..., output: String = "sweep"
    ) throws -> Program.Outcome {
        try Program.run(command(bench, ["--output", bench.path(output)] + options))
    }

    /// The lines of results.jsonl without what the clock says.
    static func cells(_ bench: Bench, _ output: String = "sweep") throws -> [String] {
        let text = try? String(
            contentsOfFile: bench.path("\(output)/results.jsonl"), encoding: .utf8)
        return (text ?? "").split(separator: "\n").map {
            String($0.prefix(upTo: $0.range(of: ",\"timing\"")?.lowerBound ?? $0.endIndex))
        }
    }

    @Test func theFirstFoldsAreReportedAndTheOthersComeLater() throws {
        let bench = try Bench()
        let whole = try Self.sweep(bench)
        let first = try Self.sweep(bench, "--first-folds", "1", output: "parts")
        #expect(first.code == 0 && first.errors.contains("4 to do"), "\(first.errors)")
        #expect(try Self.cells(bench, "parts").count == 4)
        #expect(first.output.contains("With 1 cell ") && whole.output.contains("With 2 cells"))
        // Results of other folds are left alone, and out of the report.
        let all = try Self.sweep(bench, output: "parts")
        #expect(all.errors.contains("4 to do"), "\(all.errors)")
        #expect(try Self.cells(bench, "parts").sorted() == Self.cells(bench).sorted())
        let again = try Self.sweep(bench, "--first-folds", "1", output: "parts")
        #expect(again.output == first.output)
        for bad in ["0", "3"] {
            #expect(try Self.sweep(bench, "--first-folds", bad, output: "bad").code == 64)
        }
    }

    /// Two settings have the golden pair, each with a rank of its own.
    @Test func everyGoldenRowHasItsOwnInterval() throws {
        let bench = try Bench()
        let result = try Self.sweep(bench, "--loss", "mean-square,synaptic", "--format", "json")
        #expect(result.code == 0, "\(result.errors)")
        let json = try NetworkProgramTests.object(result)
        #expect(json["golden_rank_interval"] is NSNull)
        let rows = try #require(json["settings"] as? [[String: Any]])
        let golden = rows.filter { $0["golden"] as? Bool == true }
        #expect(golden.count == 2 && rows.count == 8)
        for row in rows {
            let interval = row["rank_interval"] as? [Double]
            #expect((interval != nil) == (row["golden"] as? Bool == true))
            if let interval, let rank = row["rank"] as? Double {
                #expect(interval[0] <= rank && rank <= interval[1], "\(row)")
            }
        }
        let text = try Self.sweep(bench, "--loss", "mean-square,synaptic").output
        for loss in ["mean-square", "synaptic"] {
            #expect(text.contains("Rank of φ (golden pair, loss \(loss)):"), "\(text)")
        }
    }

    @Test func aCellWhoseModelHasNoFiniteLossHasDiverged() throws {
        let bench = try Bench()
        let result = try Program.run([
            "sweep", "--data", bench.folder.path, "--hidden", "8,8,8,8,8,8", "--activation",
            "relu", "--loss", "cross-entropy", "--output-activation", "softmax",
            "--learning-rate", "1e38", "--momentum", "0", "--batch-size", "30", "--epochs", "1",
            "--folds", "2", "--output", bench.path("sweep"),
        ])
        #expect(result.code == 0, "\(result.errors)")
        let cells = try Self.cells(bench)
        #expect(cells.count == 2)
        #expect(cells.allSatisfy { $0.contains("validation loss") }, "\(cells)")
    }

    @Test func theTableRanksByValidationAndMarksTheGoldenPair() throws {
        let bench = try Bench()
        let result = try Self.sweep(bench)
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output.contains("golden pair"), "\(result.output)")
        #expect(result.output.contains("out of reach"), "two folds tell nothing apart")
        #expect(try Self.cells(bench).count == 8)
        let picture = try String(contentsOfFile: bench.path("sweep/heatmap.svg"), encoding: .utf8)
        #expect(picture.contains("momentum") && picture.contains("golden pair"))
        let colors = try Data(contentsOf: URL(fileURLWithPath: bench.path("sweep/heatmap.png")))
        #expect(colors.starts(with: [0x89, 0x50, 0x4e, 0x47]))
        // Colours without axes are no picture for people.
        #expect(result.output.contains("heatmap.svg") && !result.output.contains("heatmap.png"))
        let rates = try String(
            contentsOfFile: bench.path("sweep/effective-rates.svg"), encoding: .utf8)
        #expect(rates.contains("η/(1 − α)") && rates.contains("η = golden"))
        // Nothing is left to do, and the table is the same.
        let again = try Self.sweep(bench)
        #expect(again.code == 0 && again.output == result.output)
        #expect(again.errors.contains("0 to do"), "\(again.errors)")

        let json = try NetworkProgramTests.object(try Self.sweep(bench, "--format", "json"))
        let rows = try #require(json["settings"] as? [[String: Any]])
        let means = rows.compactMap { $0["validation_accuracy"] as? Double }
        let pictures = try #require(json["pictures"] as? [String: String])
        #expect(pictures["heat_map_colors"] == bench.path("sweep/heatmap.png"))
        #expect(rows.count == 4 && means == means.sorted(by: >))
        #expect(rows.count { $0["golden"] as? Bool == true } == 1)
        #expect(rows.allSatisfy { $0["not_worse"] is NSNull })
        let interval = try #require(json["golden_rank_interval"] as? [Double])
        let rank = rows.first { $0["golden"] as? Bool == true }?["rank"] as? Double ?? 0
        #expect(interval[0] <= rank && rank <= interval[1] && interval[0] >= 1 && interval[1] <= 4)
        let more = try NetworkProgramTests.object(
            try Self.sweep(bench, "--seeds", "2", "--format", "json", output: "more"))
        let compared = try #require(more["settings"] as? [[String: Any]])
        #expect(compared.first?["not_worse"] as? Bool == true)
    }

    /// All tries together find what is best by validation in each fold.
    @Test func aRandomSearchIsCountedBesideTheGoldenPair() throws {
        let bench = try Bench()
        #expect(
            try NetworkProgramTests.object(try Self.sweep(bench, "--format", "json"))[
                "random_search"] is NSNull, "four settings are no search")
        let command =
            Self.command(bench).map { $0 == "0.01,golden" ? "0.001,0.01,golden,0.1,0.2" : $0 }
            + ["--output", bench.path("many")]
        let result = try Program.run(command + ["--format", "json"])
        let json = try NetworkProgramTests.object(result)
        let search = try #require(json["random_search"] as? [String: Any])
        let best = try #require(search["best_of"] as? [[String: Any]])
        #expect(best.map { $0["tries"] as? Int } == (1...10).map { $0 })
        let cells = try Self.cells(bench, "many").map {
            try #require(
                JSONSerialization.jsonObject(with: Data(($0 + "}").utf8)) as? [String: Any])
        }
        func value(_ cell: [String: Any], _ name: String) -> Double {
            cell[name] as? Double ?? .nan
        }
        let kept = (0...1).map { fold in
            let all = cells.filter { $0["fold"] as? Int == fold }
            let top = all.map { value($0, "validation_accuracy") }.max()
            let equal = all.filter { value($0, "validation_accuracy") == top }
            return equal.map { value($0, "test_accuracy") }.reduce(0, +) / Double(equal.count)
        }
        #expect(abs(value(best[9], "test_accuracy") - (kept[0] + kept[1]) / 2) < 1e-12)
        let mean = cells.map { value($0, "test_accuracy") }.reduce(0, +) / Double(cells.count)
        #expect(abs(value(best[0], "test_accuracy") - mean) < 1e-12)
        let text = try Program.run(command)
        #expect(text.output.contains("at random"), "\(text.output)")
        #expect(
            try String(contentsOfFile: bench.path("many/random-search.svg"), encoding: .utf8)
                .contains("without a search"))
    }

    @Test func orderAndNumberOfWorkersChangeNoResult() throws {
        let bench = try Bench()
        #expect(try Self.sweep(bench, "--jobs", "1", "--epochs", "3").code == 0)
        let parallel = try Self.sweep(
            bench, "--jobs", "5", "--threads", "2", "--epochs", "3", output: "other")
        #expect(parallel.code == 0, "\(parallel.errors)")
        #expect(try Self.cells(bench).sorted() == Self.cells(bench, "other").sorted())
        let table = { (text: String) in text.split(separator: "\n").filter { !$0.contains("/") } }
        #expect(
            table(parallel.output)
                == table(try Self.sweep(bench, "--epochs", "3").output))
    }

    @Test func aCellIsTheTrainingOfTheSameSettings() throws {
        let bench = try Bench()
        let result = try Program.run(
            "sweep", "--data", bench.folder.path, "--hidden", "4", "--batch-size", "4", "--epochs",
            "2", "--seed", "3", "--validation", "0.2", "--output", bench.path("sweep"))
        #expect(result.code == 0, "\(result.errors)")
        let trained = try NetworkProgramTests.object(
            try bench.train("--seed", "3", "--validation", "0.2", "--format", "json"))
        let sum = try #require(trained["weights_sha256"] as? String)
        #expect(try Self.cells(bench).first?.contains(sum) == true)
    }

    /// A flag as an axis, whose cells are found again when the sweep goes on.
    @Test func nesterovAndElasticSpacingAreAxes() throws {
        let bench = try Bench()
        let options = [
            "sweep", "--data", bench.folder.path, "--hidden", "4", "--batch-size", "4", "--epochs",
            "2", "--nesterov", "false,true", "--elastic", "1", "--elastic-spacing", "4,8",
            "--output", bench.path("axes"),
        ]
        let first = try Program.run(options)
        #expect(first.code == 0, "\(first.errors)")
        let cells = try Self.cells(bench, "axes")
        #expect(cells.count == 4)
        #expect(cells.count { $0.contains("\"nesterov\":\"true\"") } == 2, "\(cells)")
        let again = try Program.run(options)
        #expect(again.errors.contains("0 to do") && again.output == first.output)
        #expect(
            try Program.run("report", bench.path("axes"), "--output", bench.path("p")).code == 0)
        let wrong = try Program.run(options + ["--nesterov", "maybe"])
        #expect(wrong.code == 64, "\(wrong.errors)")
    }

    @Test(arguments: [SIGKILL, SIGTERM, SIGINT])
    func interruptedSweepsGoOnWithoutLosingOrRepeatingACell(signal: Int32) throws {
        let bench = try Bench()
        let options = ["--epochs", "150", "--seeds", "4"]
        #expect(
            try Program.run(Self.command(bench, options + ["--output", bench.path("whole")])).code
                == 0)
        let expected = try Self.cells(bench, "whole").sorted()
        #expect(expected.count == 32)
        var stops = 0
        for count in [1, 9, 20] {
            let process = Process()
            process.executableURL = Program.program
            process.arguments = Self.command(bench, options + ["--output", bench.path("sweep")])
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            while process.isRunning, try Self.cells(bench).count < count { usleep(200) }
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            if process.terminationReason == .uncaughtSignal { stops += 1 }
            let text = try String(
                contentsOfFile: bench.path("sweep/results.jsonl"), encoding: .utf8)
            if signal != SIGKILL { #expect(text.hasSuffix("}\n")) }
        }
        #expect(stops >= 2)
        let last = try Program.run(
            Self.command(bench, options + ["--output", bench.path("sweep")]))
        #expect(last.code == 0, "\(last.errors)")
        #expect(try Self.cells(bench).sorted() == expected)
    }

    @Test func aTornLastLineIsRepairedAndTold() throws {
        let bench = try Bench()
        #expect(try Self.sweep(bench).code == 0)
        let expected = try Self.cells(bench).sorted()
        let url = URL(fileURLWithPath: bench.path("sweep/results.jsonl"))
        let bytes = try Data(contentsOf: url)
        try bytes.dropLast(30).write(to: url)
        let repaired = try Self.sweep(bench)
        #expect(repaired.code == 0)
        #expect(repaired.errors.contains("was cut off"), "\(repaired.errors)")
        #expect(repaired.errors.contains("1 to do"), "\(repaired.errors)")
        #expect(try Self.cells(bench).sorted() == expected)
    }

    @Test func otherSettingsDataAndVersionsAreNotMixed() throws {
        let bench = try Bench()
        #expect(try Self.sweep(bench).code == 0)
        let folder = bench.path("sweep")
        let before = try Data(contentsOf: URL(fileURLWithPath: folder + "/results.jsonl"))
        for (options, part) in [
            (["--epochs", "3"], "epochs: 10 → 3"), (["--seeds", "2"], "seeds: 1 → 2"),
            (["--subset", "0.5"], "subset: none → 0.5"),
        ] {
            let refused = try Program.run(Self.command(bench, ["--output", folder] + options))
            #expect(refused.code == 73)
            #expect(refused.errors.contains(part), "\(refused.errors)")
        }
        func change(_ name: String, _ old: String, _ new: String) throws {
            let path = "\(folder)/\(name)"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains(old), "\(text)")
            try text.replacing(old, with: new).write(
                toFile: path, atomically: true, encoding: .utf8)
        }
        try change("sweep.json", "\"phidias\": \"0.1.0\"", "\"phidias\": \"0.0.1\"")
        let program = try Self.sweep(bench)
        #expect(program.code == 73 && program.errors.contains("of phidias 0.0.1"))
        try change("sweep.json", "\"phidias\": \"0.0.1\"", "\"phidias\": \"0.1.0\"")
        try change("sweep.json", "\"format_version\": 1", "\"format_version\": 2")
        let version = try Self.sweep(bench)
        #expect(version.code == 65 && version.errors.contains("version 2"), "\(version.errors)")
        try change("sweep.json", "\"format_version\": 2", "\"format_version\": 1")
        try change("results.jsonl", "\"version\":1", "\"version\":2")
        let line = try Self.sweep(bench)
        #expect(line.code == 65 && line.errors.contains("byte 0"), "\(line.errors)")
        try before.write(to: URL(fileURLWithPath: folder + "/results.jsonl"))
        var pixels = Bench.idx([60, 4, 4])
        pixels[100] ^= 1
        try bench.write(Bench.images, pixels)
        let data = try Self.sweep(bench)
        #expect(data.code == 73)
        #expect(data.errors.contains("SHA-256 of \(Bench.images)"), "\(data.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/results.jsonl")) == before)
    }

    @Test func aDivergedCellIsRecordedWithItsStep() throws {
        let bench = try Bench()
        let result = try Program.run(
            "sweep", "--data", bench.folder.path, "--hidden", "4", "--activation", "relu",
            "--batch-size", "4", "--epochs", "2", "--learning-rate", "golden,1e38", "--folds", "2",
            "--output", bench.path("sweep"))
        #expect(result.code == 0, "\(result.errors)")
        let cells = try Self.cells(bench)
        #expect(cells.count == 4)
        let diverged = cells.count { $0.contains("\"diverged\":{\"step\":") }
        #expect(diverged > 0, "\(cells)")
        #expect(result.output.contains("\(diverged) diverged"), "\(result.output)")
        // It is a result: nothing is left to do.
        #expect(
            try Program.run(
                "sweep", "--data", bench.folder.path, "--hidden", "4", "--activation", "relu",
                "--batch-size", "4", "--epochs", "2", "--learning-rate", "golden,1e38", "--folds",
                "2", "--output", bench.path("sweep")
            ).output == result.output)
        #expect(result.errors.contains("diverged in step"), "\(result.errors)")
    }

    @Test func oneProcessAtATime() throws {
        let bench = try Bench()
        let first = Process()
        first.executableURL = Program.program
        first.arguments = Self.command(
            bench, ["--epochs", "20000", "--output", bench.path("sweep")])
        first.standardOutput = FileHandle.nullDevice
        first.standardError = FileHandle.nullDevice
        try first.run()
        let name = bench.path("sweep/sweep.json")
        while !FileManager.default.fileExists(atPath: name), first.isRunning { usleep(500) }
        let refused = try Self.sweep(bench)
        #expect(refused.code == 75)
        #expect(refused.errors.contains("another process"), "\(refused.errors)")
        kill(first.processIdentifier, SIGKILL)
        first.waitUntilExit()
    }

    @Test func wrongCommandLinesAreSentences() throws {
        let bench = try Bench()
        let cases: [([String], String)] = [
            (["--learning-rat", "1"], "'--learning-rate'"),
            (["--learning-rate", ""], "empty value"),
            (["--momentum", "0.1,,0.2"], "empty value"), (["--seeds", "0"], "grid is empty"),
            (["--folds", "1"], "number of folds is 1"),
            (["--folds", "2", "--validation", "0.1"], "one of"),
            (["--learning-rate", "0.1,0.10"], "the same"), (["--loss", "synaptc"], "synaptic"),
            (["--preset", "paper-2024", "--momentum", "0"], "leave out"),
            (["--preset", "paper-2024-full", "--epochs", "1"], "epochs"),
            (["--preset", "paper-2024-full", "--folds", "5"], "folds"),
            (["--preset", "paper-2024-full", "--hidden", "5"], "hidden"),
            (["--preset", "paper-2025"], "paper-2024"), (["--subset", "1.5"], "1.5"),
            (["--learning-rate", "much"], "much"), (["--batch-size", "4,5000"], "5000"),
            (["--folds", "40"], "class 0 has 20 images"), (["--jobs", "0"], "0 threads"),
        ]
        for (options, part) in cases {
            let result = try Program.run(
                ["sweep", "--data", bench.folder.path, "--output", bench.path("sweep")] + options)
            #expect(result.code == 64, "\(options): \(result.errors)")
            #expect(result.errors.contains(part), "\(options): \(result.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: bench.path("sweep")))
    }
}
