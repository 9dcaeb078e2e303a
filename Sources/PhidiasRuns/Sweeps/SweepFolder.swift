import Foundation
import Phidias

/// The folder of a sweep: sweep.json, results.jsonl, and the pictures heatmap.svg, heatmap.png
/// and effective-rates.svg. Locked while this object lives.
final class SweepFolder {
    let folder: String
    private var lock: FolderLock?

    private let onEvent: (SweepEvent) -> Void

    init(_ folder: String, onEvent: @escaping (SweepEvent) -> Void) {
        self.folder = folder
        self.onEvent = onEvent
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Makes the folder where it is missing, locks it, and records the sweep.
    /// - Throws: if it holds a sweep of other settings or of another program.
    func open(_ document: SweepDocument) throws {
        lock = try FolderLock(making: folder)
        guard access(path("sweep.json"), F_OK) == 0 else {
            guard access(path("results.jsonl"), F_OK) != 0 else {
                throw SweepError.otherSweep(
                    folder: folder, reason: "there are results (results.jsonl) but no sweep.json.")
            }
            return try document.write(to: path("sweep.json"))
        }
        let old = try SweepDocument(path: path("sweep.json"))
        guard old.program == document.program else {
            throw SweepError.otherSweep(
                folder: folder,
                reason:
                    "the results are of phidias \(old.program), and this is \(document.program).")
        }
        let differences = Self.differences(old, document)
        guard differences.isEmpty else {
            throw SweepError.otherSweep(
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

    /// The results that exist, and the log that takes more. A last line that was cut off is reported
    /// and removed; its cell is computed again.
    func results(
        of cells: [SweepResult.Cell]
    ) throws -> (results: [SweepResult], log: LineLog) {
        let name = path("results.jsonl")
        guard access(name, F_OK) == 0 else { return ([], try LineLog(path: name)) }
        let (results, length, size) = try SweepResultsFile.read(name)
        let known = Set(cells)
        if let stranger = results.first(where: { !known.contains($0.cell) }) {
            throw SweepError.otherSweep(
                folder: folder,
                reason:
                    "results.jsonl has a cell that the sweep does not have: \(stranger.cell.text)."
            )
        }
        if length < size {
            onEvent(.cutLine(path: name, byte: length, bytes: size - length))
        }
        return (results, try LineLog(path: name, keeping: length))
    }
}
