import Foundation

/// What passes between a training on a thread of its own and the task that reads its reports.
///
/// Steps are shorter than the way to another task, so reports wait to be read: of steps the last
/// ones, of which new ones take the place of the oldest; of epochs all, and the training waits before
/// there are too many, as each holds a model.
final class BackgroundTraining: @unchecked Sendable {
    /// Reports that wait to be read, at the most.
    static let mostSteps = 1024, mostEpochs = 16

    // All below is touched under this lock alone.
    private let condition = NSCondition()
    private var steps = StepQueue(capacity: mostSteps)
    private var epochs: [Trainer.EpochReport] = []
    private var stopped = false
    private var end: Result<Void, any Error>?
    private var reader: CheckedContinuation<Trainer.Report?, any Error>?

    /// - Parameter end: of a training that cannot even begin.
    init(end: Result<Void, any Error>? = nil) { self.end = end }

    private func locked<Value>(_ body: () throws -> Value) rethrows -> Value {
        condition.lock()
        defer { condition.unlock() }
        return try body()
    }

    // MARK: - The reader's side

    /// Whether training is to end, because nobody reads on.
    var isStopping: Bool { locked { stopped } }

    /// Tells training to end after its step. What it reports from now on is dropped.
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

    /// The next report as soon as there is one, or nil at the end. After `stop` it waits for the end.
    /// - Throws: what ended training; `CancellationError` after `stop`.
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

    /// The oldest report.
    private func takeReport() -> Trainer.Report? {
        if let step = steps.first, step.step <= epochs.first?.steps ?? .max {
            steps.removeFirst()
            return .step(step)
        }
        guard !epochs.isEmpty else { return nil }
        condition.broadcast()
        return .epoch(epochs.removeFirst())
    }

    /// What the end says to the reader, an error once; nil before it.
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

    /// The last that training does.
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

/// The last reports of steps, in a ring.
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

    /// In the place of the oldest if there is no other.
    mutating func append(_ report: Trainer.StepReport) {
        let place = (start + count) % capacity
        if place == reports.count { reports.append(report) } else { reports[place] = report }
        if count == capacity { start = (start + 1) % capacity } else { count += 1 }
    }
}
