import Glibc
import Phidias

/// Trainings that are kept in a folder: begun, resumed after an interruption, and verified.
///
/// These functions return when the training has ended; `Run+Async.swift` has their asynchronous
/// forms.
public enum Run {
    /// Trains a network and writes run.json, metrics.jsonl, the model, filters.png and checkpoints
    /// into a folder, which is made where it is missing.
    /// - Parameters:
    ///   - settings: what is trained, and how.
    ///   - folder: where the results go; until it returns, nothing else may use it.
    ///   - data: nil reads what the settings name.
    ///   - replacing: whether a run that is in the folder may be replaced. It stays until the new run
    ///     has something to save.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`. They change no result.
    ///   - weightsEvery: steps between two events with the model, at least 1; nil for none.
    ///   - ranks: share every step: each makes the same call and reads its own data, and the first has
    ///     the folder, the events and the result. Nil for this process alone.
    ///   - onEvent: called with what happens, on the thread that trains.
    ///   - shouldStop: asked between two steps; true ends the training with a checkpoint.
    /// - Throws: `RunError.exists`; what is wrong with settings or data; `TrainingError.diverged`;
    ///   `FileError`; `RankError`; at the end of every rank but the first `RankIsDone`.
    public static func train(
        _ settings: TrainingSettings, in folder: String, data: DataPair? = nil,
        replacing: Bool = false, threads: Int? = nil, weightsEvery: Int? = nil,
        ranks: RankGroup? = nil, onEvent: @escaping (RunEvent) -> Void = { _ in },
        shouldStop: @escaping () -> Bool = { false }
    ) throws -> RunResult {
        try check(settings)
        if let ranks, !ranks.isFirst {
            try help(ranks, with: settings, data, threads, weightsEvery, shouldStop)
        }
        let place = RunFolder(folder, onEvent: onEvent)
        try place.checkIsFree(replacing: replacing)
        let plan = try TrainingPlan(settings, data: data, threads: threads, over: ranks)
        try ranks?.agree(on: plan, weightsEvery: weightsEvery)
        try place.open()
        // Again, now that no other process can write: one may have ended here meanwhile.
        try place.checkIsFree(replacing: replacing)
        return try begin(plan, place, ranks, weightsEvery, shouldStop, onEvent)
    }

    /// The same in a new folder of runs that are numbered, which is made when settings and data have
    /// been checked.
    /// - Parameters:
    ///   - settings: what is trained, and how.
    ///   - runs: where the folder is made.
    ///   - data: nil reads what the settings name.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`.
    ///   - weightsEvery: steps between two events with the model, at least 1; nil for none.
    ///   - ranks: share every step; nil for this process alone.
    ///   - onEvent: called with what happens, on the thread that trains.
    ///   - shouldStop: asked between two steps; true ends the training with a checkpoint.
    /// - Throws: as `train(_:in:data:replacing:threads:weightsEvery:ranks:onEvent:shouldStop:)`.
    public static func train(
        _ settings: TrainingSettings, under runs: NumberedRuns, data: DataPair? = nil,
        threads: Int? = nil, weightsEvery: Int? = nil, ranks: RankGroup? = nil,
        onEvent: @escaping (RunEvent) -> Void = { _ in },
        shouldStop: @escaping () -> Bool = { false }
    ) throws -> RunResult {
        try check(settings)
        if let ranks, !ranks.isFirst {
            try help(ranks, with: settings, data, threads, weightsEvery, shouldStop)
        }
        let plan = try TrainingPlan(settings, data: data, threads: threads, over: ranks)
        try ranks?.agree(on: plan, weightsEvery: weightsEvery)
        let folder = try runs.next()
        // Only where nothing was written.
        defer { rmdir(folder) }
        let place = RunFolder(folder, onEvent: onEvent)
        try place.open()
        runs.link(latest: folder)
        return try begin(plan, place, ranks, weightsEvery, shouldStop, onEvent)
    }

    /// What another rank than the first does for a run: the same, but that it writes nothing.
    /// - Parameter settings: nil takes those of the run that the first rank resumes.
    /// - Throws: `RankIsDone` at the end.
    private static func help(
        _ ranks: RankGroup, with settings: TrainingSettings?, _ data: DataPair?, _ threads: Int?,
        _ weightsEvery: Int?, _ shouldStop: @escaping () -> Bool
    ) throws -> Never {
        let given = try settings ?? ranks.sharedSettings()
        let plan = try TrainingPlan(given, data: data, threads: threads, over: ranks)
        try ranks.agree(on: plan, weightsEvery: weightsEvery)
        let resumes = settings == nil
        let document = resumes ? try ranks.document(nil) : plan.document
        let checkpoint = resumes ? try ranks.checkpoint(nil) : nil
        _ = try TrainingRun(
            plan, nil, document, over: ranks, from: checkpoint, weightsEvery: weightsEvery,
            shouldStop: shouldStop, onEvent: { _ in }
        ).train(from: checkpoint?.state)
        try ranks.meet()
        throw RankIsDone()
    }

