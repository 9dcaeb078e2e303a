import Foundation
import Testing

/// phidias experiment loss: what is compared stands before the runs, and it goes on where it ended.
@Suite struct LossExperimentTests {
    typealias Program = ProgramTests

    private static func run(_ folder: String, _ options: String...) throws -> Program.Outcome {
        try Program.run(
            [
                "experiment", "loss", "--hidden", "6", "--epochs", "2", "--seeds", "3",
                "--tuning-seeds", "1", "--rates", "0.1,1", "--output", folder, "--format", "json",
            ] + options)
    }

    /// Without what the clock says.
    private static func untimed(_ arms: Any?) throws -> NSArray {
        let arms = try #require(arms as? [[String: Any]])
        return arms.map { arm in arm.filter { $0.key != "timing" } } as NSArray
    }

    @Test func everyArmIsTrainedWithEverySeedAndCompared() throws {
        let folder = try Program.Folder()
        let run = try Self.run(folder.path + "/loss")
        #expect(run.code == 0, "\(run.errors)")
        let result = try ProgramTests.object(run.output)
        let arms = try #require(result["arms"] as? [[String: Any]])
        #expect(arms.count == 9)
        for arm in arms {
            #expect((arm["test_accuracy"] as? [Any])?.count == 2)
            let final = try #require(arm["final_test_accuracy"] as? [Double])
            #expect(final.count == 3)
            // The mean of the last epoch is the mean of the final accuracies.
            let last = (arm["test_accuracy"] as? [[String: Any]])?.last
            let mean = final.reduce(0, +) / 3
            #expect(abs(try #require(last?["mean"] as? Double) - mean) < 1e-12)
        }
        let plain = arms.filter { $0["setting"] as? String == "plain" }
        #expect(plain.allSatisfy { ["0.1", "1"].contains($0["learning_rate"] as? String) })

        let comparisons = try #require(result["comparisons"] as? [[String: Any]])
        #expect(comparisons.count == 12)
        for comparison in comparisons {
            let p = try #require(comparison["p"] as? Double)
            let corrected = try #require(comparison["p_holm"] as? Double)
            #expect(corrected >= p && corrected <= min(1, 12 * p) * (1 + 1e-12))
            // Of three pairs no permutation test can pass the correction.
            #expect(comparison["permutation_p"] is NSNull)
        }
        let text = try String(contentsOfFile: folder.path + "/loss/loss.txt", encoding: .utf8)
        #expect(text.contains("significance is out of reach"))
        // They were fixed before the first run.
        let plan = try ProgramTests.object(
            try String(contentsOfFile: folder.path + "/loss/sweep.json", encoding: .utf8))
        let listed = (plan["settings"] as? [String: Any])?["comparisons"] as? [String]
        #expect(listed?.count == 12 && listed?.first == "synaptic, golden − cross-entropy, golden")
        let heard = try #require(run.errors.range(of: "synaptic, golden − cross-entropy, golden"))
        let first = try #require(run.errors.range(of: "cell 1 of"))
        #expect(heard.lowerBound < first.lowerBound)
    }

    @Test func anInterruptedExperimentGoesOn() throws {
        let folder = try Program.Folder()
        let whole = try Self.run(folder.path + "/whole")
        let cut = folder.path + "/cut"
        #expect(try Self.run(cut).code == 0)
        // As after a kill in the middle of a line, in the search and among the final runs.
        for lines in [2, 17] {
            let path = cut + "/results.jsonl"
            let all = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(all.count == 6 + 27)
            let kept = all[..<lines].joined(separator: "\n") + "\n" + all[lines].prefix(40)
            try Data(kept.utf8).write(to: URL(fileURLWithPath: path))
            let rest = try Self.run(cut, "--jobs", "1")
            #expect(rest.code == 0, "\(rest.errors)")
            #expect(rest.errors.contains("cut off"))
            #expect(
                try Self.untimed(ProgramTests.object(rest.output)["arms"])
                    == Self.untimed(ProgramTests.object(whole.output)["arms"]))
        }
        let other = try Self.run(cut, "--batch-size", "32")
        #expect(other.code == 73 && other.errors.contains("batch_size"), "\(other.errors)")
    }
}
