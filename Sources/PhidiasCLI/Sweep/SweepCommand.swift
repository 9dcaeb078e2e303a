import ArgumentParser
import CommandLineSupport
import FoundationEssentials
import Glibc
import Phidias
import PhidiasRuns

extension SweepPreset: ExpressibleByArgument {}

struct SweepCommand: RankedCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Train a grid of settings, and rank them by validation accuracy.",
        usage: "phidias sweep [<options>]",
        discussion: """
            Every setting takes a list with commas between its values; networks, hidden units and \
            schedules, which may contain commas, take semicolons. An option may also be repeated.

            Each finished cell is a line of results.jsonl in the output folder, written at once; the \
            same command continues an interrupted sweep. Each cell runs on one thread, and as many \
            cells run at a time as there are threads: they never wait for each other.

            Examples:
              phidias sweep --data data/mnist --learning-rate 0.001,golden,0.1 \\
                --momentum 0,golden,0.9 --folds 5 --epochs 5 --output sweeps/grid
              phidias sweep --preset paper-2024 --data data/mnist --folds 10 \\
                --output sweeps/pairs
              phidias sweep --preset paper-2024-full --data data/mnist --first-folds 1 \\
                --output sweeps/paper
            """)

    @OptionGroup(title: "Data") var source: SourceOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Loss and optimizer") var loss: LossOptions
    @OptionGroup(title: "Loss and optimizer") var targets: TargetOptions
    @OptionGroup(title: "Loss and optimizer") var optimizer: OptimizerOptions
    @OptionGroup(title: "Loss and optimizer") var rates: RateOptions
    @OptionGroup(title: "Loss and optimizer") var step: StepOptions
    @OptionGroup(title: "Schedule") var schedule: ScheduleOptions
    @OptionGroup(title: "Schedule") var length: LengthOptions
    @OptionGroup(title: "Schedule") var batch: BatchOptions
    @OptionGroup(title: "Augmentation") var augmentation: AugmentationOptions
    @OptionGroup(title: "Cells") var cells: CellOptions
    @OptionGroup(title: "Output") var place: PlaceOptions
    @OptionGroup(title: "Output") var charts: ChartOptions
    @OptionGroup(title: "Output") var form: FormatOptions

    struct SourceOptions: ParsableArguments {
        @Option(help: .setting("data")) var data: String?
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "The share of the training images to use, of each class, such as 0.5. (default: all)",
                valueName: "share"))
        var subset: Double?
    }

    /// What the cells are, besides the settings of training.
    struct CellOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "A published grid: paper-2024 gives the learning rates and momentum weights, paper-2024-full also the network, loss, epochs and folds.",
                valueName: "name"))
        var preset: SweepPreset?
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "The number of seeds, from --seed up, with which to train each setting.",
                valueName: "count"))
        var seeds = 1
        @Option(parsing: .unconditional, help: "The first seed for weights, shuffles and splits.")
        var seed: UInt64 = 1
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "The number of stratified parts of the training images, at least 2, each of which is held out once for validation.",
                valueName: "count"))
        var folds: Int?
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Compute and report only this many of the folds; a later call continues.",
                valueName: "count"))
        var firstFolds: Int?
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Without --folds: the share of each class to hold out for validation. (default: 0.1)",
                valueName: "share"))
        var validation: Double?
    }

    /// Where the sweep is, and how it is spread over the CPUs.
    struct PlaceOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The folder for the results; a sweep in it continues.", valueName: "folder"))
        var output = "sweeps/latest"
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "How many cells to run at a time. (default: one for each thread)",
                valueName: "count"))
        var jobs: Int?
        @Option(parsing: .unconditional, help: "Threads per cell; they never change a result.")
        var threads = 1
    }

    func run(over ranks: RankGroup?) throws {
        let (output, watch) = (place.output, SweepWatch())
        if cells.preset == .paper2024, ranks?.isFirst ?? true,
            !network.given.contains(where: { $0.name == "network" && !$0.texts.isEmpty })
        {
            Console.say(
                "note: The preset paper-2024 gives the paper's 60 pairs, but not its network: --preset paper-2024-full does, and takes hours."
                    .wrapped(hanging: 2))
        }
        let outcome = try Sweep.run(
            try settings(), in: output, firstFolds: cells.firstFolds, jobs: place.jobs,
            threads: place.threads, ranks: ranks, renderer: try charts.renderer(over: ranks),
            onEvent: { watch.show($0) },
            shouldStop: { Interruption.signal != nil })
        try watch.end(isComplete: outcome.isComplete, outcome.results.count, of: outcome.cells)
        let report = outcome.report
        let pictures = report.drawn.map { (name: $0.name, path: "\(output)/\($0.file)") }
        switch form.format {
        case .text:
            print(report.text)
            // The colors alone, without axes, are for programs.
            for (name, path) in pictures where name != SweepReport.colorsAlone {
                print(TextTable.list(["picture": path]))
            }
            print(TextTable.list(["results": "\(output)/results.jsonl"]))
        case .json:
            print(report.json(output: output, pictures: pictures).text())
        }
    }

    private func settings() throws -> SweepSettings {
        var settings = SweepSettings()
        settings.data = source.data.map { .folder($0) } ?? .synthetic
        settings.preset = cells.preset
        (settings.seeds, settings.seed) = (cells.seeds, cells.seed)
        (settings.folds, settings.validation) = (cells.folds, cells.validation)
        settings.subset = source.subset
        let groups: [any SettingOptions] = [
            network, loss, targets, optimizer, rates, step, schedule, length, batch, augmentation,
        ]
        for (name, texts) in groups.flatMap(\.given) where !texts.isEmpty {
            try settings.vary(name, lists: texts)
        }
        return settings
    }
}