    private static func check(_ settings: TrainingSettings) throws {
        try settings.check()
        guard settings.epochs <= Checkpoint.mostEpochs else {
            throw RunError.tooManyEpochs(settings.epochs)
        }
    }

    private static func begin(
        _ plan: TrainingPlan, _ place: RunFolder, _ ranks: RankGroup?, _ weightsEvery: Int?,
        _ shouldStop: @escaping () -> Bool, _ onEvent: @escaping (RunEvent) -> Void
    ) throws -> RunResult {
        defer { place.discardReplacement() }
        (place.classNames, place.columnNames) = (plan.classNames, plan.training.columnNames)
        place.ground = plan.training.ground
        return try finish(
            TrainingRun(
                plan, place, plan.document, over: ranks, from: nil, weightsEvery: weightsEvery,
                shouldStop: shouldStop, onEvent: onEvent),
            from: nil, place, ranks)
    }

    /// Resumes a run from its newest checkpoint. It ends with the bits of a run that never
    /// stopped.
    /// - Parameters:
    ///   - folder: of the run.
    ///   - data: nil reads what the settings name.
    ///   - allowingChanges: whether the result may become another one by `change`; the changes are
    ///     recorded.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`. They change no result.
    ///   - weightsEvery: steps between two events with the model, at least 1; nil for none.
    ///   - ranks: share every step, in any number; nil for this process alone. All but the first get
    ///     settings and checkpoint from that one.
    ///   - change: changes settings. Where the data lies and how checkpoints are kept may always be
    ///     changed.
    ///   - onEvent: called with what happens, on the thread that trains.
    ///   - shouldStop: asked between two steps; true ends the training with a checkpoint.
    /// - Throws: `RunError`, and what `train` throws.
    public static func resume(
        _ folder: String, data: DataPair? = nil, allowingChanges: Bool = false,
        threads: Int? = nil, weightsEvery: Int? = nil, ranks: RankGroup? = nil,
        change: (inout TrainingSettings) throws -> Void = { _ in },
        onEvent: @escaping (RunEvent) -> Void = { _ in },
        shouldStop: @escaping () -> Bool = { false }
    ) throws -> RunResult {
        if let ranks, !ranks.isFirst {
            try help(ranks, with: nil, data, threads, weightsEvery, shouldStop)
        }
        let place = RunFolder(folder, onEvent: onEvent)
        try FolderSwitch.settleToRead(folder)
        guard try !place.contents().isEmpty else { throw RunError.noRun(folder: folder) }
        try place.open()
        let recorded = place.recorded
        let (found, old) = try compare(
            place.lastPlace(recorded), with: recorded, place, allowingChanges: allowingChanges,
            onEvent)
        var settings = try old.trainingSettings(of: folder)
        try change(&settings)
        ranks?.share(settings)
        let plan = try TrainingPlan(settings, data: data, threads: threads, over: ranks)
        try ranks?.agree(on: plan, weightsEvery: weightsEvery)
        let (checkpoint, document) = try reconcile(
            plan, place, old, found, recorded, allowingChanges: allowingChanges)
        (place.classNames, place.columnNames) = (document.classNames, document.columnNames)
        place.ground = plan.training.ground
        try place.restore(checkpoint, loss: plan.loss.name)
        _ = try ranks?.document(document)
        _ = try ranks?.checkpoint(checkpoint)
        onEvent(
            .resumes(folder: folder, checkpoint?.state.position ?? TrainingPosition()))
        return try finish(
            TrainingRun(
                plan, place, document, over: ranks, from: checkpoint, weightsEvery: weightsEvery,
                shouldStop: shouldStop, onEvent: onEvent),
            from: checkpoint?.state, place, ranks)
    }

