import ArgumentParser
import Phidias
import PhidiasRuns

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Replay a run, and say whether it gives the same bits.",
        discussion: """
            Example:
              phidias verify runs/mnist
            Trains again as run.json says, and compares every metric of every epoch and the final \
            weights, bit for bit; nothing is written. The models of a run that was stopped may be \
            those of a later epoch than its metrics. Ends with code 0 if all are equal, 1 if not \
            (the first difference of each file is named), and 65 if the data is not the run's.
            """)

    @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"))
    var path: String
    @Option(help: "Folder of the data, if it is no longer where the run had it.")
    var data: String?
    @Option(parsing: .unconditional, help: .threads())
    var threads: Int?
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        var bar = ProgressBar()
        let outcome = try Run.verify(
            path, data: data.map { try DataPair(directory: $0) }, threads: threads,
            onStart: { network, epochs, threads in
                Console.say(
                    "Replaying \(epochs.counted("epoch")) of \(network) with \(threads.counted("thread")), \(Model.kernels) kernels."
                )
            },
            onProgress: { step in
                bar.update(
                    (step.epoch - 1) * step.imagesPerEpoch + step.images,
                    of: step.imagesPerEpoch * step.epochs,
                    label: "replaying epoch \(step.epoch)/\(step.epochs)")
            })
        bar.clear()
        report(outcome)
        if !outcome.isEqual { throw ExitCode(1) }
    }

    private func report(_ outcome: Verification) {
        switch format {
        case .json:
            print(
                JSON.members([
                    "equal": .bool(outcome.isEqual), "run": .string(path),
                    "epochs": .integer(outcome.epochs), "finished": .bool(outcome.isFinished),
                    "weights_sha256": .string(outcome.weightsSHA256),
                    "phidias": .string(outcome.program), "threads": .integer(outcome.threads),
                    "kernels": .string(Model.kernels),
                    "differences": .array(outcome.differences.map(\.json)),
                ]).text())
        case .text:
            let part = outcome.isFinished ? "" : " (the run is not finished)"
            if outcome.isEqual {
                print(
                    """
                    equal           all metrics of \(outcome.epochs.counted("epoch"))\(part), and the weights, bit for bit
                    weights SHA-256 \(outcome.weightsSHA256)
                    """)
            } else {
                print("not equal\(part)")
                for difference in outcome.differences { print("  \(difference)") }
            }
        }
    }
}
