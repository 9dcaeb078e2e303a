import Foundation
import Testing

/// Presets, estimates, and what a sweep over sizes says.
@Suite struct SweepSizesTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    /// For each size the best by validation, also of equal ones, and the golden pair of that size.
    @Test func theBestLearningRateIsToldForEachSize() throws {
        let bench = try Bench()
        let command =
            SweepProgramTests.command(bench).map {
                $0 == "0.01,golden"
                    ? "0.001,golden,0.1,0.5" : $0 == "0,golden" ? "golden,coupled" : $0
            } + ["--seeds", "2", "--output", bench.path("sizes"), "--batch-size", "8"]
        let json = try NetworkProgramTests.object(try Program.run(command + ["--format", "json"]))
        let rates = try #require(json["best_rates"] as? [String: Any])
        #expect(rates["setting"] as? String == "batch_size")
        let rows = try #require(json["settings"] as? [[String: Any]])
        let momenta = try #require(rates["momenta"] as? [[String: Any]])
        #expect(momenta.map { $0["momentum"] as? String } == ["golden", "coupled"])
        for line in momenta {
            let best = try #require(line["best"] as? [[String: Any]])
            #expect(best.map { $0["size"] as? Int } == [4, 8])
            for entry in best {
                let size = try #require(entry["size"] as? Int)
                func own(_ row: [String: Any]) -> [String: String] {
                    row["settings"] as? [String: String] ?? [:]
                }
                let ofSize = rows.filter { own($0)["batch_size"] == "\(size)" }
                let same = ofSize.filter { own($0)["momentum"] == line["momentum"] as? String }
                let top = same.compactMap { $0["validation_accuracy"] as? Double }.max()
                let golden = ofSize.first { $0["golden"] as? Bool == true }
                let test = try #require(entry["test_accuracy"] as? Double)
                #expect(
                    same.contains {
                        $0["validation_accuracy"] as? Double == top
                            && $0["test_accuracy"] as? Double == test
                    })
                let goldenTest = try #require(golden?["test_accuracy"] as? Double)
                #expect(entry["golden_test_accuracy"] as? Double == goldenTest)
                let ahead = try #require(entry["ahead_of_golden"] as? Double)
                #expect(abs(ahead - (test - goldenTest)) < 1e-12)
                let rate = try #require(entry["learning_rate"] as? Double)
                let level = try #require(entry["level"] as? [Double], "four cells each")
                #expect(level[0] <= rate && rate <= level[1])
            }
        }
        let text = try Program.run(command)
        #expect(text.output.contains("The best learning rate for each batch size"))
        #expect(
            try String(contentsOfFile: bench.path("sizes/best-rates.svg"), encoding: .utf8)
                .contains("golden learning rate"))
    }

    @Test func aLongSweepSaysBeforehandAboutHowLongItTakes() throws {
        let bench = try Bench()
        #expect(try !SweepProgramTests.sweep(bench).errors.contains("takes about"))
        let process = Process()
        process.executableURL = Program.program
        process.arguments = SweepProgramTests.command(
            bench, ["--epochs", "1000000", "--hidden", "512", "--output", bench.path("long")])
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        var said = ""
        while !said.contains("takes about"), process.isRunning {
            said += String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
        }
        process.terminate()
        process.waitUntilExit()
        #expect(
            said.contains("This takes about ") && said.contains(" h, by its first steps."),
            "\(said)")
    }

    @Test func thePresetHasSixtyPairsAndMarksTheRoundedOne() throws {
        let bench = try Bench()
        let result = try Program.run(
            "sweep", "--preset", "paper-2024", "--data", bench.folder.path, "--hidden", "4",
            "--batch-size", "4", "--epochs", "1", "--folds", "2", "--output", bench.path("sweep"),
            "--format", "json")
        #expect(result.code == 0, "\(result.errors)")
        let rows = try #require(
            try NetworkProgramTests.object(result)["settings"] as? [[String: Any]])
        #expect(rows.count == 60)
        let golden = rows.filter { $0["golden"] as? Bool == true }
        #expect(
            golden.map { $0["settings"] as? [String: String] }
                == [["learning_rate": "0.016", "momentum": "0.874"]])
        let picture = try String(contentsOfFile: bench.path("sweep/heatmap.svg"), encoding: .utf8)
        #expect(picture.contains("rounded golden pair"))
        #expect(result.errors.contains("paper-2024-full"), "it is not the paper's network")
    }

    /// Its settings are those of the sweep in docs/results, which named them one by one.
    @Test func theWholePresetIsThePapersExperiment() throws {
        let bench = try Bench()
        let process = Process()
        process.executableURL = Program.program
        process.arguments = [
            "sweep", "--preset", "paper-2024-full", "--output", bench.path("preset"),
        ]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let record = bench.path("preset/sweep.json")
        while !FileManager.default.fileExists(atPath: record), process.isRunning { usleep(1000) }
        process.terminate()
        process.waitUntilExit()
        func settings(_ path: String) throws -> [String: [String]] {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            let json = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            return try #require(json?["settings"] as? [String: [String]])
        }
        var expected = try settings(
            ToolTests.root.appendingPathComponent("docs/results/paper-2024-dbl-whole/sweep.json")
                .path)
        expected["preset"] = ["paper-2024-full"]
        #expect(try settings(record) == expected)
    }
}
