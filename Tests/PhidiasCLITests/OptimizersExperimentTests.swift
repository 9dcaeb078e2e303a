import Foundation
import Testing

/// phidias experiment optimizers: runs that any training repeats, comparisons that are stated before,
/// and the same tables after a kill.
@Suite struct OptimizersExperimentTests {
    typealias Program = ProgramTests

    private static func run(_ folder: String, _ options: String...) throws -> Program.Outcome {
        try Program.run(
            [
                "experiment", "optimizers", "--hidden", "6", "--budgets", "1,2",
                "--batch-sizes", "50,100", "--seeds", "2", "--output", folder, "--format", "json",
            ] + options)
    }

    @Test func resultsAreThoseOfTrainingsAlone() throws {
        let folder = try Program.Folder()
        let run = try Self.run(folder.path + "/all")
        #expect(run.code == 0, "\(run.errors)")
        let heard = try #require(run.errors.range(of: "32 paired t-tests"))
        let first = try #require(run.errors.range(of: "cell 1 of"))
        #expect(heard.lowerBound < first.lowerBound)
        let json = try ProgramTests.object(run.output)
        let results = try #require(json["results"] as? [[String: Any]])
        #expect(results.count == 5 * 2 * 2 * 2)
        func test(_ recipe: String, _ loss: String, _ batch: Int, _ epochs: Int) -> [Double]? {
            results.first {
                $0["recipe"] as? String == recipe && $0["loss"] as? String == loss
                    && $0["batch_size"] as? Int == batch && $0["epochs"] as? Int == epochs
            }?["test_accuracy"] as? [Double]
        }
        for (recipe, options) in [
            ("golden", []), ("textbook", ["--learning-rate", "0.01", "--momentum", "0.9"]),
            ("fast", ["--preset", "fast"]), ("adam", ["--optimizer", "adam"]),
            ("adamw", ["--optimizer", "adamw", "--weight-decay", "0.01"]),
        ] {
            for (loss, batch, epochs) in [("synaptic", 50, 1), ("cross-entropy", 100, 2)] {
                let alone = try Program.run(
                    [
                        "train", "--hidden", "6", "--batch-size", "\(batch)", "--loss", loss,
                        "--epochs", "\(epochs)", "--validation", "0.1", "--seed", "1",
                        "--format", "json", "--force", "--output", folder.path + "/alone",
                    ] + options)
                let accuracy = try ProgramTests.object(alone.output)["test_accuracy"] as? Double
                #expect(
                    accuracy != nil && test(recipe, loss, batch, epochs)?[0] == accuracy,
                    "\(recipe), \(loss): \(alone.errors)")
            }
        }
        let comparisons = try #require(json["comparisons"] as? [[String: Any]])
        #expect(comparisons.count == 32 && json["comparisons_stated"] as? Int == 32)
        for comparison in comparisons {
            let p = try #require(comparison["p"] as? Double)
            let corrected = try #require(comparison["p_holm"] as? Double)
            #expect(corrected >= p && corrected <= min(1, 32 * p) * (1 + 1e-12))
        }
    }

    @Test func aKilledExperimentEndsWithTheSameTables() throws {
        let folder = try Program.Folder()
        let whole = try Self.run(folder.path + "/whole")
        let cut = folder.path + "/cut"
        #expect(try Self.run(cut).code == 0)
        let path = cut + "/results.jsonl"
        let all = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(all.count == 2 * 2 * 2 * (4 + 2))
        for lines in [0, 19, 47] {
            // As after a kill in the middle of a line.
            let kept = all[..<lines].map { $0 + "\n" }.joined() + all[lines].prefix(40)
            try Data(kept.utf8).write(to: URL(fileURLWithPath: path))
            let rest = try Self.run(cut, "--jobs", "1")
            #expect(rest.code == 0 && rest.output == whole.output, "\(rest.errors)")
        }
        let other = try Self.run(cut, "--budgets", "1,3")
        #expect(other.code == 73 && other.errors.contains("budgets"), "\(other.errors)")
    }
}
