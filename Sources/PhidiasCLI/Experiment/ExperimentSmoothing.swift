import ArgumentParser
import PhidiasRuns

struct ExperimentSmoothing: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smoothing",
        abstract: "Measure how momentum smooths: noise, memory, frequencies, curvature, loss.",
        discussion: """
            Trains as phidias train does with the same options, and records gradient and velocity of \
            every step. Learning rate and momentum are constant, the steps plain and the images as \
            they are; dropout is refused. Then trains at other momentum weights with the same effective learning rate. \
            Writes smoothing.txt, smoothing.json and charts in SVG. The comparisons are this \
            project's own (docs/theory.md).

            Example:
              phidias experiment smoothing --data data/mnist --epochs 5 --output smoothing
            """)

    @OptionGroup(title: "Data") var source: DataOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Loss and optimizer") var loss: LossOptions
    @OptionGroup(title: "Loss and optimizer") var rates: RateOptions
    @OptionGroup(title: "Length") var length: LengthOptions
    @Option(parsing: .unconditional, help: .threads()) var threads: Int?
    @Option(
        help:
            "Layers to watch, such as 0,1, counted from 0 among those with weights; without it, all."
    )
    var layers: String?
    @Option(help: "Momentum weights to compare at the same η/(1 − α).")
    var momenta = "0,0.2,0.4,0.6,0.8,golden,0.9,0.95,0.99"
    @Option(parsing: .unconditional, help: "Epochs of each run of that comparison.")
    var roughnessEpochs = 2
    @Option(parsing: .unconditional, help: "Images over which the curvature is measured.")
    var curvatureImages = 2000
    @Option(parsing: .unconditional, help: "Steps an epoch at which the curvature is measured.")
    var curvatureSteps = 24
    @Option(help: "Folder for the text, the JSON and the charts.")
    var output = "smoothing"
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        var experiment = SmoothingExperiment(
            try TrainingSettings(source, network, loss, rates, length))
        experiment.layers = try layers.map { text in
            try list(text).map {
                guard let layer = Int($0) else {
                    throw UsageError(
                        description: "--layers '\(text)': give numbers such as 0,1.")
                }
                return layer
            }
        }
        experiment.momenta = list(momenta)
        (experiment.roughnessEpochs, experiment.curvatureImages, experiment.curvatureSteps) = (
            roughnessEpochs, curvatureImages, curvatureSteps
        )
        try experiment.run(in: output, threads: threads, onEvent: ExperimentWatch().show)
            .result().show(format)
    }

    private func list(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }
}
