import Foundation
import Testing

/// `phidias export`, and `train --tensorboard`, from outside.
@Suite struct ExportProgramTests {
    typealias Program = ProgramTests

    @Test func aModelIsExportedInEveryForm() throws {
        let folder = try Program.Folder()
        let run = folder.path + "/run"
        let board = folder.path + "/board"
        let trained = try Program.run(
            "train", "--hidden", "4", "--epochs", "1", "--output", run, "--tensorboard", board)
        #expect(trained.code == 0, "\(trained.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: board).count == 1)
        for (format, name, part) in [
            ("onnx", "net.onnx", "Gemm"), ("c", "net.h", "net_predict_bytes"),
            ("numpy", "run/net.py", "model.safetensors"),
        ] {
            let path = "\(folder.path)/\(name)"
            let words = ["export", run, "--to", format, "--output", path]
            let first = try Program.run(words)
            #expect(first.code == 0 && first.output == "\(path)\n", "\(first.errors)")
            #expect(first.errors.isEmpty, "\(first.errors)")
            let written = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(written.range(of: Data(part.utf8)) != nil)
            let again = try Program.run(words)
            #expect(again.code == 73 && again.errors.contains("--force"), "\(again.errors)")
            #expect(try Program.run(words + ["--force"]).code == 0)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == written)
        }
        let apart = try Program.run(
            "export", run, "--to", "numpy", "--output", folder.path + "/apart.py")
        #expect(apart.code == 0 && apart.errors.contains("copy that too"), "\(apart.errors)")
    }

    /// Arguments after the model, exit code, and what standard error says.
    static let bad: [([String], Int32, String)] = [
        (["--to", "c", "--input", "bytes"], 64, "--input is for --to onnx"),
        (["--to", "onnx", "--name", "digits"], 64, "--name is for --to c"),
        (["--to", "torch"], 64, "torch"),
        (["--to", "onnx"], 66, "/nowhere"),
    ]

    @Test(arguments: bad.indices) func badUsageIsASentenceAndACode(index: Int) throws {
        let (words, code, part) = Self.bad[index]
        let folder = try Program.Folder()
        let path = folder.path + "/out"
        let result = try Program.run(["export", "/nowhere/m", "--output", path] + words)
        #expect(result.code == code, "\(result.errors)")
        #expect(result.errors.contains(part), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func anIntervalNeedsAFolder() throws {
        let alone = try Program.run("train", "--tensorboard-every", "5", "--epochs", "1")
        #expect(alone.code == 64 && alone.errors.contains("--tensorboard"), "\(alone.errors)")
        let folder = try Program.Folder()
        let zero = try Program.run(
            "train", "--tensorboard", folder.path, "--tensorboard-every", "0", "--output",
            folder.path + "/run")
        #expect(zero.code == 64 && zero.errors.contains("tensorboard_every"), "\(zero.errors)")
    }

    /// What the comparisons with other programs ask for.
    @Test func predictionsAreGivenByTurns() throws {
        let folder = try Program.Folder()
        let data = folder.path + "/data"
        let words = ["--train", "100", "--test", "30", "--output", data]
        #expect(try Program.run(["data", "synthesize"] + words).code == 0)
        let trained = try Program.run(
            "train", "--data", data, "--hidden", "4", "--epochs", "1", "--output",
            folder.path + "/run")
        #expect(trained.code == 0, "\(trained.errors)")
        let script =
            "printf 'logits \(folder.path)/l\\nprobabilities \(folder.path)/p\\none\\nbatch 7\\nx\\n'"
            + " | '\(Program.program.path)-bench' infer '\(folder.path)/run' --data '\(data)'"
        let said = try Program.run(["-c", script], of: URL(fileURLWithPath: "/bin/sh"))
        #expect(said.code == 0, "\(said.errors)")
        let lines = try said.output.split(separator: "\n").map { try Program.object($0) }
        try #require(lines.count == 6)
        #expect(lines[0]["images"] as? Int == 30)
        #expect(lines[1]["values"] as? Int == 300)
        #expect((lines[3]["seconds"] as? Double ?? 0) > 0)
        #expect((lines[4]["seconds"] as? Double ?? 0) > 0)
        #expect(lines[5]["error"] != nil)
        for name in ["l", "p"] {
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)")).count == 1200)
        }
    }
}
