import FoundationEssentials
import Glibc
import Phidias

/// The folder of a training run: run.json, metrics.jsonl, model.safetensors, best.safetensors,
/// filters.png, checkpoints and frames. Locked while this object lives.
///
/// A run that is replaced stays whole until the new one has saved something, and then goes in one
/// step (`FolderSwitch`).
final class RunFolder {
    static let results = [
        "run.json", "metrics.jsonl", "model.safetensors", "best.safetensors", "filters.png",
    ]
    let folder: String
    /// The names of the classes, for the models that are written.
    var classNames: [String]?
    /// Likewise the names of columns.
    var columnNames: ColumnNames?
    /// Of the training images, for the models that are written.
    var ground: DigitFitting.Ground?
    /// Whether there is another run that is to be replaced.
    private(set) var replaces = false
    /// Where the new run is while it replaces another.
    private var replacement: FolderSwitch?
    private var lock: FolderLock?
    /// Why the newest checkpoint was not taken; nil if it was.
    private(set) var skipped: (any PhidiasError)?
    private let onEvent: (RunEvent) -> Void

    init(_ folder: String, onEvent: @escaping (RunEvent) -> Void = { _ in }) {
        self.folder = folder
        self.onEvent = onEvent
    }

    func path(_ name: String) -> String { "\(replacement?.root ?? folder)/\(name)" }

    /// What there is of a run.
    func contents() throws -> [String] {
        Self.results.filter { access("\(folder)/\($0)", F_OK) == 0 }
            + (try checkpoints().isEmpty ? [] : ["checkpoints"])
    }

    /// The record in run.json; nil if it is missing or cannot be read.
    var recorded: RunDocument? { try? RunDocument(path: path("run.json")) }

    /// - Throws: `RunError.exists` if the folder holds a run that is not to be replaced.
    func checkIsFree(replacing: Bool) throws {
        try FolderSwitch.settleToRead(folder)
        let present = try contents()
        guard replacing || present.isEmpty else {
            throw RunError.exists(folder: folder, file: present[0])
        }
        replaces = !present.isEmpty
    }

    /// Makes the folder where it is missing, and locks it.
    /// - Throws: if that fails, nothing can be written into it, or another process uses it.
    func open() throws {
        lock = try FolderLock(making: folder)
        for name in ["checkpoints", "frames"] { DurableFile.removeTemporaries(in: path(name)) }
        // Where versions up to 0.1.0 kept the frames of a run that was to replace another.
        for frame in try FilterFilm.frames(in: path("frames-new")) { unlink(frame.path) }
        rmdir(path("frames-new"))
    }

    /// Locks a folder that is there, to read it.
    func claim() throws { lock = try FolderLock(folder) }

    /// From now on what is written waits beside the run that is to be replaced.
    func prepareToReplace() throws { replacement = try FolderSwitch(folder) }

    /// Records the run.
    /// - Parameter model: what it has learned so far; nil is nothing yet.
    func begin(_ run: RunDocument, _ model: Model?, loss: String) throws {
        if let model { try save(model, loss: loss) }
        try run.write(to: path("run.json"))
    }

    /// Puts the new run, as far as it is saved, into the place of the one that it replaces.
    func takePlace() throws {
        guard let new = replacement else { return }
        replacement = nil
        replaces = false
        let old =
            try Self.results
            + (checkpoints() + FilterFilm.frames(in: path("frames")).map(\.path)).map {
                String($0.dropFirst(folder.count + 1))
            }
        try new.take(removing: old)
    }

    /// Removes what a new run has written that never replaced the old one.
    func discardReplacement() {
        guard replacement != nil else { return }
        replacement = nil
        try? FolderSwitch.discard(in: folder)
    }

    func save(_ model: Model, loss: String, as name: String = "model.safetensors") throws {
        var file = ModelFile(model: model, loss: loss, classNames: classNames)
        file.columnNames = columnNames
        file.ground = ground ?? .dark
        try file.write(to: path(name))
    }

    func add(_ epoch: EpochMetrics) throws {
        try DurableFile.append(line: epoch.json.text(), to: path("metrics.jsonl"))
    }

    /// Rewrites the metrics of all epochs.
    func write(_ epochs: [EpochMetrics]) throws {
        try DurableFile.write(MetricsFile.bytes(epochs), to: path("metrics.jsonl"))
    }

