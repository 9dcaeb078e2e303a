import ArgumentParser
import CommandLineSupport
import PhidiasRuns

struct ExperimentOptimizers: RankedCommand {
    static let configuration = CommandConfiguration(
        commandName: "optimizers",
        abstract: "Compare the golden pair with textbook SGD, the fast recipe, Adam and AdamW.",
        usage: "phidias experiment optimizers [<options>]",
        discussion: """
            Trains with the golden pair, with 0.01 and 0.9, with --preset fast, and with Adam and AdamW at \
            their defaults, each with the synaptic and the cross-entropy loss, for every batch size, over \
            several seeds, and looks at the test accuracy after every budget of epochs. Nothing is \
            tuned. The comparisons are stated before the first run: golden against each other recipe, \
            paired t-tests over seeds with Holm's correction. The synaptic loss is this project's \
            reconstruction (docs/theory.md).

            Each finished run is a line of results.jsonl in the output folder; the same command continues \
            an interrupted experiment.

            Example:
              phidias experiment optimizers --data data/mnist --budgets 1,3,10
            """)

    @OptionGroup(title: "Data") var source: DataOptions
    @OptionGroup(title: "Data") var validation: ValidationOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
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
        var seeds = 5
        @Option(
            help: ArgumentHelp(
                "After how many epochs to compare, ascending.", valueName: "list"))
        var budgets = "1,2,3,5,10,20,30"
        @Option(
            help: ArgumentHelp("The numbers of images of a step, ascending.", valueName: "list"))
        var batchSizes = "16,64,256"
    }

    struct PlaceOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The folder for results, text, JSON and a chart; an experiment in it continues.",
                valueName: "folder"))
        var output = "optimizers"
    }

    func run(over ranks: RankGroup?) throws {
        var experiment = OptimizersExperiment(
            try TrainingSettings(source, validation, network, augmentation))
        experiment.seeds = comparison.seeds
        experiment.budgets = try Self.numbers(comparison.budgets, "--budgets")
        experiment.batchSizes = try Self.numbers(comparison.batchSizes, "--batch-sizes")
        let renderer = try charts.renderer(over: ranks)
        try runExperiment(form.format) { calls in
            try experiment.run(
                in: place.output, jobs: runs.jobs, ranks: ranks, renderer: renderer,
                onEvent: calls.onEvent,
                shouldStop: calls.shouldStop)
        }
    }

    private static func numbers(_ text: String, _ option: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let number = Int(part.filter { $0 != " " }) else {
                throw UsageError(
                    description:
                        "\(option) takes whole numbers with commas between them, not '\(text)'.")
            }
            return number
        }
    }
}
