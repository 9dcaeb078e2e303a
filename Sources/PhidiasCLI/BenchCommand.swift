import ArgumentParser
import Phidias

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the C kernels against pure Swift.")
    func run() throws { throw UsageError(description: "not built yet") }
}
