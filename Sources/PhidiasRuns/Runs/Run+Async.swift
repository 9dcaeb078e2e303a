import Phidias
import Synchronization

/// The same from asynchronous code: each works on a thread of its own while the calling task is
/// suspended, and ends at the next step when that task is cancelled.
extension Run {
    /// Trains a network and keeps it in a folder.
    ///
    ///     let result = try await Run.train(settings, in: "runs/mnist") { event in
    ///         if case .epoch(let metrics, let epochs) = event {
    ///             print("\(metrics.epoch) of \(epochs): \(metrics.training.accuracy)")
    ///         }
    ///     }
    ///
    /// If the task is cancelled, training ends after its step with a checkpoint, and `resume` goes on
    /// from there with the same bits.
    /// - Parameters:
    ///   - settings: what is trained, and how.
    ///   - folder: where the results go; until it returns, nothing else may use it.
    ///   - data: nil reads what the settings name.
    ///   - replacing: whether a run that is in the folder may be replaced.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`.
    ///   - weightsEvery: steps between two events with the model; nil for none.
    ///   - onEvent: called with what happens, on the thread that trains.
    /// - Throws: `CancellationError` after the checkpoint is written; else as the synchronous form.
    public nonisolated(nonsending) static func train(
        _ settings: TrainingSettings, in folder: String, data: DataPair? = nil,
        replacing: Bool = false, threads: Int? = nil, weightsEvery: Int? = nil,
        onEvent: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws -> RunResult {
        try await DedicatedThread.runCancellable { isCancelled in
            try train(
                settings, in: folder, data: data, replacing: replacing, threads: threads,
                weightsEvery: weightsEvery, onEvent: onEvent, shouldStop: isCancelled
            ).orCancellation()
        }
    }

    /// Resumes a run from its newest checkpoint.
    /// - Parameters:
    ///   - folder: of the run.
    ///   - data: nil reads what the settings name.
    ///   - allowingChanges: whether the result may become another one by `change`.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`.
    ///   - weightsEvery: steps between two events with the model; nil for none.
    ///   - change: changes settings.
    ///   - onEvent: called with what happens, on the thread that trains.
    /// - Throws: `CancellationError` after the checkpoint is written; else as the synchronous form.
    public nonisolated(nonsending) static func resume(
        _ folder: String, data: DataPair? = nil, allowingChanges: Bool = false,
        threads: Int? = nil, weightsEvery: Int? = nil,
        change: @escaping @Sendable (inout TrainingSettings) throws -> Void = { _ in },
        onEvent: @escaping @Sendable (RunEvent) -> Void = { _ in }
    ) async throws -> RunResult {
        try await DedicatedThread.runCancellable { isCancelled in
            try resume(
                folder, data: data, allowingChanges: allowingChanges, threads: threads,
                weightsEvery: weightsEvery, change: change, onEvent: onEvent,
                shouldStop: isCancelled
            ).orCancellation()
        }
    }

    /// Trains a run again from its record, and compares every metric and weight, bit for bit.
    /// - Parameters:
    ///   - folder: of the run.
    ///   - data: nil reads what the record names; else that data, which must have the same checksums.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`.
    ///   - onProgress: called after each step, on the thread that trains.
    /// - Throws: as the synchronous form.
    public nonisolated(nonsending) static func verify(
        _ folder: String, data: DataPair? = nil, threads: Int? = nil,
        onProgress: @escaping @Sendable (RunProgress) -> Void = { _ in }
    ) async throws -> Verification {
        try await DedicatedThread.runCancellable { isCancelled in
            try verify(
                folder, data: data, threads: threads, shouldStop: isCancelled,
                onProgress: onProgress)
        }
    }
}

extension Sweep {
    /// Computes all cells that have no result yet, and ranks the points. If the task is cancelled, the
    /// finished cells are saved, and the same call continues from there.
    /// - Parameters:
    ///   - settings: the grid.
    ///   - folder: where the results go; until it returns, nothing else may use it.
    ///   - data: nil reads what the settings name.
    ///   - firstFolds: computes only this many of the folds; nil for all.
    ///   - jobs: cells at a time; nil for one for each thread.
    ///   - threads: of a cell.
    ///   - onEvent: called with what happens, by one thread at a time.
    /// - Throws: `CancellationError`; else as the synchronous form.
    public nonisolated(nonsending) static func run(
        _ settings: SweepSettings, in folder: String, data: DataPair? = nil,
        firstFolds: Int? = nil, jobs: Int? = nil, threads: Int = 1,
        onEvent: @escaping @Sendable (SweepEvent) -> Void = { _ in }
    ) async throws -> SweepOutcome {
        try await DedicatedThread.runCancellable { isCancelled in
            let outcome = try run(
                settings, in: folder, data: data, firstFolds: firstFolds, jobs: jobs,
                threads: threads, onEvent: onEvent, shouldStop: isCancelled)
            guard outcome.isComplete || !isCancelled() else { throw CancellationError() }
            return outcome
        }
    }
}

extension RunResult {
    /// - Throws: `CancellationError` if the run was interrupted.
    fileprivate func orCancellation() throws -> RunResult {
        guard isOver else { throw CancellationError() }
        return self
    }
}

extension DedicatedThread {
    /// Runs `body` on a thread of its own; what it is given says whether the calling task has been
    /// cancelled.
    fileprivate static func runCancellable<Result: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) throws -> Result
    ) async throws -> Result {
        let flag = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await run { try body { flag.isSet } }
        } onCancel: {
            flag.set()
        }
    }
}

private final class CancellationFlag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
