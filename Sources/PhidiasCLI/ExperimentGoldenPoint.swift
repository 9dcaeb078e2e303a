import ArgumentParser
import Phidias

struct ExperimentGoldenPoint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "golden-point",
        abstract: "Measure where training takes the outputs, and how far they can be trusted.",
        discussion: """
            Trains with each of the three losses and the same options, but for --loss and \
            --validation, which it does not take, and records output signals p \
            and logits z of the training images after each epoch, the parts of the synaptic loss, and \
            the calibration on the test images. Writes golden-point.txt, golden-point.json and charts \
            in SVG. The golden point and the loss are this project's reconstruction (docs/theory.md).

            Example:
              phidias experiment golden-point --data data/mnist --epochs 10 \\
                --output golden-point
            """)

    @OptionGroup var options: TrainOptions
    @Option(help: "Folder for the text, the JSON and the charts.")
    var output = "golden-point"
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        try options.check()
        guard options.logitsBecome == .sigmoid else {
            throw UsageError(description: "The golden point is one of sigmoid outputs.")
        }
        guard options.validation == nil else {
            throw UsageError(description: "The experiment has no use for --validation.")
        }
        guard options.chosenLoss == nil else {
            throw UsageError(description: "The experiment trains with each loss; leave out --loss.")
        }
        let pair = try options.loadData()
        let network = try options.network(for: pair.training)
        let threads = try Model.threads(options.threads)
        let lock = try FolderLock(making: output)
        defer { withExtendedLifetime(lock) {} }
        var report = GoldenPointReport(
            network: network, images: pair.training.count, testImages: pair.test.count,
            record: .init(settings: options.settings, checksums: pair.checksums))
        for name in LossName.allCases {
            let start = try Model(network: network, seed: options.seed)
            let trainer = try options.trainer(start, loss: try name.loss(.sigmoid))
            var epochs = [
                GoldenPointReport.Epoch(
                    0, try OutputSignals(of: start, on: pair.training, threads: threads))
            ]
            try trainer.train(
                on: pair.training, epochs: options.epochs,
                onEpoch: {
                    epochs.append(
                        .init(
                            $0.epoch,
                            try OutputSignals(of: $0.model, on: pair.training, threads: threads)))
                })
            let signals = try OutputSignals(of: trainer.model, on: pair.test, threads: threads)
            report.runs.append(
                .init(
                    loss: name.rawValue, epochs: epochs, strongest: signals.strongest(),
                    every: signals.every(), divergence: signals.divergence))
            Console.say("\(name.rawValue): \(options.epochs) epochs")
        }
        let result = report.result
        try result.write(to: output)
        result.show(format)
    }
}
