import ArgumentParser
import CommandLineSupport
import Foundation
import KernelOperations
import Phidias
import PhidiasRuns

/// The benchmarks, as `phidias bench` starts them.
@main
struct BenchProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phidias-bench",
        abstract: "Measure kernels, training and this machine; results are checked before timing.",
        usage: "phidias bench [<benchmark>] [<options>]",
        discussion: """
            Example:
              phidias bench kernels --filter gemm
            """,
        version: PhidiasVersion.current,
        subcommands: [
            BenchKernels.self, BenchTrain.self, BenchTurns.self, BenchInfer.self,
            BenchConvolution.self,
            BenchScaling.self,
        ],
        defaultSubcommand: BenchKernels.self)

    static func main() { Program.run(Self.self) }
}

struct BenchOptions: ParsableArguments {
    @Option(help: "Seconds for each row of the table, without pauses.")
    var seconds = 1.0
    @OptionGroup var team: ThreadOptions
    @OptionGroup var form: FormatOptions

    func validate() throws {
        guard seconds > 0 && seconds <= 3600 else {
            throw ValidationError("--seconds is \(seconds); it must be above 0 and at most 3600.")
        }
    }

    func show(_ line: String) {
        if form.format == .text { print(line) }
    }

    /// Prints the machine and its limits, then the rows as `body` adds them; as JSON all at the end,
    /// with the members that `also` makes of the rows.
    @discardableResult
    func table(
        of subject: String, against opponents: [String],
        also: ([BenchRow]) -> KeyValuePairs<String, JSON> = { _ in [:] },
        _ body: (Limits, (BenchRow) -> Void) throws -> Void
    ) throws -> [BenchRow] {
        try BenchError.refuseDebugBuild()
        let machine = Machine(threads: try Model.threads(team.threads))
        let limits = try Limits(threads: machine.threads)
        show(machine.text.wrapped(hanging: 2))
        show(limits.text.wrapped(hanging: 2) + "\n")
        show(BenchRow.header(opponents))
        var rows: [BenchRow] = []
        do {
            try body(limits) { row in
                show(row.text)
                rows.append(row)
            }
        } catch let error as WrongResult {
            throw BenchError.wrongResult(error.description)
        }
        let discarded = rows.reduce(0) { $0 + $1.outcome.discarded }
        let samples = rows.reduce(discarded) {
            $0 + ($1.outcome.isPlaced ? $1.outcome.moments.count : 0)
        }
        show("\n" + BenchRow.legend(discarded: discarded, of: samples))
        guard form.format == .json else { return rows }
        let machineMembers = machine.members + [("limits", limits.json)]
        let members: [JSON.Member] =
            [
                .init(key: "subject", value: .string(subject)),
                .init(
                    key: "machine",
                    value: .object(machineMembers.map { .init(key: $0.0, value: $0.1) })),
                .init(key: "seconds", value: .number(seconds)),
                .init(key: "samples", value: .integer(samples)),
                .init(key: "discarded", value: .integer(discarded)),
            ] + also(rows).map { .init(key: $0.key, value: $0.value) }
        print(
            JSON.object(members + [.init(key: "results", value: .array(rows.map(\.json)))]).text())
        return rows
    }
}

/// Why nothing was measured.
enum BenchError: PhidiasError {
    case debugBuild
    case wrongResult(String)

    static func refuseDebugBuild() throws(BenchError) {
        #if DEBUG
            throw .debugBuild
        #endif
    }

    var description: String {
        switch self {
        case .debugBuild:
            "A debug build's times mean nothing: build with 'swift build -c release'."
        case .wrongResult(let what):
            "A result is wrong, so nothing is timed: \(what)"
        }
    }

    var exitCode: Int32 { 70 }
}
