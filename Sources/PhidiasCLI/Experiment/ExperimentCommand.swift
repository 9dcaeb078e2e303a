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
        subcommands: [
            ExperimentLoss.self, ExperimentSmoothing.self, ExperimentGoldenPoint.self,
            ExperimentOptimizers.self,
        ])
}

/// How an experiment whose runs are cells of a sweep is spread over the CPUs.
struct RunJobsOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many runs to compute at a time, with a thread each. (default: one for each thread)",
            valueName: "count"))
    var jobs: Int?
}

/// What an experiment of the library is given to tell what happens, and to be stopped.
typealias ExperimentCalls = (
    onEvent: @Sendable (ExperimentEvent) -> Void, shouldStop: @Sendable () -> Bool
)

/// Runs an experiment, which keeps what it has measured: a signal ends it between two steps. Its
/// result goes to standard output before its files are written, so that a full disk does not take it.
/// - Parameter body: returns nil if it was stopped.
func runExperiment<Report>(
    _ format: OutputFormat, _ body: (ExperimentCalls) throws -> Report?
) throws {
    let watch = ExperimentWatch()
    Interruption.watch()
    let calls: ExperimentCalls = (
        onEvent: { event in
            watch.show(event)
            guard case .result(let result) = event else { return }
            print(format == .json ? result.jsonText : result.text)
        },
        shouldStop: { Interruption.signal != nil }
    )
    defer { watch.clear() }
    guard try body(calls) == nil else { return }
    watch.clear()
    Console.say("Stopped by a signal. The same command continues the experiment.")
    throw Interrupted(signal: Interruption.signal ?? 0)
}
