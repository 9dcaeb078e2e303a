import Foundation
import Testing

/// Runs that go on with other settings, and those whose end is unlike others.
@Suite struct ChangedRunTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    static func resume(_ bench: Bench, _ options: [String]) throws -> Program.Outcome {
        try Program.run(["train", "--resume", bench.path("run"), "--allow-change"] + options)
    }

    /// Ends after an epoch or two: nothing is learned at such a rate.
    static let impatient = [
        "--validation", "0.2", "--patience", "1", "--learning-rate", "3", "--epochs", "40",
    ]

    @Test func aFinishedRunTakesNoOtherSettings() throws {
        let bench = try Bench()
        #expect(try bench.train(options: Self.impatient).code == 0)
        let before = try bench.run
        for options in [["--learning-rate", "1"], ["--epochs", "80"]] {
            let refused = try Self.resume(bench, options)
            #expect(refused.code == 64)
            #expect(refused.errors.contains("the run is finished"), "\(refused.errors)")
        }
        #expect(try bench.run == before)
        #expect(try VerifyTests.verify(bench).code == 0)
        let again = try Program.run("train", "--resume", bench.path("run"), "--format", "json")
        #expect(try #require(NetworkProgramTests.object(again)["seconds"] as? Double) > 0)
    }

    @Test func morePatienceGoesOn() throws {
        let bench = try Bench()
        #expect(try bench.train(options: Self.impatient).code == 0)
        let epochs = try ResumeTests.metrics(bench).count
        #expect(epochs < 40)
        let more = try Self.resume(bench, ["--patience", "30"])
        #expect(more.code == 0, "\(more.errors)")
        #expect(try ResumeTests.metrics(bench).count > epochs + 5)
    }

    /// Losses of two kinds cannot be compared: the best so far is none of the new one.
    @Test func anotherLossHasABestOfItsOwn() throws {
        let bench = try Bench()
        let first = [
            "--loss", "mean-square", "--validation", "0.2", "--patience", "2", "--epochs", "3",
            "--learning-rate", "0.1",
        ]
        #expect(try bench.train(options: first).code == 0)
        let second = try Self.resume(bench, ["--loss", "synaptic", "--epochs", "9"])
        #expect(second.code == 0, "\(second.errors)")
        // Synaptic losses are far above mean square errors: none would ever be better.
        #expect(!second.errors.contains("since epoch 3:"), "\(second.errors)")
        #expect(try ResumeTests.metrics(bench).count > 5)
    }

    @Test func theSeedStaysWithinAnEpoch() throws {
        let bench = try Bench()
        #expect(try bench.train("--checkpoint-every", "0.00000001m", "--keep", "1000").code == 0)
        let folder = bench.path("run/checkpoints")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name != "epoch-1-step-7.safetensors" {
            try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
        let refused = try Self.resume(bench, ["--seed", "9"])
        #expect(refused.code == 64)
        #expect(refused.errors.contains("in the middle of epoch 2"), "\(refused.errors)")
    }

    @Test func anotherFolderIsRefused() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let refused = try Program.run(
            "train", "--resume", bench.path("run"), "--output", bench.path("other"))
        #expect(refused.code == 64)
        #expect(refused.errors.contains("--output"), "\(refused.errors)")
    }

    /// These words mean something else in the record of a run.
    @Test(arguments: ["synthetic", "none", "true", "false"]) func foldersMayHaveAnyName(
        name: String
    ) throws {
        let bench = try Bench()
        let result = try bench.shell(
            """
            mkdir $1/\(name) && mv $1/*ubyte $1/\(name) && cd $1 || exit 99
            $0 train --data \(name) --hidden 4 --batch-size 4 --epochs 1 --output run || exit
            $0 verify run && $0 train --resume run --epochs 2 --allow-change
            """)
        #expect(result.code == 0, "\(result.errors)")
        #expect(!result.errors.contains("20000 images"))
    }

    /// The test images are brighter, so that logits overflow where those of training do not.
    @Test func aTestLossThatDivergesIsReplayed() throws {
        let bench = try Bench()
        for (prefix, count, brightest) in [("train", 60, 1), ("t10k", 12, 255)] {
            let images = Bench.idx([count, 4, 4])
            let pixels = images.dropFirst(16).map { $0 > 128 ? UInt8(brightest) : 0 }
            try bench.write("\(prefix)-images-idx3-ubyte", Array(images.prefix(16)) + pixels)
        }
        var halved = false
        for exponent in stride(from: 19, through: 24, by: 0.25) where !halved {
            let rate = "\(pow(10, exponent))"
            let run = try Program.run(
                "train", "--data", bench.folder.path, "--network", "dense 8, dense 8, dense 3",
                "--momentum", "0", "--learning-rate", rate, "--epochs", "1", "--batch-size", "60",
                "--on-divergence", "halve", "--force", "--output", bench.path("run"))
            halved = run.code == 0 && run.errors.contains("a test loss of layer 2")
        }
        try #require(halved)
        let verified = try VerifyTests.verify(bench)
        #expect(verified.code == 0, "\(verified.output)")
    }
}