    /// Draws the filters of the first layer.
    /// - Returns: false if they are too many for any picture.
    func draw(_ model: Model) throws -> Bool {
        do {
            try FilterImage().write(
                model, layer: model.network.weighted[0].index, name: "model.safetensors",
                to: path("filters.png"))
            return true
        } catch ImageError.pictureSize {
            return false
        }
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

    private static func place(_ path: String) -> (epochs: Int, steps: Int) {
        place(of: URL(fileURLWithPath: path).lastPathComponent) ?? (0, 0)
    }

    /// The newest checkpoint that was due at the end of an epoch. One that a signal made may stand
    /// there too: a run never goes back to it, because the clock would decide its result.
    private static func lastDue(_ paths: [String], _ interval: CheckpointInterval) -> String? {
        paths.last { place($0).steps == 0 && interval.isDue(after: place($0).epochs) }
    }

    /// Writes a checkpoint and removes those that are no longer kept: all but the newest `keep`,
    /// and but the newest that a run would go back to.
    func save(_ checkpoint: Checkpoint, _ settings: TrainingSettings) throws {
        try DurableFile.makeDirectory(path("checkpoints"))
        let place = checkpoint.state.position
        let step = place.steps == 0 ? "" : "-step-\(place.steps)"
        try checkpoint.write(to: path("checkpoints/epoch-\(place.epochs)\(step).safetensors"))
        let all = try checkpoints()
        let spared = Self.lastDue(all, settings.checkpointEvery)
        for old in all.dropLast(settings.keep) where old != spared { unlink(old) }
    }

    /// The checkpoint that a run goes back to after a divergence; nil is the start. Where it goes back
    /// to changes its result, so another is not taken in its place.
    /// - Throws: if it cannot be read.
    func lastDue(_ interval: CheckpointInterval) throws -> Checkpoint? {
        try Self.lastDue(checkpoints(), interval).map { try Checkpoint(path: $0) }
    }

    /// Restores metrics and models to where a run continues.
    /// - Parameter checkpoint: nil is the start.
    func restore(_ checkpoint: Checkpoint?, loss: String) throws {
        try write(checkpoint?.metrics ?? [])
        // Within an epoch a checkpoint does not hold the model of the last epoch's end.
        if let checkpoint, !checkpoint.metrics.isEmpty, checkpoint.state.position.steps == 0 {
            try save(checkpoint.state.model, loss: loss)
        }
        if let best = checkpoint?.best {
            try save(best.model, loss: loss, as: "best.safetensors")
        }
    }

    /// Removes the checkpoints of a way that was given up: those after the end of an epoch.
    func removeCheckpoints(after epochs: Int) throws {
        for later in try checkpoints() where Self.place(later) > (epochs, 0) { unlink(later) }
    }

    /// Where a run continues, with its document: at its newest checkpoint, before which there is run.json
    /// alone. If it was stopped after it went back, and before a checkpoint knew, where it went back to.
    /// - Parameter recorded: run.json; nil if it cannot be read.
    func lastPlace(
        _ recorded: RunDocument?
    ) throws -> (checkpoint: Checkpoint?, document: RunDocument) {
        guard let newest = try lastCheckpoint() else {
            return (nil, try recorded ?? RunDocument(path: path("run.json")))
        }
        guard let recorded,
            recorded.halvings.count > newest.run.halvings.count,
            let back = recorded.halvings.last?.backTo
        else { return (newest, newest.run) }
        var checkpoint: Checkpoint?
        if back > 0 {
            checkpoint = try? Checkpoint(path: path("checkpoints/epoch-\(back).safetensors"))
            // As the run would: it diverges again, and goes back.
            guard checkpoint != nil else { return (newest, newest.run) }
            checkpoint?.run.halvings = recorded.halvings
        }
        try removeCheckpoints(after: back)
        return (checkpoint, checkpoint?.run ?? recorded)
    }

    /// The newest checkpoint that can be read. A damaged one is reported and skipped.
    func lastCheckpoint() throws -> Checkpoint? {
        for path in try checkpoints().reversed() {
            do {
                return try Checkpoint(path: path)
            } catch let error as any PhidiasError {
                onEvent(.damagedCheckpoint(error))
                skipped = skipped ?? error
            }
        }
        if let skipped { throw skipped }
        return nil
    }
}
