import ArgumentParser
import Phidias
import PhidiasRuns

struct ExperimentLoss: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loss",
        abstract: "Compare the three losses, each with golden, textbook and plain SGD settings.",
        discussion: """
            Trains every loss with golden parameters, with 0.01 and 0.9, and without momentum at the \
            learning rate of --rates that is best on validation images (with seeds of their own), over \
            --seeds seeds. Test accuracy is only reported. The comparisons are listed before the first \
            run: paired t over seeds with Holm's correction, and permutation tests where they can be \
            significant at all. The synaptic loss is this project's reconstruction (docs/theory.md). \
            Each finished run is a line of results.jsonl in the output folder; the same command goes \
            on where an interrupted one ended.

            Example:
              phidias experiment loss --data data/mnist --epochs 20 --batch-size 16 \\
                --output loss
            """)

    @OptionGroup(title: "Data") var source: DataOptions
    @OptionGroup(title: "Data") var validation: ValidationOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Optimizer") var step: StepOptions
    @OptionGroup(title: "Schedule") var schedule: ScheduleOptions
    @OptionGroup(title: "Schedule") var length: LengthOptions
    @OptionGroup(title: "Augmentation of training images") var augmentation: AugmentationOptions
    @Option(parsing: .unconditional, help: "Seeds that are compared, from --seed up.")
    var seeds = 10
    @Option(parsing: .unconditional, help: "Seeds after them that choose the learning rates.")
    var tuningSeeds = 3
    @Option(help: "Learning rates for plain gradient descent.")
    var rates = "0.01,0.03,0.1,0.3,1,3,10"
    @Option(
        parsing: .unconditional, help: "Runs at a time, a thread each; without it, all threads.")
    var jobs: Int?
    @Option(help: "Folder for results, text, JSON and charts; an experiment in it goes on.")
    var output = "loss"
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        var experiment = LossExperiment(
            try TrainingSettings(
                source, validation, network, step, schedule, length, augmentation))
        (experiment.seeds, experiment.tuningSeeds) = (seeds, tuningSeeds)
        experiment.rates = rates.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0)
        }
        let watch = ExperimentWatch()
        let report = try experiment.run(
            in: output, jobs: jobs, onEvent: { watch.show($0) },
            shouldStop: { Interruption.signal != nil })
        watch.sweep.clear()
        guard let report else {
            Console.say("Stopped by a signal. The same command goes on.")
            throw Interrupted(signal: Interruption.signal ?? 0)
        }
        try report.result.show(format)
    }
}
