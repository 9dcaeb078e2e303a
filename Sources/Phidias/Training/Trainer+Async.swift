import PhidiasKernels

extension Trainer {
    /// A report of `reports(on:epochs:from:)`.
    public enum Report: Sendable {
        /// The report of a step.
        case step(StepReport)
        /// The report of an epoch, after the reports of its steps.
        case epoch(EpochReport)
    }

    /// Trains on its own thread, and delivers reports as they come:
    ///
    ///     for try await report in trainer.reports(on: data, epochs: 5) {
    ///         switch report {
    ///         case .step(let step): print(step.loss)
    ///         case .epoch(let epoch): print(epoch.trainingAccuracy)
    ///         }
    ///     }
    ///
    /// Training begins with the loop, and gives the same bits as `train`. If the task is cancelled
    /// or the loop is left, it ends after the current step, and `model` and `state` are then those
    /// of its last step; both wait for that step. A loop that is cancelled throws
    /// `CancellationError`.
    ///
    /// Training waits for its reader only if unread epochs pile up. Of steps that are not read in
    /// time, the last 1,024 are kept; no epoch's report is ever dropped.
    /// - Parameters:
    ///   - data: images and labels that fit the network.
    ///   - epochs: 1 to `mostEpochs`.
    ///   - start: the state to continue from; nil begins with `model`, without velocity.
    /// - Returns: a sequence whose iteration throws the errors of `train`, and `ThreadError` if no
    ///   thread can be started.
    public func reports(
        on data: Dataset, epochs: Int, from start: TrainingState? = nil
    ) -> TrainingReports {
        TrainingReports { self.startInBackground(on: data, epochs: epochs, from: start) }
    }

    /// Trains like `train`, on its own thread, while the calling task is suspended. If the task is
    /// cancelled, training ends after its current step.
    /// - Parameters:
    ///   - data: images and labels that fit the network.
    ///   - epochs: 1 to `mostEpochs`.
    ///   - start: the state to continue from; nil begins with `model`, without velocity.
    ///   - onEpoch: called by the calling task after each epoch, while training continues.
    /// - Throws: the errors of `train`; those of `onEpoch`, which end training;
    ///   `CancellationError`; `ThreadError` if no thread can be started.
    public nonisolated(nonsending) func trainInBackground(
        on data: Dataset, epochs: Int, from start: TrainingState? = nil,
        onEpoch: ((EpochReport) async throws -> Void)? = nil
    ) async throws {
        for try await case .epoch(let epoch) in reports(on: data, epochs: epochs, from: start) {
            try await onEpoch?(epoch)
        }
    }

    private func startInBackground(
        on data: Dataset, epochs: Int, from start: TrainingState?
    ) -> BackgroundTraining {
        let training = BackgroundTraining()
        do {
            try claim(for: training)
        } catch {
            return BackgroundTraining(end: .failure(error))
        }
        // The claim ensures that no two threads access what the lock does not guard.
        nonisolated(unsafe) let trainer = self
        do {
            try DedicatedThread.start {
                let result = Result {
                    try Model.startThreads(trainer.threads)
                    try trainer.run(
                        on: data, epochs: epochs, from: start,
                        Observers(
                            shouldStop: { training.isStopping },
                            onStep: { training.add($0) }, onEpoch: { training.add($0) }))
                }
                trainer.release()
                training.finish(result)
            }
        } catch {
            release()
            return BackgroundTraining(end: .failure(error))
        }
        return training
    }
}

/// The reports of a training: `Trainer.reports(on:epochs:from:)`. Each iteration trains.
public struct TrainingReports: AsyncSequence {
    /// A report of a step or an epoch.
    public typealias Element = Trainer.Report

    fileprivate let start: () -> BackgroundTraining

    /// Begins training.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(Reader(start())) }

    /// An iterator over the reports; training ends with it.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let reader: Reader

        fileprivate init(_ reader: Reader) { self.reader = reader }

        /// The next report, or nil when training has ended.
        /// - Throws: the error that ended training.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws -> Trainer.Report? {
            try await reader.training.next(isolation: actor)
        }
    }

    /// Tells training to end when the last copy of an iterator is gone.
    fileprivate final class Reader {
        let training: BackgroundTraining

        init(_ training: BackgroundTraining) { self.training = training }

        deinit { training.stop() }
    }
}

extension Model {
    /// Starts the threads of the calling thread: OpenMP's threads belong to the thread that asks
    /// for them.
    /// - Throws: `ModelError.noThreads`, `.openMP`.
    package static func startThreads(_ count: Int) throws(ModelError) {
        try checkOpenMP()
        if let reason = Threads.refusalToCaller(count) {
            throw .noThreads(count, reason: reason)
        }
    }
}
