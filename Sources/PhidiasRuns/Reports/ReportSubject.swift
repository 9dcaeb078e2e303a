import FoundationEssentials
import Glibc
import Phidias

/// Something that a report is about: what it is, the files of its folder say.
enum ReportSubject {
    case run(ReportedRun)
    case sweep(ReportedSweep)
    case experiment(ReportedExperiment)

    /// A short name that no other subject of the report has.
    var name: String {
        switch self {
        case .run(let run): run.name
        case .sweep(let sweep): sweep.name
        case .experiment(let experiment): experiment.name
        }
    }

    var run: ReportedRun? {
        if case .run(let run) = self { run } else { nil }
    }

    /// What a reader has to know of what these subjects measure, once for a page.
    static func notes(on subjects: [ReportSubject]) -> [String] {
        let isSynaptic = subjects.contains { subject in
            switch subject {
            case .run(let run): run.isSynaptic
            case .sweep(let sweep): sweep.document["loss"]?.contains("synaptic") == true
            case .experiment: true
            }
        }
        let hasExperiment = subjects.contains { if case .experiment = $0 { true } else { false } }
        return
            (isSynaptic
            ? [
                "The synaptic loss is this project's own reconstruction from the abstracts of arXiv:2006.04751 and arXiv:2104.13277; it may differ from the paper's formula."
            ] : [])
            + (hasExperiment
                ? [
                    "The golden point, and the theory that experiments compare with, are this project's own too (docs/theory.md)."
                ] : [])
    }

    /// What all folders hold.
    /// - Throws: if a folder holds nothing to report, or a file of it cannot be read.
    static func all(
        in folders: [String], _ commands: ReportCommands
    ) throws -> [ReportSubject] {
        let ends = folders.map { folder in
            folder.split(separator: "/").last { $0 != "." }.map { String($0) } ?? folder
        }
        return try zip(folders, ends).flatMap { folder, end in
            try all(in: folder, name: ends.count { $0 == end } > 1 ? folder : end, commands)
        }
    }

    private static func all(
        in folder: String, name: String, _ commands: ReportCommands
    ) throws -> [ReportSubject] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
            throw ReportError.nothing(folder: folder, reason: "there is no such folder")
        }
        guard isFolder else {
            throw ReportError.nothing(
                folder: folder, reason: "this is a file; give the folder that it is in")
        }
        try FolderSwitch.settleToRead(folder)
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw ReportError.nothing(folder: folder, reason: "the folder cannot be read")
        }
        var subjects: [ReportSubject] = []
        if files.contains("run.json") {
            subjects.append(.run(try ReportedRun(folder, name: name, commands)))
        }
        if files.contains("sweep.json") {
            // The runs of an experiment are kept as those of a sweep.
            let document = try SweepDocument(path: "\(folder)/sweep.json")
            if document["experiment"] == nil {
                subjects.append(.sweep(try ReportedSweep(folder, document, name: name, commands)))
            }
        }
        for file in files.sorted() where file.hasSuffix(".json") {
            let kind = String(file.dropLast(5))
            guard files.contains("\(kind).txt") else { continue }
            if let experiment = try ReportedExperiment(
                folder, kind: kind, name: name, commands)
            {
                subjects.append(.experiment(experiment))
            }
        }
        guard !subjects.isEmpty else {
            throw ReportError.nothing(
                folder: folder,
                reason:
                    "there is nothing to report: neither a run (run.json) nor a sweep (sweep.json) nor an experiment that has ended (such as smoothing.json with smoothing.txt)"
            )
        }
        return subjects
    }
}
