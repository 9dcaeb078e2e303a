import Phidias

/// Pages that show runs, sweeps and experiments, and compare several.
public enum Report {
    /// More folders would make a page that nobody reads.
    public static let mostFolders = 64
    /// In the title.
    private static let mostNames = 3
    /// With more subjects than that their chapters are folded: the comparison is what is read.
    private static let mostOpen = 2

    /// One HTML page that needs nothing else: it loads nothing, so it can be sent and kept. It is a
    /// function of the folders.
    /// - Parameters:
    ///   - folders: of runs, sweeps and experiments, in any mixture.
    ///   - data: folders of the runs' data, where it is no longer where the runs had it. The confusion
    ///     matrix needs it.
    ///   - commands: what the page tells a person to type.
    /// - Returns: the bytes of the page.
    /// - Throws: `ReportError`; what is wrong with a file.
    public static func page(
        of folders: [String], data: [String] = [], commands: ReportCommands = .none
    ) throws -> [UInt8] {
        guard folders.count <= mostFolders else { throw ReportError.tooManyFolders(folders.count) }
        let subjects = try ReportSubject.all(in: folders, commands)
        let data = try ReportData(folders: data, for: subjects.compactMap(\.run))
        var chapters: [ReportPage.Chapter] = []
        if let comparison = ReportComparison(subjects) { chapters.append(comparison.chapter()) }
        for subject in subjects {
            var chapter =
                switch subject {
                case .run(let run): try run.chapter(data)
                case .sweep(let sweep): sweep.chapter()
                case .experiment(let experiment): experiment.chapter()
                }
            chapter.isFolded = subjects.count > mostOpen
            chapters.append(chapter)
        }
        chapters.append(ReportAppendix(subjects: subjects, commands: commands).chapter())
        let names = subjects.map(\.name)
        let list =
            names.count > mostNames
            ? "\(names[0]) and \(names.count - 1) more" : names.joined(separator: ", ")
        return ReportPage(
            title: "Phidias report: \(list)",
            summary: ReportPage.origin(folders, commands(.report(folders, needsData: false)))
                + .joined(ReportSubject.notes(on: subjects).map { .note($0) }),
            chapters: chapters
        ).bytes
    }

    /// Writes the page whole or not at all.
    /// - Throws: as `page(of:data:commands:)`, and `FileError`.
    public static func write(
        _ folders: [String], data: [String] = [], commands: ReportCommands = .none, to path: String
    ) throws {
        try DurableFile.write(try page(of: folders, data: data, commands: commands), to: path)
    }
}

/// Why there is no report.
public enum ReportError: PhidiasError, Equatable {
    /// More folders than a page can show.
    case tooManyFolders(Int)
    /// A folder without anything that a report could show.
    case nothing(folder: String, reason: String)
    /// Data that no run of the report was trained on.
    case otherData(folder: String)

    public var description: String {
        switch self {
        case .tooManyFolders(let count):
            "\(count) folders are too many for a page; give at most \(Report.mostFolders)."
        case .nothing(let folder, let reason):
            "\(folder): \(reason). Give folders of runs, sweeps or experiments."
        case .otherData(let folder):
            "\(folder): no run of the report was trained on this data: the checksums are others."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .tooManyFolders: 64
        case .nothing: 66
        case .otherData: 65
        }
    }
}
