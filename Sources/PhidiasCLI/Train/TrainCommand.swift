import ArgumentParser
import Foundation
import Phidias
import PhidiasRuns

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network and write model, metrics and a picture of its filters.",
        discussion: """
            Example:
              phidias train --data data/mnist --hidden 128 --epochs 10 --output runs/mnist
              phidias train --data data/mnist --network dbl-2024 --output runs/convolution
              phidias train --resume runs/mnist
            Writes model.safetensors, metrics.jsonl, run.json, filters.png and checkpoints into the \
            output folder. A run that was interrupted goes on from its last checkpoint with the same \
            bits as if it had never stopped. Ctrl-C writes a checkpoint and ends; twice ends at once.
            """)

    @OptionGroup var options: TrainOptions
    @Option(
        parsing: .unconditional,
        help: .threads(
            " With OMP_DYNAMIC=true fewer while other programs need the CPUs. Never changes a result."
        ))
    var threads: Int?
    @Option(help: "Folder for the results; without it a new one, runs/1, runs/2 and so on.")
    var output: String?
    @Flag(help: "Replace a run that is already in the output folder.")
    var force = false
    @Option(help: "Go on with the run in this folder, with its settings.")
    var resume: String?
    @Flag(help: "With --resume: take other settings than the run's, and record it.")
    var allowChange = false
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        let watch = RunWatch()
        let stop = { Interruption.signal != nil }
        let result: RunResult
        if let resume {
            try checkResuming(resume)
            result = try Run.resume(
                resume, allowingChanges: allowChange, threads: threads,
                change: { try $0.set(options.values) }, onEvent: watch.show, shouldStop: stop)
        } else {
            guard !allowChange else {
                throw UsageError(description: "--allow-change is for --resume RUN.")
            }
            guard !force || output != nil else {
                throw UsageError(
                    description: "--force replaces the run in a folder: give --output FOLDER.")
            }
            let settings = try TrainingSettings(options)
            result =
                if let output {
                    try Run.train(
                        settings, in: output, replacing: force, threads: threads,
                        onEvent: watch.show, shouldStop: stop)
                } else {
                    try Run.train(
                        settings, under: NumberedRuns("runs"), threads: threads,
                        onEvent: watch.show, shouldStop: stop)
                }
        }
        if case .interrupted(let place) = result.end, let signal = Interruption.signal {
            watch.clear()
            Console.say(
                "Stopped by a signal after epoch \(place.epochs), step \(place.steps). Go on with: phidias train --resume \(result.folder.shellQuoted)"
            )
            throw Interrupted(signal: signal)
        }
        report(result)
    }

    private func checkResuming(_ folder: String) throws {
        guard !force else {
            throw UsageError(
                description:
                    "--force replaces a run and --resume goes on with it; give one of them.")
        }
        guard output == nil || output == folder else {
            throw UsageError(
                description: "--resume goes on in the run's own folder; leave out --output.")
        }
    }

    private func report(_ run: RunResult) {
        guard let test = run.result?.test ?? run.metrics.last?.test else { return }
        let rate = Double(run.trainedImages) / max(run.seconds, 1e-9)
        switch format {
        case .json:
            print(
                JSON.members([
                    "test_accuracy": .number(test.accuracy), "test_loss": .number(test.loss),
                    "epochs": .integer(run.metrics.count), "seconds": .number(run.seconds),
                    "images_per_second": .number(rate),
                    "weights_sha256": .string(run.model.weightsSHA256),
                    "threads": .integer(run.threads), "kernels": .string(Model.kernels),
                    "network": .string(run.model.network.description),
                    "loss": .string(run.loss), "output": .string(run.folder),
                ]).text())
        case .text:
            let filters = "\(run.folder)/filters.png"
            print(
                """
                test accuracy   \(test.accuracy.percent) %
                test loss       \(test.loss.fixed(4))
                training time   \(run.seconds.fixed(2)) s, \(Int(rate)) images/s
                weights SHA-256 \(run.model.weightsSHA256)
                model           \(run.folder)/model.safetensors
                filters         \(access(filters, F_OK) == 0 ? filters : "too many for a picture")
                """)
        }
    }
}
