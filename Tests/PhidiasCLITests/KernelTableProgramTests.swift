import Foundation
import Testing

/// `CK_ARCH`, which is read once a process: which tables there are, and what is said of them.
@Suite struct KernelTableProgramTests {
    typealias Program = ProgramTests

    static func train(_ table: String, in folder: Program.Folder) throws -> Program.Outcome {
        try Program.run(
            [
                "train", "--hidden", "7", "--batch-size", "51", "--epochs", "1", "--format", "json",
                "--force", "--output", folder.path,
            ], environment: ["CK_ARCH": table])
    }

    /// The names that an unknown one's error lists.
    static func available(in folder: Program.Folder) throws -> [String] {
        let unknown = try train("abacus", in: folder)
        #expect(unknown.code == 78)
        #expect(unknown.output.isEmpty)
        let said = unknown.errors.split(separator: ":").map(String.init)
        #expect(said.dropLast().joined().contains("CK_ARCH=abacus"), "\(unknown.errors)")
        return try #require(said.last).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    @Test func everyListedTableTrainsTheSameBits() throws {
        let folder = try Program.Folder()
        let tables = try Self.available(in: folder)
        #expect(tables.first == "reference")
        var sums: Set<String> = []
        for table in tables {
            let run = try Self.train(table, in: folder)
            #expect(run.code == 0, "\(table): \(run.errors)")
            let result = try Program.object(run.output)
            #expect(result["kernels"] as? String == table)
            sums.insert(try #require(result["weights_sha256"] as? String))
        }
        #expect(sums.count == 1)
    }

    /// Chosen on CPUs since Sapphire Rapids, which have its instructions for 16 bits; on others only
    /// when asked for, and announced.
    @Test func avx512IsChosenWhereItIsFasterAndElseAnnounced() throws {
        let folder = try Program.Folder()
        let notice = "CK_ARCH=avx512: the AVX-512 kernels"
        let cpu = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        let isFaster = cpu.split(whereSeparator: \.isWhitespace).contains("avx512_fp16")
        let unasked = try Self.train("", in: folder)
        #expect(unasked.code == 0)
        #expect(unasked.output.contains("avx512") == isFaster)
        #expect(!unasked.errors.contains("AVX-512"))
        let asked = try Self.train("avx512", in: folder)
        if isFaster {
            #expect(asked.code == 0 && !asked.errors.contains(notice))
        } else if try Self.available(in: folder).contains("avx512") {
            #expect(asked.code == 0)
            #expect(asked.errors.hasPrefix(notice))
            #expect(asked.errors.components(separatedBy: notice).count == 2, "said once")
        } else {
            #expect(asked.code == 78)
            #expect(!asked.errors.contains(notice))
        }
    }
}
