import ArgumentParser
import CommandLineSupport
import PhidiasRuns

struct ExperimentGoldenPoint: RankedCommand {
    static let configuration = CommandConfiguration(
        commandName: "golden-point",
        abstract: "Measure where training takes the outputs, and how far they can be trusted.",
        usage: "phidias experiment golden-point [<options>]",
        discussion: """
            Trains with each of the three losses and the same options. Records the output signals p \
            and logits z of the training images after each epoch, the parts of the synaptic loss, and \
            the calibration on the test images. Writes golden-point.txt, golden-point.json and charts \
            in SVG. The golden point and the loss are this project's reconstruction (docs/theory.md).
            The same command continues an interrupted experiment.

            Example:
              phidias experiment golden-point --data data/mnist --output golden-point
            """)

    @OptionGroup(title: "Data") var source: DataOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Optimizer") var rates: RateOptions
    @OptionGroup(title: "Optimizer") var step: StepOptions
    @OptionGroup(title: "Schedule") var schedule: ScheduleOptions
    @OptionGroup(title: "Schedule") var length: LengthOptions
    @OptionGroup(title: "Schedule") var batch: BatchOptions
    @OptionGroup(title: "Augmentation") var augmentation: AugmentationOptions
    @OptionGroup(title: "Output") var place: FolderOptions
    @OptionGroup(title: "Output") var charts: ChartOptions
    @OptionGroup(title: "Output") var form: FormatOptions
    @OptionGroup(title: "Output") var team: ThreadOptions

    struct FolderOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The folder for text, JSON and charts; an experiment in it continues.",
                valueName: "folder"))
        var output = "golden-point"
    }

    func run(over ranks: RankGroup?) throws {
        let experiment = GoldenPointExperiment(
            try TrainingSettings(
                source, network, rates, step, schedule, length, batch, augmentation))
        let renderer = try charts.renderer(over: ranks)
        try runExperiment(form.format) { calls in
            try experiment.run(
                in: place.output, threads: team.threads, ranks: ranks, renderer: renderer,
                onEvent: calls.onEvent,
                shouldStop: calls.shouldStop)
        }
    }
}
