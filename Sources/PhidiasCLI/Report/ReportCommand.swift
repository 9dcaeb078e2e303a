import ArgumentParser
import Phidias

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show runs, sweeps and experiments as one HTML file that needs nothing else.",
        discussion: """
            Example:
              phidias report runs/mnist --output report.html
              phidias report runs/golden runs/plain sweeps/paper smoothing
            Takes the folders of phidias train, sweep and experiment in any mixture; several runs or
            sweeps are also compared. The page loads nothing, so it can be sent and kept. The confusion
            matrix needs the run's data: it is looked for where the run had it, or in --data.
            """)

    @Argument(
        help: ArgumentHelp("Folders of runs, sweeps and experiments.", valueName: "folder"))
    var folders: [String]
    @Option(help: "The page.")
    var output = "report.html"
    @Option(
        help:
            "A folder with a run's data, if it is no longer where the run had it; may be repeated.")
    var data: [String] = []

    /// More would make a page that nobody reads.
    private static let mostFolders = 64
    /// In the title.
    private static let mostNames = 3

    func run() throws {
        guard folders.count <= Self.mostFolders else {
            throw UsageError(
                description:
                    "\(folders.count) folders are too many for a page; give at most \(Self.mostFolders)."
            )
        }
        let subjects = try ReportSubject.all(in: folders)
        let data = try ReportData(folders: data, for: subjects.compactMap(\.run))
        var chapters: [ReportPage.Chapter] = []
        if let comparison = ReportComparison(subjects) { chapters.append(try comparison.chapter()) }
        for subject in subjects {
            switch subject {
            case .run(let run): chapters.append(try run.chapter(data))
            case .sweep(let sweep): chapters.append(sweep.chapter())
            case .experiment(let experiment): chapters.append(experiment.chapter())
            }
        }
        let names = subjects.map(\.name)
        let list =
            names.count > Self.mostNames
            ? "\(names[0]) and \(names.count - 1) more" : names.joined(separator: ", ")
        let page = ReportPage(
            title: "Phidias report: \(list)",
            summary: .paragraph("Made from \(folders.joined(separator: ", "))."),
            chapters: chapters)
        try DurableFile.write(page.bytes, to: output)
        print(output)
    }
}
