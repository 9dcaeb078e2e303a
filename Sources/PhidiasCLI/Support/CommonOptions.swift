import ArgumentParser
import PhidiasRuns

/// The form of results on standard output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// The option of every command whose results have two forms.
struct FormatOptions: ParsableArguments {
    @Option(help: "The form of standard output: text, or one JSON object.")
    var format: OutputFormat = .text
}

/// The option of every command that computes with several threads.
struct ThreadOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: "The number of threads. (default: the first in OMP_NUM_THREADS, else all usable CPUs)"
    )
    var threads: Int?
}
