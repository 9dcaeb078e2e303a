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

/// The option of every command that writes charts.
package struct ChartOptions: ParsableArguments {
    @Flag(
        help: """
            Draw each chart as PNG too, NAME-light.png and NAME-dark.png, with two pixels for each of \
            the SVG's (192 to the inch). Needs rsvg-convert (Debian: librsvg2-bin).
            """)
    package var png = false

    package init() {}

    /// What draws them on the rank that writes files; nil where nothing does.
    /// - Throws: `ChartRendererError`, so that no work is begun whose pictures cannot be drawn.
    package func renderer(over ranks: RankGroup? = nil) throws -> ChartRenderer? {
        png && ranks?.isFirst ?? true ? try ChartRenderer() : nil
    }
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
