import Foundation
import Testing

/// Less memory than a command needs: a sentence with a size. tools/check-limits tries all commands
/// on larger models, in smaller steps.
@Suite struct MemoryProgramTests {
    typealias Program = ProgramTests

    /// Swift's arrays abort where memory fails. The model's parameters, 34 MB, are more than what is
    /// held in reserve.
    @Test func noCommandOnALargeModelAborts() throws {
        let bench = try BadInputTests.Bench()
        let trained = try bench.shell(
            "exec $0 train --data $1 --hidden 2048,4096 --epochs 1 --batch-size 30 --output $1/run")
        #expect(trained.code == 0, "\(trained.errors)")
        let limits = try stride(from: 60_000, through: 300_000, by: 8_000).filter {
            // With less, the system cannot load the program.
            try bench.shell("ulimit -v \($0); exec $0 --version").code == 0
        }
        #expect(limits.count > 10)
        for command in [
            "summary $1/run", "evaluate $1/run --data $1",
            "filters $1/run --output $1/filters.png",
        ] {
            var codes: Set<Int32> = []
            for limit in limits {
                let result = try bench.shell("ulimit -v \(limit); exec $0 \(command)")
                codes.insert(result.code)
                let said = "\(command), \(limit) KB, \(result.code): \(result.errors)"
                #expect([0, 71].contains(result.code), "\(said)")
                #expect(result.code == 0 || result.errors.contains(/[0-9] MiB/), "\(said)")
            }
            #expect(codes == [0, 71], "\(command)")
        }
    }
}
