import ArgumentParser
import Phidias

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
            deltas [steps, batch, classes] (gradient of the mean loss by the logits), and \
            final.layers.N.weight and final.layers.N.bias. Batches are full, learning rate and \
            momentum constant, and the steps plain: --validation, decay, Nesterov, clipping, \
            augmentation and dropout are refused.
            """)

    @OptionGroup var options: TrainOptions
    @Option(parsing: .unconditional, help: "Steps to record, from the first of the run.")
    var steps = 200
    @Option(help: "The file to write.")
    var output: String
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        try options.check()
        if options.validation != nil {
            throw UsageError(
                description: "A record's indices count all training images: leave out --validation."
            )
        }
        let data = try options.loadData().training
        let trainer = try options.trainer(
            Model(network: try options.network(for: data), seed: options.seed))
        let record = try trainer.record(on: data, steps: steps, epochs: options.epochs)
        let file = record.file([
            "data": options.data.map(TrainOptions.recorded) ?? "synthetic",
            "seed": String(options.seed),
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
