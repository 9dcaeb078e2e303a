import ArgumentParser
import Phidias

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the C kernels against pure Swift.", discussion: "Example:\n  phidias bench kernels")
    func run() throws { throw UsageError(description: "not built yet") }
}
