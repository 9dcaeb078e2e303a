import FoundationEssentials
import Glibc
import Phidias

/// The folder of a sweep: sweep.json, results.jsonl, and the pictures heatmap.svg, heatmap.png
/// effective-rates.svg and random-search.svg. Locked while this object lives.
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
        if let reason = document.conflict(with: old) {
            throw SweepError.otherSweep(folder: folder, reason: reason)
        }
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
