import Foundation
import Testing

/// What is left of a run is taken for what it is, and what people changed stays changed.
@Suite struct RunRecoveryTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    @Test func aModelWhoseLossIsNotANumberIsKeptNowhere() throws {
        let bench = try Bench()
        let deep = [
            "--force", "--hidden", "8,8,8,8,8,8", "--activation", "relu", "--loss", "cross-entropy",
            "--output-activation", "softmax", "--learning-rate", "1e38", "--momentum", "0",
            "--batch-size", "60", "--epochs", "1",
        ]
        let result = try bench.train(options: deep)
        #expect(result.code == 70)
        #expect(result.errors.contains("in step 1 a test loss of layer 6"), "\(result.errors)")
        #expect(try bench.run.keys.sorted() == ["run.json"])
        #expect(!FileManager.default.fileExists(atPath: bench.path("run/checkpoints")))
    }

    @Test func changedSettingsSurviveAKillBeforeTheNextCheckpoint() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let change = [
            "train", "--resume", bench.path("run"), "--allow-change", "--epochs", "100000",
            "--checkpoint-every", "60m",
        ]
        let signal = try ResumeTests.stop(bench, by: SIGKILL, after: 10, running: change)
        #expect(signal == SIGKILL)

        let other = try Program.run("train", "--resume", bench.path("run"), "--epochs", "3")
        #expect(other.code == 64)
        #expect(other.errors.contains("100000"), "\(other.errors)")
    }

    @Test func checkpointsAloneAreARun() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let whole = try bench.run
        for name in try bench.run.keys {
            try FileManager.default.removeItem(atPath: bench.path("run/\(name)"))
        }
        let refused = try bench.train()
        #expect(refused.code == 73)
        #expect(
            refused.errors.contains("a run already exists there (checkpoints)"),
            "\(refused.errors)")
        let resumed = try Program.run("train", "--resume", bench.path("run"))
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try bench.run["model.safetensors"] == whole["model.safetensors"])

        try bench.write("run/run.json", Array("no document".utf8))
        #expect(try Program.run("train", "--resume", bench.path("run")).code == 0)
        #expect(try Program.run("verify", bench.path("run")).code == 0)
    }

    @Test func checkpointsThatCannotBeListedAreNotNone() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let before = try bench.run
        try FileManager.default.removeItem(atPath: bench.path("run/checkpoints"))
        try bench.write("run/checkpoints", [0])
        let resumed = try Program.run("train", "--resume", bench.path("run"))
        #expect(resumed.code == 74)
        #expect(resumed.errors.contains("checkpoints: reading failed"), "\(resumed.errors)")
        #expect(try bench.train("--force").code == 74)
        let after = try bench.run
        #expect(before.allSatisfy { after[$0.key] == $0.value })
    }

    /// What libomp leaves in shared memory if it is killed while it starts.
    @Test func aKilledProcessOfTheSameNumberIsNoObstacle() throws {
        let bench = try Bench()
        let training = Bench.training(bench.folder.path).map { "'\($0)'" }
        let run = try bench.shell(
            """
            head -c 1024 /dev/zero > /dev/shm/__KMP_REGISTERED_LIB_$$_$(id -u)
            exec $0 \(training.joined(separator: " "))
            """)
        #expect(run.code == 0, "\(run.errors)")
    }

    @Test func aFullDiskLeavesTheDataBefore() throws {
        let bench = try Bench()
        let made = try bench.shell("exec $0 data synthesize --output $1/s --train 10 --test 10")
        #expect(made.code == 0, "\(made.errors)")
        let files = try FileManager.default.contentsOfDirectory(atPath: bench.path("s")).sorted()
        // The training images fit, the test images do not.
        let failed = try bench.shell(
            """
            ulimit -f 200
            exec $0 data synthesize --output $1/s --train 20 --test 2000 --force
            """)
        #expect(failed.code == 74, "\(failed.errors)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: bench.path("s")).sorted() == files)
        let info = try Program.run("data", "info", bench.path("s"))
        #expect(info.output.contains("10 images"), "\(info.output)\(info.errors)")
    }

    @Test func surroundingsOfManyKindsAreNoTrouble() throws {
        let bench = try Bench()
        let empty = try bench.shell(
            "OMP_NUM_THREADS= exec $0 train --data $1 --batch-size 4 --epochs 1 --output $1/a")
        #expect(empty.code == 0, "\(empty.errors)")
        let never = try bench.shell(
            "exec $0 train --data $1 --checkpoint-every 1e300m --output $1/b")
        #expect(never.code == 64, "\(never.errors)")
        let gone = try bench.shell(
            """
            { $0 train --data $1 --batch-size 4 --epochs 1 --output $1/c; echo $? > $1/code; } | true
            cat $1/code
            """)
        #expect(gone.output == "141\n")
        #expect(!gone.errors.contains("Broken pipe"), "\(gone.errors)")
        let odd = "exec $0 train --data $1 --batch-size 4 --epochs 1 --output \"$1/it's here\""
        #expect(try bench.shell(odd).code == 0)
        let again = try bench.shell(odd)
        #expect(again.errors.contains("--resume '\(bench.folder.path)/it'\\''s here'"))
    }

    @Test func aHeaderThatNeedsMuchMemoryIsAnErrorWithoutIt() throws {
        let bench = try Bench()
        let entries = (0..<140_000).map {
            "\"t\($0)\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}"
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        try bench.write("many.safetensors", length + header)
        for limit in [120_000, 150_000, 200_000, 300_000] {
            let result = try bench.shell("ulimit -v \(limit); exec $0 summary $1/many.safetensors")
            #expect([65, 71].contains(result.code), "\(limit): \(result.code) \(result.errors)")
        }
    }
}
