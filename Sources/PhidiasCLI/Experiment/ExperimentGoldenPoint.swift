import ArgumentParser
import PhidiasRuns

struct ExperimentGoldenPoint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "golden-point",
        abstract: "Measure where training takes the outputs, and how far they can be trusted.",
        discussion: """
            Trains with each of the three losses and the same options, and records output signals p \
            and logits z of the training images after each epoch, the parts of the synaptic loss, and \
            the calibration on the test images. Writes golden-point.txt, golden-point.json and charts \
            in SVG. The golden point and the loss are this project's reconstruction (docs/theory.md).

            Example:
              phidias experiment golden-point --data data/mnist --epochs 10 \\
                --output golden-point
            """)

    @OptionGroup(title: "Data") var source: DataOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Optimizer") var rates: RateOptions
    @OptionGroup(title: "Optimizer") var step: StepOptions
    @OptionGroup(title: "Schedule") var schedule: ScheduleOptions
    @OptionGroup(title: "Schedule") var length: LengthOptions
    @OptionGroup(title: "Augmentation of training images") var augmentation: AugmentationOptions
    @Option(parsing: .unconditional, help: .threads()) var threads: Int?
    @Option(help: "Folder for the text, the JSON and the charts.")
    var output = "golden-point"
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        let experiment = GoldenPointExperiment(
            try TrainingSettings(source, network, rates, step, schedule, length, augmentation))
        try experiment.run(in: output, threads: threads, onEvent: ExperimentWatch().show)
            .result.show(format)
    }
}
