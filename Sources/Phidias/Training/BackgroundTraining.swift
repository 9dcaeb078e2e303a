import FoundationEssentials
import Glibc

/// The connection between a training on its own thread and the task that reads its reports.
///
/// Steps are shorter than the way to another task, so reports wait to be read: for steps only the
/// latest, where new ones replace the oldest; for epochs all, and training waits when there are too
/// many, because each holds a model.
final class BackgroundTraining: @unchecked Sendable {
    /// The most reports of each kind that wait to be read.
    static let mostSteps = 1024, mostEpochs = 16

    // Everything below is accessed under this lock only.
    private let condition = Condition()
    private var steps = StepQueue(capacity: mostSteps)
    private var epochs: [Trainer.EpochReport] = []
    private var stopped = false
    private var end: Result<Void, any Error>?
    private var reader: CheckedContinuation<Trainer.Report?, any Error>?

    /// - Parameter end: the result of a training that cannot even begin.
    init(end: Result<Void, any Error>? = nil) { self.end = end }

    private func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
        condition.lock()
        defer { condition.unlock() }
        return try body()
    }

    // MARK: - The reader's side

    /// Whether training should end, because nobody reads on.
    var isStopping: Bool { locked { stopped } }

    /// Tells training to end after its current step. Later reports are dropped.
    func stop() {
        locked {
            stopped = true
            condition.broadcast()
        }
    }

    /// Blocks until training has ended.
    func waitForEnd() {
        locked { while end == nil { condition.wait() } }
    }

    /// The next report as soon as there is one, or nil at the end. After `stop` it waits for the
    /// end.
    /// - Throws: the error that ended training; `CancellationError` after `stop`.
    func next(isolation: isolated (any Actor)?) async throws -> Trainer.Report? {
        try await withTaskCancellationHandler(
            operation: {
                try await withCheckedThrowingContinuation(isolation: isolation) { read($0) }
            }, onCancel: { stop() }, isolation: isolation)
    }

    private func read(_ continuation: CheckedContinuation<Trainer.Report?, any Error>) {
        let result: Result<Trainer.Report?, any Error>? = locked {
            if !stopped, let report = takeReport() { return .success(report) }
            if let result = takeEnd() { return result }
            reader = continuation
            return nil
        }
        if let result { continuation.resume(with: result) }
    }

    /// Takes the oldest report.
    private func takeReport() -> Trainer.Report? {
        if let step = steps.first, step.step <= epochs.first?.steps ?? .max {
            steps.removeFirst()
            return .step(step)
        }
        guard !epochs.isEmpty else { return nil }
        condition.broadcast()
        return .epoch(epochs.removeFirst())
    }

    /// The result for the reader at the end, an error only once; nil before it.
    private func takeEnd() -> Result<Trainer.Report?, any Error>? {
        guard let end else { return nil }
        self.end = .success(())
        return end.flatMap { stopped ? .failure(CancellationError()) : .success(nil) }
    }

    // MARK: - The training's side

    func add(_ report: Trainer.StepReport) {
        let reader = locked {
            let reader = stopped ? nil : takeReader()
            if reader == nil, !stopped { steps.append(report) }
            return reader
        }
        reader?.resume(returning: .step(report))
    }

    /// Waits while too many epochs are unread.
    func add(_ report: Trainer.EpochReport) {
        let reader = locked {
            while !stopped, epochs.count >= Self.mostEpochs { condition.wait() }
            let reader = stopped ? nil : takeReader()
            if reader == nil, !stopped { epochs.append(report) }
            return reader
        }
        reader?.resume(returning: .epoch(report))
    }

    /// Records the result of training as its last action.
    func finish(_ result: Result<Void, any Error>) {
        let last:
            (CheckedContinuation<Trainer.Report?, any Error>, Result<Trainer.Report?, any Error>)? =
                locked {
                    end = result
                    condition.broadcast()
                    guard let reader = takeReader(), let end = takeEnd() else { return nil }
                    return (reader, end)
                }
        last?.0.resume(with: last?.1 ?? .success(nil))
    }

    private func takeReader() -> CheckedContinuation<Trainer.Report?, any Error>? {
        defer { reader = nil }
        return reader
    }
}

/// The latest step reports, in a ring buffer.
private struct StepQueue {
    private let capacity: Int
    private var reports: [Trainer.StepReport] = []
    private var start = 0
    private var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        reports.reserveCapacity(capacity)
    }

    var first: Trainer.StepReport? { count > 0 ? reports[start] : nil }

    mutating func removeFirst() {
        start = (start + 1) % capacity
        count -= 1
    }

    /// Appends a report, replacing the oldest if there is no room.
    mutating func append(_ report: Trainer.StepReport) {
        let place = (start + count) % capacity
        if place == reports.count { reports.append(report) } else { reports[place] = report }
        if count == capacity { start = (start + 1) % capacity } else { count += 1 }
    }
}
