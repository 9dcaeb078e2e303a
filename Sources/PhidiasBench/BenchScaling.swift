import ArgumentParser
import CommandLineSupport
import Foundation
import Phidias
import PhidiasRuns

struct BenchScaling: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scaling",
        abstract: "Measure how the cost of training grows with width, batch, threads and depth.",
        usage: "phidias bench scaling [<options>]",
        discussion: """
            Trains on synthetic digits and writes scaling.md and, for each of the four, a chart in \
            SVG. Takes about two minutes.

            Example:
              phidias bench scaling --output Benchmarks/Results/scaling
            """)

    @Option(help: ArgumentHelp("The folder for the table and the charts.", valueName: "folder"))
    var output = "scaling"
    @Option(help: "Seconds of training for each point.")
    var seconds = 0.4
    @OptionGroup var charts: ChartOptions
    @OptionGroup var team: ThreadOptions

    func validate() throws {
        guard seconds > 0 && seconds <= 600 else {
            throw ValidationError("--seconds is \(seconds); it must be above 0 and at most 600.")
        }
    }

    func run() throws {
        let renderer = try charts.renderer()
        let machine = Machine(threads: try Model.threads(team.threads))
        try BenchError.refuseDebugBuild()
        let lock = try FolderLock(making: output)
        defer { withExtendedLifetime(lock) {} }
        let sweeps = try ScalingSweep.all(threads: machine.threads)
        let largest = sweeps.flatMap(\.points).map(\.batch).max() ?? 1
        let digits = try SyntheticDigits.dataset(count: max(largest, 2048), seed: 1)
        var sections: [String] = []
        for sweep in sweeps {
            let measured = try sweep.points.map { point in
                let result = try point.measure(on: digits, seconds: seconds)
                Console.say("\(sweep.name): \(point) \(result)")
                return result
            }
            let report = ScalingReport(sweep: sweep, measured: measured)
            try report.chart.write(sweep.name, to: output, renderer)
            sections.append(report.markdown)
        }
        let text = ScalingReport.page(machine, sections)
        try DurableFile.write(text, to: "\(output)/scaling.md")
        print(text, terminator: "")
    }
}
