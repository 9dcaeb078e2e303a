import ArgumentParser
import Foundation
import Phidias
import PhidiasRuns

extension SweepPreset: ExpressibleByArgument {}

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Train a grid of settings, and rank them by validation accuracy.",
        discussion: """
            Example:
              phidias sweep --data data/mnist --learning-rate 0.001,golden,0.1 \\
                --momentum 0,golden,0.9 --folds 5 --epochs 5 --output sweeps/grid
              phidias sweep --preset paper-2024 --data data/mnist --folds 10 \\
                --output sweeps/paper
            Every setting takes a list with commas between its values; networks, hidden units and \
            schedules, which may hold commas, take semicolons. An option may also be repeated. \
            Each finished cell is a line of results.jsonl in the output folder, written at once; the \
            same command goes on where an interrupted one ended. A cell runs on one thread, and as \
            many cells run as there are threads: they never wait for each other.
            """)

    @Option(help: .setting("data")) var data: String?
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Loss and optimizer") var loss: LossOptions
    @OptionGroup(title: "Loss and optimizer") var rates: RateOptions
    @OptionGroup(title: "Loss and optimizer") var step: StepOptions
    @OptionGroup(title: "Schedule") var schedule: ScheduleOptions
    @OptionGroup(title: "Schedule") var length: LengthOptions
    @OptionGroup(title: "Augmentation of training images") var augmentation: AugmentationOptions
    @OptionGroup(title: "Cells") var cells: CellOptions
    @Option(parsing: .unconditional, help: "Cells at a time; without it, one for each thread.")
    var jobs: Int?
    @Option(parsing: .unconditional, help: "Threads of a cell. Never changes a result.")
    var threads = 1
    @Option(help: "Folder for the results; a sweep that is in it goes on.")
    var output = "sweeps/latest"
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    /// What the cells are beside the settings of training.
    struct CellOptions: ParsableArguments {
        @Option(help: "Learning rates and momenta of a published grid: paper-2024.")
        var preset: SweepPreset?
        @Option(parsing: .unconditional, help: "Seeds, from --seed up, with which each is trained.")
        var seeds = 1
        @Option(
            parsing: .unconditional, help: "The first seed: of weights, shuffles and splits.")
        var seed: UInt64 = 1
        @Option(
            parsing: .unconditional,
            help:
                "Stratified parts of the training images, each held out once for validation (2 or more)."
        )
        var folds: Int?
        @Option(
            parsing: .unconditional,
            help: "Compute only so many of the folds, and report on them; a later call goes on.")
        var firstFolds: Int?
        @Option(
            parsing: .unconditional,
            help:
                "Instead of --folds: share of each class held out for validation (default: 0.1).")
        var validation: Double?
        @Option(
            parsing: .unconditional,
            help: "Stratified share of the training images to use, such as 0.5.")
        var subset: Double?
    }

    func run() throws {
        let watch = SweepWatch()
        let outcome = try Sweep.run(
            try settings(), in: output, firstFolds: cells.firstFolds, jobs: jobs, threads: threads,
            onEvent: { watch.show($0) }, shouldStop: { Interruption.signal != nil })
        try watch.end(isComplete: outcome.isComplete, outcome.results.count, of: outcome.cells)
        let report = outcome.report
        let pictures = report.drawn.map { (name: $0.name, path: "\(output)/\($0.file)") }
        switch format {
        case .text:
            print(report.text)
            // The colours alone, without axes, are for programs.
            for (name, path) in pictures where name != SweepReport.colorsAlone {
                print("picture         \(path)")
            }
            print("results         \(output)/results.jsonl")
        case .json:
            print(report.json(output: output, pictures: pictures).text())
        }
    }

    private func settings() throws -> SweepSettings {
        var settings = SweepSettings()
        settings.data = data.map { .folder($0) } ?? .synthetic
        settings.preset = cells.preset
        (settings.seeds, settings.seed) = (cells.seeds, cells.seed)
        (settings.folds, settings.validation) = (cells.folds, cells.validation)
        settings.subset = cells.subset
        let groups: [any SettingOptions] = [
            network, loss, rates, step, schedule, length, augmentation,
        ]
        for (name, texts) in groups.flatMap(\.given) where !texts.isEmpty {
            try settings.vary(name, lists: texts)
        }
        return settings
    }
}
