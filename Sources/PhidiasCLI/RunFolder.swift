import Foundation
import Phidias

/// The folder of a training run: run.json, metrics.jsonl, model.safetensors, best.safetensors,
/// filters.png, checkpoints and frames. Locked while this object lives.
///
/// A run that `--force` replaces stays until the new one has something to save.
final class RunFolder {
    static let results = [
        "run.json", "metrics.jsonl", "model.safetensors", "best.safetensors", "filters.png",
    ]
    let folder: String
    /// Whether there is another run that is to be replaced.
    private(set) var replaces = false
    private var lock: FolderLock?

    init(_ folder: String) {
        self.folder = folder
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// What there is of a run.
    func contents() throws -> [String] {
        Self.results.filter { access(path($0), F_OK) == 0 }
            + (try checkpoints().isEmpty ? [] : ["checkpoints"])
    }

    /// Whether run.json is there and can be read.
    var hasDocument: Bool { (try? RunDocument(path: path("run.json"))) != nil }

    /// - Throws: if the folder holds a run and `force` is off.
    func checkIsFree(force: Bool) throws {
        let present = try contents()
        guard force || present.isEmpty else {
            throw ExistingRun(folder: folder, file: present[0])
        }
        replaces = !present.isEmpty
    }

    /// Makes the folder where it is missing, and locks it.
    /// - Throws: if that fails, nothing can be written into it, or another process uses it.
    func open() throws {
        lock = try FolderLock(making: folder)
        for name in ["checkpoints", "frames", "frames-new"] {
            DurableFile.removeTemporaries(in: path(name))
        }
    }

    /// Locks a folder that is there, to read it.
    func claim() throws { lock = try FolderLock(folder) }

    /// Records the run, in the place of another if there is one: first its model, so that a full
    /// disk leaves the other whole, and never a checkpoint beside another run's document.
    func begin(_ run: RunDocument, _ model: Model?, loss: String) throws {
        if let model { try save(model, loss: loss) }
        for file in try checkpoints() + FilterFilm.frames(of: folder).map(\.path) { unlink(file) }
        try run.write(to: path("run.json"))
        for name in Self.results where !["run.json", "model.safetensors"].contains(name) {
            unlink(path(name))
        }
        replaces = false
    }

    func save(_ model: Model, loss: String, as name: String = "model.safetensors") throws {
        try ModelFile(model: model, loss: loss).write(to: path(name))
    }

    func add(_ epoch: EpochMetrics) throws {
        try DurableFile.append(line: epoch.json.text(), to: path("metrics.jsonl"))
    }

    /// Draws the filters of the first layer, smaller if they are many and larger if they have few
    /// weights.
    /// - Returns: false if they are too many for any picture.
    func draw(_ model: Model) throws -> Bool {
        let layer = model.network.weighted[0].index
        let width = try FilterImage.filters(of: model, layer: layer).width
        for scale in [max(3, 36 / width), 3, 2, 1] {
            var picture = FilterImage()
            picture.scale = scale
            do {
                try picture.write(
                    model, layer: layer, name: "model.safetensors", to: path("filters.png"))
                return true
            } catch ImageError.pictureSize {}
        }
        return false
    }
}

// MARK: - Checkpoints

extension RunFolder {
    /// Paths of all checkpoints, the newest last.
    func checkpoints() throws -> [String] {
        try FolderListing.names(path("checkpoints"))
            .compactMap { name in Self.place(of: name).map { (name, $0) } }
            .sorted { $0.1 < $1.1 }.map { path("checkpoints/\($0.0)") }
    }

    /// Finished epochs, and steps of the next, in the name `epoch-E.safetensors` or
    /// `epoch-E-step-S.safetensors`.
    private static func place(of name: String) -> (epochs: Int, steps: Int)? {
        guard let match = name.wholeMatch(of: /epoch-(\d+)(?:-step-(\d+))?\.safetensors/),
            let epochs = Int(match.1)
        else { return nil }
        guard let digits = match.2 else { return (epochs, 0) }
        return Int(digits).map { (epochs, $0) }
    }

    private static func isAtEpochsEnd(_ path: String) -> Bool {
        place(of: URL(fileURLWithPath: path).lastPathComponent)?.steps == 0
    }

    /// Writes a checkpoint and removes those that are no longer kept: all but the newest `keep`,
    /// and but the newest that stands at the end of an epoch.
    func save(_ checkpoint: Checkpoint, keep: Int) throws {
        try DurableFile.makeDirectory(path("checkpoints"))
        let place = checkpoint.state.position
        let step = place.steps == 0 ? "" : "-step-\(place.steps)"
        try checkpoint.write(to: path("checkpoints/epoch-\(place.epochs)\(step).safetensors"))
        let all = try checkpoints()
        let spared = all.last(where: Self.isAtEpochsEnd)
        for old in all.dropLast(keep) where old != spared { unlink(old) }
    }

    /// The newest checkpoint at the end of an epoch. Where a run goes back to changes its result,
    /// so another is not taken in its place.
    /// - Throws: if it cannot be read.
    func lastEpochsEnd() throws -> Checkpoint? {
        try checkpoints().last(where: Self.isAtEpochsEnd).map { try Checkpoint(path: $0) }
    }

    /// The newest checkpoint that can be read. One that is damaged is told, and passed over.
    func lastCheckpoint() throws -> Checkpoint? {
        var failure: (any PhidiasError)?
        for path in try checkpoints().reversed() {
            do {
                return try Checkpoint(path: path)
            } catch let error as any PhidiasError {
                Console.say("\(error.description) The checkpoint before it is tried.")
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return nil
    }

    /// Puts metrics.jsonl back to what it was at a checkpoint.
    func rewrite(_ metrics: [EpochMetrics]) throws {
        try DurableFile.write(MetricsFile.bytes(metrics), to: path("metrics.jsonl"))
    }
}

struct ExistingRun: PhidiasError {
    let folder, file: String
    var description: String {
        "\(folder): there is already a run (\(file)). Go on with it by --resume \(Console.quoted(folder)), choose another --output, or replace it with --force."
    }
    var exitCode: Int32 { 73 }
}
