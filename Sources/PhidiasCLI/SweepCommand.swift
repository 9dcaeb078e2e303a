import ArgumentParser
import Foundation
import Phidias

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
            Every setting takes a list with commas between its values; networks and schedules, which \
            may hold commas, take semicolons. An option may also be repeated. \
            Each finished cell is a line of results.jsonl in the output folder, written at once; the \
            same command goes on where an interrupted one ended. A cell runs on one thread, and as \
            many cells run as there are threads: they never wait for each other.
            """)

    @OptionGroup var options: SweepOptions
    @Option(
        parsing: .unconditional,
        help: "Compute only so many of the folds, and report on them; a later call goes on.")
    var firstFolds: Int?
    @Option(parsing: .unconditional, help: "Cells at a time; without it, one for each thread.")
    var jobs: Int?
    @Option(parsing: .unconditional, help: "Threads of a cell. Never changes a result.")
    var threads = 1
    @Option(help: "Folder for the results; a sweep that is in it goes on.")
    var output = "sweeps/latest"
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        try options.check()
        if let firstFolds, firstFolds < 1 || firstFolds > options.folds ?? 0 {
            throw UsageError(
                description:
                    "--first-folds \(firstFolds) is not from 1 to the number of --folds, \(options.folds ?? 0)."
            )
        }
        _ = try SweepPlan(options, checksums: [:])
        Workers.keepFromBinding()
        _ = try Model.threads(threads)
        let jobs = try Model.threads(jobs)
        let data = try TrainOptions.loadData(options.data, seed: options.seed)
        let whole = try SweepPlan(options, checksums: data.checksums)
        let plan = firstFolds.map { whole.withFolds(0..<$0) } ?? whole
        try check(plan, data)
        let folder = SweepFolder(output)
        try folder.open(plan.document)
        let (all, log) = try folder.results(of: whole.cells.map(\.id))
        let wanted = Set(plan.cells.map(\.id))
        let results = all.filter { wanted.contains($0.cell) }
        let left = plan.cells.count - results.count
        Console.say(
            "\(plan.cells.count.counted("cell")) (\(plan.points.count.counted("setting")), \(options.seeds.counted("seed")), \((firstFolds ?? options.folds ?? 1).counted("fold"))), \(left) to do, \(min(jobs, max(left, 1))) at a time, \(threads.counted("thread")) each, \(Model.kernels) kernels"
        )
        let finished = try SweepRunner(plan, data, log, threads: threads, results: results)
            .run(jobs: jobs)
        log.close()
        let report = try SweepReport(plan, finished)
        var pictures: [(name: String, path: String)] = []
        for (name, file, chart) in [
            ("heat_map", "heatmap.svg", report.heatMap),
            ("effective_rates", "effective-rates.svg", report.effectiveRates),
        ] {
            guard let chart else { continue }
            pictures.append((name, folder.path(file)))
            try DurableFile.write(chart.svg, to: folder.path(file))
        }
        if let image = report.heatMapImage {
            pictures.append(("heat_map_colors", folder.path("heatmap.png")))
            try PNG.write(
                image,
                text: [
                    "Title": "Validation accuracy over learning rate (right) and momentum (up)",
                    "Software": "Phidias",
                ], to: folder.path("heatmap.png"))
        }
        switch format {
        case .text:
            print(report.text)
            for (_, path) in pictures { print("picture         \(path)") }
            print("results         \(folder.path("results.jsonl"))")
        case .json:
            print(report.json(output: output, pictures: pictures).text())
        }
    }

    /// Sees that every point can be trained, before the first is.
    private func check(_ plan: SweepPlan, _ data: DataPair) throws {
        let split = try SweepSplit(
            data.training, plan, seed: options.seed, fold: 0)
        for point in plan.points.indices {
            let options: TrainOptions
            do {
                options = try plan.options(point, seed: self.options.seed, threads: threads)
            } catch {
                throw UsageError(description: TrainOptions.message(for: error))
            }
            try options.check()
            _ = try options.network(for: split.training)
        }
    }
}

/// The folder of a sweep: sweep.json, results.jsonl, and the pictures heatmap.svg, heatmap.png
/// and effective-rates.svg. Locked while this object lives.
final class SweepFolder {
    let folder: String
    private var lock: FolderLock?

    init(_ folder: String) {
        self.folder = folder
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Makes the folder where it is missing, locks it, and records the sweep.
    /// - Throws: if it holds a sweep of other settings or of another program.
    func open(_ document: SweepDocument) throws {
        lock = try FolderLock(making: folder)
        guard access(path("sweep.json"), F_OK) == 0 else {
            guard access(path("results.jsonl"), F_OK) != 0 else {
                throw OtherSweep(
                    folder: folder, reason: "there are results (results.jsonl), but no sweep.json")
            }
            return try document.write(to: path("sweep.json"))
        }
        let old = try SweepDocument(path: path("sweep.json"))
        guard old.program == document.program else {
            throw OtherSweep(
                folder: folder,
                reason:
                    "the results are of phidias \(old.program), and this is \(document.program)")
        }
        let differences = Self.differences(old, document)
        guard differences.isEmpty else {
            throw OtherSweep(
                folder: folder,
                reason: "the results are of other settings:\n" + differences.joined(separator: "\n")
            )
        }
    }

    private static func differences(_ old: SweepDocument, _ new: SweepDocument) -> [String] {
        var names = new.axes.map(\.name)
        names += old.axes.map(\.name).filter { !names.contains($0) }
        func text(_ values: [String]?) -> String { values?.joined(separator: ", ") ?? "nothing" }
        let settings = names.filter { old[$0] != new[$0] }.map {
            "  \($0): \(text(old[$0])) → \(text(new[$0]))"
        }
        var sums = new.checksums.map(\.name)
        sums += old.checksums.map(\.name).filter { !sums.contains($0) }
        let data = sums.compactMap { name -> String? in
            let (a, b) = (
                old.checksums.first { $0.name == name }?.value,
                new.checksums.first { $0.name == name }?.value
            )
            return a == b ? nil : "  SHA-256 of \(name): \(a ?? "none") → \(b ?? "none")"
        }
        return settings + data
    }

    /// The results that are there, and the log that takes more. A last line that was cut off is
    /// told and removed; its cell is computed again.
    func results(
        of cells: [SweepResult.Cell]
    ) throws -> (results: [SweepResult], log: LineLog) {
        let name = path("results.jsonl")
        guard access(name, F_OK) == 0 else { return ([], try LineLog(path: name)) }
        let (results, length, size) = try SweepResultsFile.read(name)
        let known = Set(cells)
        if let stranger = results.first(where: { !known.contains($0.cell) }) {
            throw OtherSweep(
                folder: folder,
                reason:
                    "results.jsonl has a cell that the sweep does not have: \(stranger.cell.text)"
            )
        }
        if length < size {
            Console.say(
                "\(name): byte \(length): the last line was cut off; its \(size - length) bytes are removed and its cell is computed again."
            )
        }
        return (results, try LineLog(path: name, keeping: length))
    }
}

/// A folder that holds another sweep than the one asked for.
struct OtherSweep: PhidiasError {
    let folder, reason: String
    var description: String {
        "\(folder): \(reason)\nChoose another --output; results of different sweeps are not mixed."
    }
    var exitCode: Int32 { 73 }
}
