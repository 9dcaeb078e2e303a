import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Replay a run, and say whether it gives the same bits.",
        usage: "phidias verify <run> [<options>]",
        discussion: """
            Trains again from run.json, and compares every metric of every epoch and the final \
            weights, bit for bit; nothing is written. The models of a run that was stopped may be \
            from a later epoch than its metrics.

            Exits with 0 if everything is equal, with 1 if not (the first difference in each file is \
            shown), and with 65 if the data is not the run's.

            Example:
              phidias verify runs/mnist
            """)

    @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"))
    var path: String
    @Option(
        help: ArgumentHelp(
            "The folder of the data, if it is no longer where the run had it.",
            valueName: "folder"))
    var data: String?
    @OptionGroup var team: ThreadOptions
    @OptionGroup var form: FormatOptions

    func run() throws {
        var bar = ProgressBar()
        let outcome = try Run.verify(
            path, data: data.map { try DataPair(directory: $0) }, threads: team.threads,
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
        switch form.format {
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
                let epochs = outcome.epochs.counted("epoch")
                print(
                    TextTable.list([
                        "equal": "all metrics of \(epochs)\(part) and the weights, bit for bit"
                            .besideName,
                        "weights SHA-256": outcome.weightsSHA256,
                    ]))
            } else {
                print("not equal\(part)")
                for difference in outcome.differences { print("  \(difference)") }
            }
        }
    }
}
