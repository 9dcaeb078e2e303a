import Foundation
import Testing

/// phidias experiment: the numbers that it promises, its files, and what it refuses.
@Suite struct ExperimentTests {
    @Test func smoothingComesOutAsTheoryHasIt() throws {
        let folder = try ProgramTests.Folder()
        let run = try ProgramTests.run(
            "experiment", "smoothing", "--hidden", "12", "--epochs", "1", "--roughness-epochs", "1",
            "--momenta", "0,golden", "--curvature-images", "200", "--curvature-steps", "3",
            "--output", folder.path, "--format", "json")
        #expect(run.code == 0, "\(run.errors)")
        let result = try ProgramTests.object(run.output)
        let independent = try #require(result["independent_gradients"] as? [String: Any])
        let ratio = try #require(independent["variance_ratio"] as? Double)
        #expect(abs(ratio / 0.0672176 - 1) < 0.02, "\(ratio)")
        #expect(try #require(independent["relative_standard_error"] as? Double) < 0.0015)
        #expect(abs(try #require(result["half_life"] as? Double) - 5.1482) < 1e-4)
        let rows = try #require(result["variance"] as? [[String: Any]])
        #expect(rows.compactMap { $0["layer"] as? Int } == [0, 1])
        #expect((result["roughness"] as? [Any])?.count == 2)
        for name in [
            "impulse", "variance", "autocorrelation", "frequency", "curvature", "roughness",
        ] {
            let chart = try String(contentsOfFile: "\(folder.path)/\(name).svg", encoding: .utf8)
            #expect(chart.hasPrefix("<svg") && !chart.contains("nan"), "\(name)")
        }
        let written = try String(contentsOfFile: "\(folder.path)/smoothing.json", encoding: .utf8)
        #expect(try ProgramTests.object(written) as NSDictionary == result as NSDictionary)
    }

    @Test func goldenPointCountsEveryOutput() throws {
        let folder = try ProgramTests.Folder()
        let run = try ProgramTests.run(
            "experiment", "golden-point", "--hidden", "12", "--epochs", "2", "--output",
            folder.path, "--format", "json")
        #expect(run.code == 0, "\(run.errors)")
        let result = try ProgramTests.object(run.output)
        let images = try #require(result["images"] as? Int)
        let runs = try #require(result["runs"] as? [[String: Any]])
        #expect(
            runs.compactMap { $0["loss"] as? String } == [
                "synaptic", "cross-entropy", "mean-square",
            ])
        for run in runs {
            let epochs = try #require(run["epochs"] as? [[String: Any]])
            #expect(epochs.count == 3)
            for epoch in epochs {
                let targets = try #require(epoch["target_p"] as? [String: Any])
                let counts = try #require(targets["counts"] as? [Int])
                #expect(counts.reduce(0, +) == images)
            }
        }
        for name in ["signals", "logits", "processes", "reliability"] {
            #expect(FileManager.default.fileExists(atPath: "\(folder.path)/\(name).svg"), "\(name)")
        }
    }

    /// Of gradients that never change nothing can be said, and of epochs shorter than the velocity's
    /// memory neither.
    @Test func whatCannotBeMeasuredIsLeftOut() throws {
        let bench = try BadInputTests.Bench()
        func smoothing(_ options: String...) throws -> ProgramTests.Outcome {
            try ProgramTests.run(
                [
                    "experiment", "smoothing", "--data", bench.folder.path, "--hidden", "4",
                    "--batch-size", "4", "--momenta", "0.5", "--roughness-epochs", "1",
                    "--curvature-images", "20", "--output", bench.path("smoothing"),
                ] + options)
        }
        let dead = try smoothing(
            "--activation", "relu", "--momentum", "0.5", "--learning-rate", "50", "--epochs", "4")
        #expect(dead.code == 0, "\(dead.errors)")
        #expect(dead.output.contains(/\n +4 +0 +– +– +–/), "\(dead.output)")
        let short = try smoothing("--epochs", "1")
        #expect(short.code == 0, "\(short.errors)")
        #expect(short.output.contains("settles in 103 steps"), "\(short.output)")
    }

    static let bad: [([String], String)] = [
        (["smoothing", "--layers", "2"], "0 to 1"),
        (["smoothing", "--momenta", "0,1"], "below 1"),
        (["smoothing", "--momentum", "coupled"], "constant momentum"),
        (["smoothing", "--schedule", "cosine"], "--schedule"),
        (["smoothing", "--weight-decay", "0.1"], "--weight-decay"),
        (["smoothing", "--nesterov"], "--nesterov"),
        (["smoothing", "--clip-norm", "1"], "--clip-norm"),
        (["smoothing", "--shift", "1"], "--shift"),
        (["smoothing", "--network", "dense 9 relu, dropout 0.5, dense 10"], "dropout"),
        (["smoothing", "--curvature-steps", "0"], "curvature steps is 0"),
        (["golden-point", "--output-activation", "softmax"], "sigmoid"),
        (["golden-point", "--loss", "synaptic"], "--loss"),
        (["loss", "--network", "dbl-2024"], "sigmoid outputs"),
        (["loss", "--loss", "cross-entropy"], "'--loss'"),
        (["loss", "--seeds", "1"], "number of seeds is 1"),
        (["loss", "--rates", "0.1,0.1"], "ascending"),
        (["loss", "--rates", ""], "learning rate ''"),
        (["loss", "--epochs", "501"], "from 1 to 500"),
        (["optimizers", "--seeds", "1"], "number of seeds is 1"),
        (["optimizers", "--budgets", "2,1"], "budgets '2,1' are not in ascending order"),
        (["optimizers", "--budgets", ""], "--budgets takes whole numbers"),
        (["optimizers", "--budgets", "1,501"], "from 1 to 500"),
        (["optimizers", "--batch-sizes", "0,1"], "images of a batch is 0"),
        (["optimizers", "--batch-sizes", "9,x"], "--batch-sizes takes whole numbers"),
        (["optimizers", "--batch-sizes", "99999"], "99999"),
    ]

    @Test(arguments: bad.indices) func badUsageIsASentenceAndACode(index: Int) throws {
        let (arguments, part) = Self.bad[index]
        let folder = try ProgramTests.Folder()
        let run = try ProgramTests.run(
            ["experiment"] + arguments + ["--output", folder.path + "/none"])
        #expect(run.code == 64, "\(arguments): \(run.errors)")
        #expect(run.errors.contains(part), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/none"))
    }
}
