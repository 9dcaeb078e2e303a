import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record training steps, to check other programs against this one.",
        usage: "phidias record --output <file> [<options>]",
        discussion: """
            Trains the first steps of the run that phidias train makes with the same options, and \
            writes a safetensors file of 32-bit floats:
              layers.N.weight        [out, in] at the start
              layers.N.bias          [out] at the start
              indices                [steps, batch] of the training images
              losses                 [steps]
              deltas                 [steps, batch, classes], the gradient of the mean
                                     loss with respect to the logits
              final.layers.N.weight  [out, in] at the end
              final.layers.N.bias    [out] at the end
            Batches are full; learning rate and momentum are constant. Coupled momentum and dropout \
            are refused.

            Example:
              phidias record --data data/mnist --steps 200 --output steps.safetensors
            """)

    @OptionGroup(title: "Data") var source: DataOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Loss and optimizer") var loss: LossOptions
    @OptionGroup(title: "Loss and optimizer") var rates: RateOptions
    @OptionGroup(title: "Length") var length: LengthOptions
    @OptionGroup(title: "Length") var batch: BatchOptions
    @OptionGroup(title: "Length") var recording: StepsOptions
    @OptionGroup(title: "Output") var place: FileOptions
    @OptionGroup(title: "Output") var form: FormatOptions
    @OptionGroup(title: "Output") var team: ThreadOptions

    struct StepsOptions: ParsableArguments {
        @Option(parsing: .unconditional, help: "How many of the run's first steps to record.")
        var steps = 200
    }

    struct FileOptions: ParsableArguments {
        @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
        var output: String
    }

    func run() throws {
        let given = try TrainingSettings(source, network, loss, rates, length, batch)
        let (steps, output, threads) = (recording.steps, place.output, team.threads)
        try given.check()
        let data = try given.loadData().training
        let settings = try given.adapted(to: data)
        let trainer = try settings.trainer(
            settings.startModel(try settings.network(for: data, threads: threads), data),
            threads: threads)
        let record = try trainer.record(on: data, steps: steps, epochs: settings.epochs)
        let file = record.file([
            "data": settings.data.settingText, "seed": String(settings.seed),
            "weights_sha256": record.end.weightsSHA256,
        ])
        try DurableFile.write(file.bytes, to: output)
        switch form.format {
        case .json:
            print(
                JSON.members([
                    "steps": .integer(steps), "loss": .number(Double(record.losses[steps - 1])),
                    "weights_sha256": .string(record.end.weightsSHA256),
                    "network": .string(record.start.network.description),
                    "output": .string(output),
                ]).text())
        case .text:
            let loss = Double(record.losses[steps - 1])
            print(
                TextTable.list([
                    "steps": "\(steps), the last with loss \(loss.fixed(4))",
                    "weights SHA-256": record.end.weightsSHA256,
                    "record": output,
                ]))
        }
    }
}
