import Foundation
import Testing

/// The program as one of several processes; without MPI it says that it cannot be that.
@Suite struct RankProgramTests {
    static let launchers = [
        ["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"],
        ["PMI_RANK": "0", "PMI_SIZE": "3"], ["PMIX_RANK": "0", "SLURM_NTASKS": "4"],
    ]

    @Test(arguments: launchers) func aCommandThatRunsAloneIsRefused(launcher: [String: String])
        throws
    {
        let bench = try SweepProgramTests.Bench()
        let outcome = try ProgramTests.run(
            ["data", "synthesize", "--output", bench.path("data")], environment: launcher)
        #expect(outcome.code == 64 && outcome.output.isEmpty)
        #expect(outcome.errors.contains("'synthesize' runs as one process"), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: bench.path("data")))
    }

    @Test(arguments: [["train"], ["sweep"], ["experiment", "loss"], ["experiment", "smoothing"]])
    func theBuildWithoutMPIIsTold(command: [String]) throws {
        let bench = try SweepProgramTests.Bench()
        for launcher in Self.launchers {
            let outcome = try ProgramTests.run(
                command + ["--data", bench.folder.path, "--output", bench.path("out")],
                environment: launcher)
            #expect(outcome.code == 64 && outcome.output.isEmpty)
            #expect(outcome.errors.contains("built without MPI"), "\(outcome.errors)")
            #expect(!FileManager.default.fileExists(atPath: bench.path("out")))
        }
    }

    /// One process of a launcher, and the script of a batch job, are no ranks.
    @Test(arguments: [
        ["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1"], ["SLURM_NTASKS": "8"],
    ]) func aProcessThatIsAloneRuns(launcher: [String: String]) throws {
        let bench = try SweepProgramTests.Bench()
        let outcome = try ProgramTests.run(
            SweepProgramTests.command(bench, ["--output", bench.path("sweep")]),
            environment: launcher)
        #expect(outcome.code == 0, "\(outcome.errors)")
    }
}
