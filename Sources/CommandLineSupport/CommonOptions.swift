import ArgumentParser
import PhidiasRuns

/// The form of results on standard output.
package enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// The option of every command whose results have two forms.
package struct FormatOptions: ParsableArguments {
    @Option(help: "The form of standard output: text, or one JSON object.")
    package var format: OutputFormat = .text

    package init() {}
}

/// The option of every command that computes with several threads.
package struct ThreadOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: "The number of threads. (default: the first in OMP_NUM_THREADS, else all usable CPUs)"
    )
    package var threads: Int?

    package init() {}
}
