import ArgumentParser
import Phidias
import PhidiasRuns

struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record training steps, for checking other programs against this one.",
        discussion: """
            Example:
              phidias record --data data/mnist --hidden 128 --steps 200 \\
                --output steps.safetensors
            Trains the first steps of the run that phidias train makes with the same options, and \
            writes a safetensors file of 32-bit floats: layers.N.weight [out, in] and layers.N.bias \
            [out] at the start, indices [steps, batch] of the training images, losses [steps], \
            deltas [steps, batch, classes] (gradient of the mean loss with respect to the logits), and \
            final.layers.N.weight and final.layers.N.bias. Batches are full, learning rate and \
            momentum constant, and the steps plain; dropout is refused.
            """)

    @OptionGroup(title: "Data") var source: DataOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Loss and optimizer") var loss: LossOptions
    @OptionGroup(title: "Loss and optimizer") var rates: RateOptions
    @OptionGroup(title: "Length") var length: LengthOptions
    @Option(parsing: .unconditional, help: .threads()) var threads: Int?
    @Option(parsing: .unconditional, help: "Steps to record, from the first of the run.")
    var steps = 200
    @Option(help: "The file to write.")
    var output: String
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        let settings = try TrainingSettings(source, network, loss, rates, length)
        try settings.check()
        let data = try settings.data.load(seed: settings.seed).training
        let trainer = try settings.trainer(
            Model(
                network: try settings.network(for: data, threads: threads), seed: settings.seed),
            threads: threads)
        let record = try trainer.record(on: data, steps: steps, epochs: settings.epochs)
        let file = record.file([
            "data": settings.data.settingText, "seed": String(settings.seed),
            "weights_sha256": record.end.weightsSHA256,
        ])
        try DurableFile.write(file.bytes, to: output)
        switch format {
        case .json:
            print(
                JSON.members([
                    "steps": .integer(steps), "loss": .number(Double(record.losses[steps - 1])),
                    "weights_sha256": .string(record.end.weightsSHA256),
                    "network": .string(record.start.network.description),
                    "output": .string(output),
                ]).text())
        case .text:
            print(
                """
                steps           \(steps), the last with loss \(Double(record.losses[steps - 1]).fixed(4))
                weights SHA-256 \(record.end.weightsSHA256)
                record          \(output)
                """)
        }
    }
}
