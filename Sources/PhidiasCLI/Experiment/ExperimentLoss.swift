import ArgumentParser
import CommandLineSupport
import PhidiasRuns

struct ExperimentLoss: RankedCommand {
    static let configuration = CommandConfiguration(
        commandName: "loss",
        abstract: "Compare the three losses, each with golden, textbook and plain SGD settings.",
        usage: "phidias experiment loss [<options>]",
        discussion: """
            Trains with every loss, over several seeds: with the golden parameters, with 0.01 and 0.9, \
            and without momentum at the learning rate of --rates that is best on the validation images \
            of other seeds. Test accuracy is only reported.

            The comparisons are listed before the first run: paired t-tests over seeds with Holm's \
            correction, and permutation tests where they can be significant at all. The synaptic loss \
            is this project's reconstruction (docs/theory.md). Each finished run is a line of \
            results.jsonl in the output folder; the same command continues an interrupted experiment.

            Example:
              phidias experiment loss --data data/mnist --epochs 20 --batch-size 16
            """)

    @OptionGroup(title: "Data") var source: DataOptions
    @OptionGroup(title: "Data") var validation: ValidationOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Optimizer") var step: StepOptions
    @OptionGroup(title: "Schedule") var schedule: ScheduleOptions
    @OptionGroup(title: "Schedule") var length: LengthOptions
    @OptionGroup(title: "Schedule") var batch: BatchOptions
    @OptionGroup(title: "Augmentation") var augmentation: AugmentationOptions
    @OptionGroup(title: "Comparison") var comparison: ComparisonOptions
    @OptionGroup(title: "Output") var place: PlaceOptions
    @OptionGroup(title: "Output") var runs: RunJobsOptions
    @OptionGroup(title: "Output") var charts: ChartOptions
    @OptionGroup(title: "Output") var form: FormatOptions

    struct ComparisonOptions: ParsableArguments {
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "The number of seeds to compare, from --seed up.", valueName: "count"))
        var seeds = 10
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "The number of seeds after them that choose the learning rates.",
                valueName: "count"))
        var tuningSeeds = 3
        @Option(
            help: ArgumentHelp(
                "The learning rates to try for plain gradient descent.", valueName: "list"))
        var rates = "0.01,0.03,0.1,0.3,1,3,10"
    }

    struct PlaceOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The folder for results, text, JSON and charts; an experiment in it continues.",
                valueName: "folder"))
        var output = "loss"
    }

    func run(over ranks: RankGroup?) throws {
        var experiment = LossExperiment(
            try TrainingSettings(
                source, validation, network, step, schedule, length, batch, augmentation))
        (experiment.seeds, experiment.tuningSeeds) = (comparison.seeds, comparison.tuningSeeds)
        experiment.rates = comparison.rates.split(separator: ",", omittingEmptySubsequences: false)
            .map {
                String($0)
            }
        let renderer = try charts.renderer(over: ranks)
        try runExperiment(form.format) { calls in
            try experiment.run(
                in: place.output, jobs: runs.jobs, ranks: ranks, renderer: renderer,
                onEvent: calls.onEvent,
                shouldStop: calls.shouldStop)
        }
    }
}
