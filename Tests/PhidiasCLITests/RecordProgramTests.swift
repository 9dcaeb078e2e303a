import Foundation
import Testing

@Suite struct RecordProgramTests {
    typealias Program = ProgramTests

    @Test func aRecordEndsWithTheWeightsOfTrain() throws {
        let folder = try Program.Folder()
        let data = folder.path + "/data", file = folder.path + "/steps.safetensors"
        let made = try Program.run(
            "data", "synthesize", "--output", data, "--train", "102", "--test", "10")
        #expect(made.code == 0, "\(made.errors)")
        let options = ["--data", data, "--hidden", "5", "--batch-size", "51", "--epochs", "2"]
        let recorded = try Program.run(
            ["record", "--steps", "4", "--output", file, "--format", "json"] + options)
        #expect(recorded.code == 0, "\(recorded.errors)")
        let trained = try Program.run(
            ["train", "--output", folder.path + "/run", "--format", "json"] + options)
        #expect(trained.code == 0, "\(trained.errors)")
        let sum = try Program.object(recorded.output)["weights_sha256"] as? String
        #expect(sum?.count == 64)
        #expect(try Program.object(trained.output)["weights_sha256"] as? String == sum)

        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try Program.object(String(decoding: bytes[8..<8 + length], as: UTF8.self))
        let metadata = try #require(header["__metadata__"] as? [String: String])
        #expect(metadata["weights_sha256"] == sum)
        #expect(metadata["data"] == data)
        #expect(metadata["format"] == "phidias-record")
        let deltas = try #require(header["deltas"] as? [String: Any])
        #expect(deltas["shape"] as? [Int] == [4, 51, 10])
    }

    static let bad: [([String], String)] = [
        (["--steps", "0"], "0 steps"), (["--steps", "400"], "313"),
        (["--validation", "0.1"], "--validation"), (["--warm-up", "1"], "--warm-up"),
    ]

    @Test(arguments: bad.indices) func impossibleRecordsAreRefused(index: Int) throws {
        let (arguments, part) = Self.bad[index]
        let folder = try Program.Folder()
        let file = folder.path + "/steps.safetensors"
        let run = try Program.run(["record", "--hidden", "3", "--output", file] + arguments)
        #expect(run.code == 64)
        #expect(run.errors.contains(part), "\(run.errors)")
        #expect(run.output.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: file))
    }
}
