import ArgumentParser
import CommandLineSupport
import FoundationEssentials
import Glibc
import Phidias
import PhidiasRuns

struct TrainCommand: RankedCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network; write the model, metrics and a picture of its filters.",
        usage: "phidias train [<options>]",
        discussion: """
            Writes model.safetensors, metrics.jsonl, run.json, filters.png and checkpoints into the \
            output folder. An interrupted run continues from its last checkpoint and gives the same \
            bits as if it had never stopped. Ctrl-C writes a checkpoint and ends the run; a second \
            one ends it at once.

            Examples:
              phidias train --data data/mnist --hidden 128 --output runs/mnist
              phidias train --data data/mnist --network dbl-2024
              phidias train --resume runs/mnist
              phidias train --data data/mnist --tensorboard boards/mnist
            """)

    @OptionGroup var options: TrainOptions
    @OptionGroup(title: "Output") var place: PlaceOptions
    @OptionGroup(title: "Output") var board: BoardOptions
    @OptionGroup(title: "Output") var form: FormatOptions
    @OptionGroup(title: "Output") var team: ThreadOptions

    /// Where the run is.
    struct PlaceOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The folder for the results. (default: a new one, runs/1, runs/2 and so on)",
                valueName: "folder"))
        var output: String?
        @Flag(help: "Replace the run that is in the output folder.")
        var force = false
        @Option(
            help: ArgumentHelp(
                "Continue the run in this folder, with its settings.", valueName: "folder"))
        var resume: String?
        @Flag(help: "With --resume: allow other settings than the run's, and record the change.")
        var allowChange = false
    }

    /// What TensorBoard shows.
    struct BoardOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "Write files that TensorBoard shows into this folder.", valueName: "folder"))
        var tensorboard: String?
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "With --tensorboard: steps between two pictures of filters and histograms of weights; numbers come ten times as often. (default: \(TensorBoardLog.usualInterval))",
                valueName: "steps"))
        var tensorboardEvery: Int?

        /// Steps between two events with the model; nil for none.
        var weightsEvery: Int? {
            tensorboard == nil ? nil : tensorboardEvery ?? TensorBoardLog.usualInterval
        }

        func log() throws -> TensorBoardLog? {
            guard let tensorboard else {
                guard tensorboardEvery == nil else {
                    throw UsageError(
                        description: "--tensorboard-every needs --tensorboard with a folder.")
                }
                return nil
            }
            return try TensorBoardLog(
                in: tensorboard, every: weightsEvery ?? TensorBoardLog.usualInterval
            ) { Console.say("\($0.description) Training goes on without TensorBoard's files.") }
        }
    }

    func run(over ranks: RankGroup?) throws {
        let (output, resume, threads) = (place.output, place.resume, team.threads)
        let watch = RunWatch()
        let stop = { Interruption.signal != nil }
        let log: TensorBoardLog?
        // Another rank than the first has neither events nor files.
        func openLog() throws -> TensorBoardLog? {
            ranks?.isFirst ?? true ? try board.log() : nil
        }
        func show(_ event: RunEvent) {
            watch.show(event)
            log?.add(event)
        }
        let result: RunResult
        if let resume {
            try checkResuming(resume)
            log = try openLog()
            result = try Run.resume(
                resume, allowingChanges: place.allowChange, threads: threads,
                weightsEvery: board.weightsEvery, ranks: ranks, change: options.apply,
                onEvent: show, shouldStop: stop)
        } else {
            guard !place.allowChange else {
                throw UsageError(
                    description: "--allow-change needs --resume with the folder of a run.")
            }
            guard !place.force || output != nil else {
                throw UsageError(
                    description:
                        "--force replaces the run in a folder: name the folder with --output.")
            }
            var settings = TrainingSettings()
            try options.apply(to: &settings)
            log = try openLog()
            result =
                if let output {
                    try Run.train(
                        settings, in: output, replacing: place.force, threads: threads,
                        weightsEvery: board.weightsEvery, ranks: ranks, onEvent: show,
                        shouldStop: stop)
                } else {
                    try Run.train(
                        settings, under: NumberedRuns("runs"), threads: threads,
                        weightsEvery: board.weightsEvery, ranks: ranks, onEvent: show,
                        shouldStop: stop)
                }
        }
        if case .interrupted(let place) = result.end {
            // It may have come to another rank.
            let signal = Interruption.signal ?? SIGTERM
            watch.clear()
            Console.say(
                "Stopped by a signal after epoch \(place.epochs), step \(place.steps). Continue with: phidias train --resume \(result.folder.shellQuoted)"
            )
            throw Interrupted(signal: signal)
        }
        report(result)
    }

    private func checkResuming(_ folder: String) throws {
        guard !place.force else {
            throw UsageError(
                description:
                    "--force replaces a run, and --resume continues it: give only one of them.")
        }
        guard place.output == nil || place.output == folder else {
            throw UsageError(
                description: "--resume continues in the run's own folder: leave out --output.")
        }
    }

    private func report(_ run: RunResult) {
        guard let test = run.result?.test ?? run.metrics.last?.test else { return }
        let rate = Double(run.trainedImages) / max(run.seconds, 1e-9)
        switch form.format {
        case .json:
            let score = test.members("test").sorted { $0.key < $1.key }
            let facts: JSON =
                .members([
                    "epochs": .integer(run.metrics.count), "seconds": .number(run.seconds),
                    "images_per_second": .number(rate),
                    "weights_sha256": .string(run.model.weightsSHA256),
                    "threads": .integer(run.threads), "kernels": .string(Model.kernels),
                    "network": .string(run.model.network.description),
                    "loss": .string(run.loss), "output": .string(run.folder),
                ])
            print(JSON.object(score + (facts.objectValue ?? [])).text())
        case .text:
            let filters = "\(run.folder)/filters.png"
            let quality: KeyValuePairs<String, String> =
                if let accuracy = test.accuracy {
                    ["test accuracy": "\(accuracy.percent) %"]
                } else {
                    [
                        "test R²": test.r2.map { $0.fixed(4) } ?? "–",
                        "absolute error": test.meanAbsoluteError.map { $0.digits(4) } ?? "–",
                    ]
                }
            print(TextTable.list(quality))
            print(
                TextTable.list([
                    "test loss": test.loss.fixed(4),
                    "training time": "\(run.seconds.fixed(2)) s, \(Int(clamping: rate)) images/s",
                    "weights SHA-256": run.model.weightsSHA256,
                    "model": "\(run.folder)/model.safetensors",
                    "filters": access(filters, F_OK) == 0 ? filters : "too many for a picture",
                ]))
        }
    }
}
