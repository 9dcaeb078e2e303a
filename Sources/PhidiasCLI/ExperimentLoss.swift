import ArgumentParser
import Phidias

struct ExperimentLoss: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loss",
        abstract: "Compare the three losses, each with golden, textbook and plain SGD settings.",
        discussion: """
            Trains every loss with golden parameters, with 0.01 and 0.9, and without momentum at the \
            learning rate of --rates that is best on validation images (with seeds of their own), over \
            --seeds seeds. Test accuracy is only reported. The comparisons are listed before the first \
            run: paired t over seeds with Holm's correction, and permutation tests where they can be \
            significant at all. --loss, --learning-rate, --momentum and --threads are the experiment's \
            own to choose. The synaptic loss is this project's reconstruction (docs/theory.md). \
            Each finished run is a line of results.jsonl in the output folder; the same command goes \
            on where an interrupted one ended.

            Example:
              phidias experiment loss --data data/mnist --epochs 20 --batch-size 16 \\
                --output loss
            """)

    @OptionGroup var options: TrainOptions
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
        try check()
        Workers.keepFromBinding()
        let jobs = try Model.threads(jobs)
        let data = try options.loadData()
        let experiment = LossExperiment(
            options: options, seeds: seeds, tuningSeeds: tuningSeeds, rates: try checkedRates(),
            checksums: data.checksums)
        let search = experiment.search()
        let split = try SweepSplit(data.training, search, seed: options.seed, fold: 0)
        _ = try options.network(for: split.training)
        let folder = SweepFolder(output)
        try folder.open(search.document)
        let (found, log) = try folder.results(of: experiment.possibleCells)
        Console.say("Compared over \(seeds) seeds, by final test accuracy:")
        for comparison in experiment.comparisons { Console.say("  \(comparison.title)") }
        Console.say(
            "\(experiment.rates.count) learning rates of plain gradient descent, \(tuningSeeds) seeds"
        )
        let searched = try SweepRunner(search, data, log, threads: 1, results: found)
            .run(jobs: jobs)
        let best = try experiment.bestRates(searched)
        let plan = experiment.plan(best: best)
        Console.say("\(experiment.arms.count) arms, \(seeds) seeds")
        let results = try SweepRunner(plan, data, log, threads: 1, results: searched)
            .run(jobs: jobs)
        log.close()
        let result = try LossReport(experiment, best, results).result
        try result.write(to: output)
        result.show(format)
    }

    private func check() throws {
        try options.check()
        let usual = try TrainOptions.parse([])
        for (name, isUsual) in [
            ("loss", options.chosenLoss == nil),
            ("learning-rate", options.learningRate == usual.learningRate),
            ("momentum", options.momentum == usual.momentum),
            ("threads", options.threads == nil),
        ] where !isUsual {
            throw UsageError(
                description: "The experiment chooses --\(name) itself; leave it out.")
        }
        guard options.logitsBecome == .sigmoid else {
            throw UsageError(
                description:
                    "The mean-square loss needs sigmoid outputs: give a network with them."
            )
        }
        guard options.epochs <= LossExperiment.mostEpochs else {
            throw UsageError(
                description:
                    "--epochs \(options.epochs): the experiment keeps at most \(LossExperiment.mostEpochs)."
            )
        }
        for (name, value, least) in [("seeds", seeds, 2), ("tuning-seeds", tuningSeeds, 1)]
        where !(least...10_000).contains(value) {
            throw UsageError(description: "--\(name) \(value): give \(least) to 10000.")
        }
        guard !options.seed.addingReportingOverflow(UInt64(seeds + tuningSeeds)).overflow else {
            throw UsageError(description: "--seed \(options.seed) has too few seeds above it.")
        }
    }

    private func checkedRates() throws -> [String] {
        let texts = rates.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let values = try texts.map { text in
            try LearningRate.base(text)
        }
        guard zip(values, values.dropFirst()).allSatisfy(<) else {
            throw UsageError(description: "--rates '\(rates)': give ascending learning rates.")
        }
        return texts
    }
}
