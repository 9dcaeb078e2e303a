import ArgumentParser
import CommandLineSupport
import PhidiasRuns

struct ExperimentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Measure what theory says about momentum and loss: tables, charts and JSON.",
        usage: "phidias experiment <experiment> [<options>]",
        discussion: """
            Example:
              phidias experiment smoothing --data data/mnist --epochs 5 --output smoothing
            """,
        subcommands: [ExperimentLoss.self, ExperimentSmoothing.self, ExperimentGoldenPoint.self])
}

extension ExperimentResult {
    func show(_ format: OutputFormat) {
        print(format == .json ? jsonText : text)
    }
}
