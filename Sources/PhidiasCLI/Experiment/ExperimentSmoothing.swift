import ArgumentParser
import CommandLineSupport
import PhidiasRuns

struct ExperimentSmoothing: RankedCommand {
    static let configuration = CommandConfiguration(
        commandName: "smoothing",
        abstract: "Measure how momentum smooths: noise, memory, frequencies, curvature, loss.",
        usage: "phidias experiment smoothing [<options>]",
        discussion: """
            Trains as phidias train does with the same options, and records gradient and velocity at \
            every step, which it shows for one weight. Then trains with other momentum weights at the \
            same effective learning rate. Writes smoothing.txt, smoothing.json and charts in SVG. \
            Coupled momentum and dropout are refused. The comparisons are this project's own \
            (docs/theory.md). The same command continues an interrupted experiment.

            Example:
              phidias experiment smoothing --data data/mnist --epochs 5
            """)

    @OptionGroup(title: "Data") var source: DataOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Loss and optimizer") var loss: LossOptions
    @OptionGroup(title: "Loss and optimizer") var rates: RateOptions
    @OptionGroup(title: "Length") var length: LengthOptions
    @OptionGroup(title: "Length") var batch: BatchOptions
    @OptionGroup(title: "Measurement") var measurement: MeasurementOptions
    @OptionGroup(title: "Output") var place: FolderOptions
    @OptionGroup(title: "Output") var charts: ChartOptions
    @OptionGroup(title: "Output") var form: FormatOptions
    @OptionGroup(title: "Output") var team: ThreadOptions

    struct MeasurementOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The layers to watch, such as 0,1, counted from 0 among those with weights. (default: all)",
                valueName: "list"))
        var layers: String?
        @Option(
            help: ArgumentHelp(
                "The momentum weights to compare at the same η/(1 − α).", valueName: "list"))
        var momenta = "0,0.2,0.4,0.6,0.8,golden,0.9,0.95,0.99"
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp("Epochs of each run of that comparison.", valueName: "epochs"))
        var roughnessEpochs = 2
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Images over which the curvature is measured.", valueName: "images"))
        var curvatureImages = 2000
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Steps per epoch at which the curvature is measured.", valueName: "steps"))
        var curvatureSteps = 24
    }

    struct FolderOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The folder for text, JSON and charts; an experiment in it continues.",
                valueName: "folder"))
        var output = "smoothing"
    }

    func run(over ranks: RankGroup?) throws {
        var experiment = SmoothingExperiment(
            try TrainingSettings(source, network, loss, rates, length, batch))
        experiment.layers = try measurement.layers.map { text in
            try list(text).map {
                guard let layer = Int($0) else {
                    throw UsageError(
                        description: "--layers '\(text)' is not a list of numbers, such as 0,1.")
                }
                return layer
            }
        }
        experiment.momenta = list(measurement.momenta)
        (experiment.roughnessEpochs, experiment.curvatureImages, experiment.curvatureSteps) = (
            measurement.roughnessEpochs, measurement.curvatureImages, measurement.curvatureSteps
        )
        let renderer = try charts.renderer(over: ranks)
        try runExperiment(form.format) { calls in
            try experiment.run(
                in: place.output, threads: team.threads, ranks: ranks, renderer: renderer,
                onEvent: calls.onEvent,
                shouldStop: calls.shouldStop)
        }
    }

    private func list(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }
}