    /// Compares the record of the place where a run continues with run.json.
    /// - Returns: the place, with the record that is to be followed.
    /// - Throws: `RunError` if they tell different runs, or if a change would be dropped.
    private static func compare(
        _ place: (checkpoint: Checkpoint?, document: RunDocument), with recorded: RunDocument?,
        _ folder: RunFolder, allowingChanges: Bool, _ onEvent: (RunEvent) -> Void
    ) throws -> (checkpoint: Checkpoint?, document: RunDocument) {
        let position = place.checkpoint?.state.position ?? TrainingPosition()
        guard let recorded else { return place }
        var document = place.document
        if place.checkpoint == nil {
            // From the start, changes that were made later were not made yet.
            let later = recorded.changes.drop { $0.epochs == 0 && $0.steps == 0 }
            document = recorded.undoing(later)
        }
        switch RunRecords.difference(recorded, document, at: position) {
        case nil: break
        case .missing(let changes): onEvent(.recordWasBehind(folder: folder.folder, changes))
        case .lost(let changes):
            guard allowingChanges else {
                throw RunError.lostChanges(folder: folder.folder, position, changes)
            }
            onEvent(.dropsChanges(folder: folder.folder, position, changes))
        case .unexplained(let changes):
            throw RunError.otherRecord(folder: folder.folder, position, changes)
        }
        return (place.checkpoint, document)
    }

    /// Compares a plan with the run that was begun, and records what is changed.
    private static func reconcile(
        _ plan: TrainingPlan, _ folder: RunFolder, _ old: RunDocument, _ found: Checkpoint?,
        _ recorded: RunDocument?, allowingChanges: Bool
    ) throws -> (checkpoint: Checkpoint?, document: RunDocument) {
        var document = plan.document
        document.keepSpelling(of: old)
        // Of the same data, a run keeps the names that it began with, or none.
        if document.checksums == old.checksums {
            (document.classNames, document.columnNames) = (old.classNames, old.columnNames)
        }
        let settings = plan.settings
        let place = found?.state.position ?? TrainingPosition()
        let changes = RunChange.between(old, document, at: place)
        let wasOver =
            old["epochs"] == "\(place.epochs)"
            || TrainingHistory(found, patience: old["patience"].flatMap { Int($0) }).isStopped
        try RunChange.check(
            changes, allowed: allowingChanges, folder: folder.folder, old: old, new: document,
            at: place)
        if changes.contains(where: { $0.setting == "epochs" }) { try check(settings) }
        // The change would be made earlier than it was asked for.
        if !changes.isEmpty, recorded?.changes == old.changes, let newer = folder.skipped {
            throw RunError.unreadableCheckpoint(folder: folder.folder, newer.description, changes)
        }
        guard document.network == old.network || !changes.isEmpty else {
            throw RunFileError.content(
                path: folder.path("run.json"), byte: 0,
                reason: "its network is not the one that its settings give")
        }
        var checkpoint = found
        if RunChange.remeasures(changes) { checkpoint?.best = nil }
        let history = TrainingHistory(checkpoint, patience: settings.patience)
        if !changes.isEmpty, wasOver, history.isStopped || place.epochs == settings.epochs {
            throw RunError.finished(folder: folder.folder, changes)
        }
        checkpoint?.isStopped = history.isStopped
        document.program = old.program
        document.changes = old.changes + changes
        document.halvings = old.halvings
        // The checkpoint first: a later resumption reads it.
        if !changes.isEmpty, var changed = checkpoint {
            changed.run = document
            try folder.save(changed, settings)
        }
        if !changes.isEmpty || recorded?.changes != document.changes
            || recorded?.halvings != document.halvings
        {
            try document.write(to: folder.path("run.json"))
        }
        return (checkpoint, document)
    }

    private static func finish(
        _ run: TrainingRun, from state: TrainingState?, _ folder: RunFolder, _ ranks: RankGroup?
    ) throws -> RunResult {
        let result = try run.train(from: state)
        if result.result != nil, result.isOver { _ = try folder.draw(result.model) }
        withExtendedLifetime(folder) {}
        // The others wait until all is written.
        try ranks?.meet()
        return result
    }
}

extension RunResult {
    /// Whether no epoch is left to train.
    public var isOver: Bool {
        if case .interrupted = end { false } else { true }
    }
}

extension RunDocument {
    /// The settings that the record has.
    /// - Throws: `RunError.unknownSetting`, or `RunFileError.content` for a value that is not
    ///   understood.
    func trainingSettings(of folder: String) throws -> TrainingSettings {
        do {
            return try TrainingSettings(record: settings)
        } catch SettingError.unknown(let name) {
            throw RunError.unknownSetting(folder: folder, name: name)
        } catch let error as any PhidiasError {
            throw RunFileError.content(
                path: "\(folder)/run.json", byte: 0,
                reason: "a setting of the run is not understood: \(error.description)")
        }
    }

    /// Takes the texts of an older record for values that are the same.
    fileprivate mutating func keepSpelling(of old: RunDocument) {
        for index in settings.indices {
            let (name, text) = (settings[index].name, settings[index].value)
            if let before = old[name], RunChange.isSame(name, before, text) {
                settings[index].value = before
            }
        }
    }
}
