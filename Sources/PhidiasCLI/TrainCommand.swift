import ArgumentParser
import Foundation
import Phidias

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network and write model, metrics and a picture of its filters.",
        discussion: """
            Example:
              phidias train --data data/mnist --hidden 128 --epochs 10 --output runs/mnist
            Writes model.safetensors, metrics.jsonl, run.json and filters.png into the output folder.
            """)

    @OptionGroup var options: TrainOptions
    @Option(help: "Folder for the results.")
    var output = "runs/latest"
    @Flag(help: "Replace a run that is already in the output folder.")
    var force = false
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        try options.check()
        let run = try RunFolder(output, force: force)
        let pair = try options.loadData()
        var training = pair.training
        var validation: Dataset?
        if let share = options.validation {
            let parts = try training.stratifiedSplit(fraction: share, seed: options.seed)
            (training, validation) = (parts.training, parts.validation)
        }
        let network = try options.network(for: training)
        guard options.batchSize <= training.count else {
            throw TrainingError.batchSize(options.batchSize, images: training.count)
        }
        try run.create()
        let trainer = try Trainer(
            model: Model(network: network, seed: options.seed),
            loss: try options.loss.loss(options.outputActivation),
            optimizer: try options.optimizer(), batchSize: options.batchSize, seed: options.seed,
            threads: options.threads)
        Console.say(
            "\(network), \(trainer.loss.name) loss, \(training.count) images, batch \(options.batchSize), \(trainer.threads) threads, \(Model.kernels) kernels"
        )
        let begin = { model in
            try run.begin(model, options, trainer, checksums: pair.checksums)
        }
        let test = try train(trainer, training, validation, pair.test, run, begin)
        try report(trainer, training, test, run)
    }

    private func train(
        _ trainer: Trainer, _ training: Dataset, _ validation: Dataset?, _ test: Dataset,
        _ run: RunFolder, _ begin: @escaping (Model) throws -> Void
    ) throws -> Evaluation? {
        var last: Evaluation?
        var finished = 0
        var bar = ProgressBar(total: training.count, label: "epoch 1")
        var seen = 0
        do {
            try trainer.train(
                on: training, epochs: options.epochs,
                onStep: { step in
                    seen += step.images
                    bar.update(seen)
                },
                onEpoch: { epoch in
                    bar.clear()
                    let tested = try epoch.model.evaluate(
                        test, loss: trainer.loss, threads: trainer.threads)
                    let validated = try validation.map {
                        try epoch.model.evaluate($0, loss: trainer.loss, threads: trainer.threads)
                    }
                    if finished == 0 {
                        try begin(epoch.model)
                    } else {
                        try run.save(epoch.model, loss: trainer.loss)
                    }
                    try run.add(epoch, test: tested, validation: validated)
                    (last, finished) = (tested, epoch.epoch)
                    let rate = Int(Double(training.count) / epoch.seconds)
                    let extra =
                        validated.map { ", validation \(($0.accuracy * 100).fixed(2)) %" } ?? ""
                    Console.say(
                        "epoch \(epoch.epoch)/\(options.epochs): loss \(epoch.trainingLoss.fixed(4)), test \((tested.accuracy * 100).fixed(2)) %\(extra), \(epoch.seconds.fixed(2)) s, \(rate) images/s"
                    )
                    bar = ProgressBar(total: training.count, label: "epoch \(epoch.epoch + 1)")
                    seen = 0
                })
        } catch let error as TrainingError {
            bar.clear()
            if finished > 0 {
                Console.say(
                    "\(run.path("model.safetensors")) is the model of epoch \(finished), the last good one."
                )
            } else if run.replaces {
                Console.say("\(output) still holds the run before: no epoch was finished.")
            } else {
                try begin(trainer.model)
                Console.say("\(run.path("model.safetensors")) is untrained: no epoch was finished.")
            }
            throw error
        }
        return last
    }

    private func report(
        _ trainer: Trainer, _ training: Dataset, _ test: Evaluation?, _ run: RunFolder
    ) throws {
        guard let test else { return }
        let isDrawn = try run.draw(trainer.model)
        let filters = isDrawn ? run.path("filters.png") : "too many for a picture"
        let images = training.count * options.epochs
        let rate = Double(images) / trainer.seconds
        switch format {
        case .json:
            print(
                JSON.members([
                    "test_accuracy": .number(test.accuracy), "test_loss": .number(test.loss),
                    "epochs": .integer(options.epochs), "seconds": .number(trainer.seconds),
                    "images_per_second": .number(rate),
                    "weights_sha256": .string(trainer.model.weightsSHA256),
                    "threads": .integer(trainer.threads), "kernels": .string(Model.kernels),
                    "network": .string(trainer.model.network.description),
                    "loss": .string(trainer.loss.name), "output": .string(output),
                ]).text())
        case .text:
            print(
                """
                test accuracy   \((test.accuracy * 100).fixed(2)) %
                test loss       \(test.loss.fixed(4))
                training time   \(trainer.seconds.fixed(2)) s, \(Int(rate)) images/s
                weights SHA-256 \(trainer.model.weightsSHA256)
                model           \(run.path("model.safetensors"))
                filters         \(filters)
                """)
        }
    }
}
