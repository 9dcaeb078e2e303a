import Phidias
import Synchronization
import Testing

/// Training on threads of its own, beside tasks.
@Suite(.serialized) struct AsyncTrainingTests {
    /// 784-512-10 with 64 images: steps of about a millisecond or more.
    static func trainer(
        hidden: [Int] = [512], seed: UInt64 = 1, threads: Int = 2
    ) throws -> Trainer {
        try Trainer(
            model: Model(network: Network(hidden: hidden), seed: seed), seed: seed,
            threads: threads)
    }

    static let data = Result { try SyntheticDigits.dataset(count: 2000, seed: 3) }

    /// Ticks every 5 ms in a task of its own, and says how long the longest pause was.
    final class Heartbeat: Sendable {
        private let longest = Mutex(Duration.zero)
        private let task = Mutex<Task<Void, Never>?>(nil)

        init() {
            let task = Task.detached {
                var last = ContinuousClock.now
                while !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(5))
                    let now = ContinuousClock.now
                    let pause = last.duration(to: now)
                    self.longest.withLock { $0 = max($0, pause) }
                    last = now
                }
            }
            self.task.withLock { $0 = task }
        }

        func stop() async -> Duration {
            let task = task.withLock { $0 }
            task?.cancel()
            await task?.value
            return longest.withLock { $0 }
        }
    }

    /// In a process of its own: what other tests do takes threads from the pool for seconds.
    @Test func twoTrainingsAtOnceHaveTheBitsOfEachAloneAndBlockNobody() async throws {
        await #expect(processExitsWith: .success) {
            let data = try AsyncTrainingTests.data.get()
            var expected: [Model] = []
            for seed in [1, 2] as [UInt64] {
                let trainer = try AsyncTrainingTests.trainer(seed: seed)
                try trainer.train(on: data, epochs: 4)
                expected.append(trainer.model)
            }
            let heartbeat = Heartbeat()
            let models = try await withThrowingTaskGroup(of: (UInt64, Model).self) { group in
                for seed in [1, 2] as [UInt64] {
                    group.addTask {
                        (seed, try await AsyncTrainingTests.trainReading(seed: seed, on: data))
                    }
                }
                return try await group.reduce(into: [UInt64: Model]()) { $0[$1.0] = $1.1 }
            }
            let pause = await heartbeat.stop()
            #expect(models[1] == expected[0] && models[2] == expected[1])
            #expect(pause < .milliseconds(500) && pause > .zero, "\(pause)")
        }
    }

    /// The model after four epochs, whose reports are read.
    static func trainReading(seed: UInt64, on data: Dataset) async throws -> Model {
        let trainer = try trainer(seed: seed)
        var (steps, epochs) = (0, 0)
        for try await report in trainer.reports(on: data, epochs: 4) {
            switch report {
            case .step: steps += 1
            case .epoch(let epoch):
                epochs += 1
                #expect(epoch.epoch == epochs)
                // Its steps come before it, if none was dropped.
                #expect(steps == epochs * 32)
            }
        }
        #expect(epochs == 4)
        return trainer.model
    }

    @Test func reportsAreThoseOfSynchronousTraining() async throws {
        let data = try Self.data.get()
        let (synchronous, background) = (try Self.trainer(), try Self.trainer())
        var losses: [Double] = [], epochs: [Double] = []
        try synchronous.train(
            on: data, epochs: 2, onStep: { losses.append($0.loss) },
            onEpoch: { epochs.append($0.trainingLoss) })
        var seenLosses: [Double] = [], seenEpochs: [Double] = []
        for try await report in background.reports(on: data, epochs: 2) {
            switch report {
            case .step(let step): seenLosses.append(step.loss)
            case .epoch(let epoch): seenEpochs.append(epoch.trainingLoss)
            }
        }
        #expect(seenLosses == losses && seenEpochs == epochs)
        #expect(background.model == synchronous.model)
        #expect(background.state?.velocity == synchronous.state?.velocity)
    }

    @Test func leavingTheLoopEndsTrainingAfterItsStepAndItCanGoOn() async throws {
        let data = try Self.data.get()
        let whole = try Self.trainer()
        try whole.train(on: data, epochs: 40)
        let trainer = try Self.trainer()
        for try await report in trainer.reports(on: data, epochs: 40) {
            if case .step(let step) = report, step.step == 5 { break }
        }
        let state = try #require(trainer.state)
        #expect(state.position.epochs * 32 + state.position.steps >= 5)
        // It waits for its reader after some epochs, however slow that is.
        #expect(state.position.epochs < 40)
        #expect(trainer.model == state.model)
        // It has ended: the state stays, and the trainer is free.
        #expect(trainer.state == state)
        try await trainer.trainInBackground(on: data, epochs: 40, from: state)
        #expect(trainer.model == whole.model)
    }

    @Test func cancellationEndsTraining() async throws {
        let data = try Self.data.get()
        let steps = Mutex(0)
        let task = Task {
            let trainer = try Self.trainer()
            do {
                for try await report in trainer.reports(on: data, epochs: 1_000_000) {
                    if case .step(let step) = report { steps.withLock { $0 = step.step } }
                }
                Issue.record("a training of a million epochs has ended")
            } catch is CancellationError {}
            let state = try #require(trainer.state)
            #expect(trainer.model == state.model)
            return state.position.epochs * 32 + state.position.steps
        }
        while steps.withLock({ $0 }) < 3 { try await Task.sleep(for: .milliseconds(1)) }
        let before = ContinuousClock.now
        task.cancel()
        let last = try await task.value
        #expect(before.duration(to: .now) < .seconds(5))
        #expect(last >= 3)
    }

    @Test func cancelledBeforeItBeginsTrainingTakesNoTwoSteps() async throws {
        let data = try Self.data.get()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            let trainer = try Self.trainer()
            await #expect(throws: CancellationError.self) {
                try await trainer.trainInBackground(on: data, epochs: 1000)
            }
            return trainer.state?.position.steps ?? 0
        }
        task.cancel()
        #expect(try await task.value <= 2)
    }

    @Test func whatEndsTrainingIsThrown() async throws {
        let data = try Self.data.get()
        let trainer = try Self.trainer(hidden: [3])
        await #expect(throws: TrainingError.epochs(0)) {
            try await trainer.trainInBackground(on: data, epochs: 0)
        }
        let optimizer = try MomentumSGD(
            learningRate: LearningRate(1e30), momentum: .constant(0.9))
        let start = try Model(network: Network(hidden: [16], activation: .relu), seed: 1)
        let diverging = try Trainer(model: start, optimizer: optimizer)
        await #expect(throws: TrainingError.self) {
            try await diverging.trainInBackground(on: data, epochs: 3)
        }
        #expect(diverging.state == nil && diverging.model.firstNonFiniteLayer == nil)
        struct Enough: Error {}
        await #expect(throws: Enough.self) {
            try await trainer.trainInBackground(on: data, epochs: 1000) { _ in throw Enough() }
        }
        #expect(trainer.state?.position.epochs ?? 0 >= 1)
    }

    @Test func trainerInUseRefusesAndAnswers() async throws {
        let data = try Self.data.get()
        let trainer = try Self.trainer()
        let start = trainer.model
        var iterator = trainer.reports(on: data, epochs: 1_000_000).makeAsyncIterator()
        guard case .step = try await iterator.next() else {
            Issue.record("the first report is of no step")
            return
        }
        #expect(throws: TrainingError.busy) { try trainer.train(on: data, epochs: 1) }
        await #expect(throws: TrainingError.busy) {
            try await trainer.trainInBackground(on: data, epochs: 1)
        }
        #expect(trainer.state == nil)
        // Epochs that nobody reads make training wait: it comes no farther than these.
        while trainer.model == start { try await Task.sleep(for: .milliseconds(1)) }
        var epochs = 0, steps = 0
        while let report = try await iterator.next(), epochs < 40 {
            if case .epoch(let epoch) = report {
                epochs += 1
                #expect(epoch.epoch == epochs)
            } else {
                steps += 1
            }
        }
        #expect(epochs == 40 && steps > 0)
    }

    @Test func bodiesOfThreadsReturnAndThrow() async throws {
        struct Failure: Error {}
        #expect(try await DedicatedThread.run { 7 } == 7)
        await #expect(throws: Failure.self) { try await DedicatedThread.run { throw Failure() } }
        // 4 MB of stack, more than half of what there is.
        let sum = try await DedicatedThread.run {
            withUnsafeTemporaryAllocation(byteCount: 1 << 10, alignment: 8) { _ in Self.depth(4000)
            }
        }
        #expect(sum == 4000)
    }

    /// A kilobyte of stack each.
    static func depth(_ left: Int) -> Int {
        withUnsafeTemporaryAllocation(byteCount: 1 << 10, alignment: 8) { buffer in
            buffer[left % 1024] = 1
            return left == 0 ? 0 : Int(buffer[left % 1024]) + depth(left - 1)
        }
    }
}
