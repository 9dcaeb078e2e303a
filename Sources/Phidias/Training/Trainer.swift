import Glibc
import PhidiasKernels
import Synchronization

/// Trains a model: shuffles, makes batches, and runs forward pass, loss, and backward pass with
/// the momentum update, batch after batch.
///
/// The same seed, data and settings give the same weights bit for bit, with any number of
/// threads and any kernel table.
///
/// A trainer trains once at a time. While a thread trains with it, others may read `model`, `seconds`
/// and `state`, and a second training is refused. Different trainers may train at the same time.
public final class Trainer {
    /// After a step. Read-only: callbacks watch training, they do not steer it.
    public struct StepReport: Sendable {
        /// Counted from 1 over the whole run.
        public let step: Int
        /// Counted from 1.
        public let epoch: Int
        /// Images in the batch.
        public let images: Int
        /// Mean loss of the batch.
        public let loss: Double
        /// η and α of this step.
        public let learningRate, momentum: Float
    }

    /// After an epoch.
    public struct EpochReport: Sendable {
        /// Counted from 1.
        public let epoch: Int
        /// Of the run, up to the epoch's end.
        public let steps: Int
        /// Mean over the images of the epoch, each with the weights of its step.
        public let trainingLoss, trainingAccuracy: Double
        /// Time of shuffling, batches and steps, without evaluation and callbacks after the epoch,
        /// and between steps without what a callback does after it has taken the trainer's state.
        public let seconds: Double
        /// The model as it is now.
        public let model: Model
    }

    /// Most epochs of a run: their steps can be counted, whatever the data.
    public static let mostEpochs = 1_000_000_000

    /// What is made small.
    public var loss: any Loss { settings.loss }
    /// Learning rate and momentum of each step.
    public var optimizer: MomentumSGD { settings.optimizer }
    /// Images a step; the last batch of an epoch may be smaller.
    public var batchSize: Int { settings.batchSize }
    /// Decides the order of the images, dropout and augmentation.
    public var seed: UInt64 { settings.seed }
    /// Threads of a step; they do not change its result.
    public var threads: Int { settings.threads }
    /// How images are changed before the network sees them; nil: not at all.
    public var augmentation: Augmentation? { settings.augmentation }

    private let settings: TrainerSettings
    private let network: Network
    private let shared: Mutex<Shared>
    /// The last training. Only who trains touches it, or who holds the lock while nobody trains.
    private var session: TrainingSession?

    /// What other threads may ask for at any time.
    private struct Shared {
        var model: Model
        var seconds = 0.0
        /// Nil while nobody trains.
        var claim: Claim?
    }

    /// Who trains.
    private struct Claim {
        /// Nil of a thread that has not begun.
        var thread: pthread_t?
        /// What the thread works for, if it is one of its own.
        let background: BackgroundTraining?

        var isCallers: Bool { thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    /// - Parameters:
    ///   - model: where training starts.
    ///   - loss: what is made small; it has the output activation of the network.
    ///   - optimizer: learning rate and momentum of each step.
    ///   - batchSize: images a step, at least 1; a last short batch is averaged over its own size.
    ///   - seed: decides the order of the images, dropout and augmentation.
    ///   - augmentation: how images are changed before the network sees them; nil for not at all.
    ///   - threads: nil takes those of `Model.threads(_:)`.
    /// - Throws: `TrainingError.batchSize`, `.output`; `ModelError` where threads are missing.
    public init(
        model: Model, loss: any Loss = SynapticLoss(), optimizer: MomentumSGD = .golden,
        batchSize: Int = 64, seed: UInt64 = 1, augmentation: Augmentation? = nil,
        threads: Int? = nil
    ) throws {
        guard batchSize > 0 else { throw TrainingError.batchSize(batchSize, images: nil) }
        guard loss.outputActivation == model.network.outputActivation else {
            throw TrainingError.output(
                loss: loss.name, needs: loss.outputActivation,
                network: model.network.outputActivation)
        }
        settings = TrainerSettings(
            loss: loss, optimizer: optimizer, batchSize: batchSize, seed: seed,
            threads: try Model.threads(threads), augmentation: augmentation)
        network = model.network
        shared = Mutex(Shared(model: model))
    }

    /// The model after the last epoch or, once training has ended within an epoch, after the last
    /// step. After a divergence it is that of the last epoch that ended with finite weights and loss.
    ///
    /// Where `reports(on:epochs:from:)` has been left or cancelled, the step that is under way is
    /// waited for.
    public var model: Model {
        awaitStopped()
        return shared.withLock { $0.model }
    }

    /// Of all epochs, as `EpochReport.seconds` counts them.
    public var seconds: Double {
        awaitStopped()
        return shared.withLock { $0.seconds }
    }

    /// Where training stands: between two steps, so also in the callbacks and after `train`, however
    /// it ended. Nil before training, after a divergence, and while another thread trains.
    ///
    /// Where `reports(on:epochs:from:)` has been left or cancelled, the step that is under way is
    /// waited for.
    public var state: TrainingState? {
        awaitStopped()
        return shared.withLock { shared in
            guard let session, !session.hasDiverged, shared.claim?.isCallers ?? true else {
                return nil
            }
            session.pauseClock()
            let isEpochsEnd = session.position.steps == 0 && session.position.epochs > 0
            return TrainingState(
                model: isEpochsEnd ? shared.model : session.model, velocity: session.velocity,
                position: session.position)
        }
    }

    /// Runs `epochs` epochs over the data, or what is left of them.
    /// - Parameters:
    ///   - data: images and labels that fit the network.
    ///   - epochs: 1 to `mostEpochs`.
    ///   - start: where to go on, with a state of the same network; nil begins with `model`, without
    ///     velocity. The result has the bits of training that never stopped if data and settings are
    ///     those of before.
    ///   - shouldStop: asked between two steps and after an epoch's report; true ends training.
    ///   - onStep: called after each step.
    ///   - onEpoch: called after each epoch.
    /// - Throws: `TrainingError.diverged` if a loss or weight is no longer finite; `model` is
    ///   then that of the last good epoch. `.busy` if this trainer is training already; `.position`,
    ///   `.network`, `.velocities`, `.velocity` or `.counts` if training cannot go on from `start`;
    ///   `.notFinite` if what it starts from is not finite; `.epochs` or `.batchSize`. `ModelError`
    ///   if the data does not fit or memory is missing. Also what the callbacks throw.
    public func train(
        on data: Dataset, epochs: Int, from start: TrainingState? = nil,
        shouldStop: (() throws -> Bool)? = nil, onStep: ((StepReport) throws -> Void)? = nil,
        onEpoch: ((EpochReport) throws -> Void)? = nil
    ) throws {
        try train(
            on: data, epochs: epochs, from: start,
            Observers(shouldStop: shouldStop, onStep: onStep, onEpoch: onEpoch))
    }

    /// What is called on the way. Observers watch training and do not steer it, but for its end.
    struct Observers {
        /// A batch's indices, and the gradient of its mean loss by its logits.
        typealias Batch = (Span<UInt32>, Span<Float>) -> Void
        /// The stack between the gradient of a step and its update: it holds the gradient of the
        /// batch, and weights and velocity from before the step. It is read and not changed.
        typealias Gradient = (LayerStack) throws -> Void

        var shouldStop: (() throws -> Bool)?
        var onBatch: Batch?
        var onGradient: Gradient?
        var onStep: ((StepReport) throws -> Void)?
        var onEpoch: ((EpochReport) throws -> Void)?
    }

    func train(
        on data: Dataset, epochs: Int, from start: TrainingState? = nil, _ observers: Observers
    ) throws {
        try claim(for: nil)
        defer { release() }
        try run(on: data, epochs: epochs, from: start, observers)
    }

    /// The length of a run over the data.
    /// - Throws: `TrainingError.epochs`, `.batchSize`.
    func run(over data: Dataset, epochs: Int) throws -> RunLength {
        guard (1...Self.mostEpochs).contains(epochs) else { throw TrainingError.epochs(epochs) }
        guard batchSize <= data.count else {
            throw TrainingError.batchSize(batchSize, images: data.count)
        }
        return try RunLength(images: data.count, batchSize: batchSize, epochs: epochs)
    }

    /// Trains on the calling thread, for which this trainer is claimed.
    func run(
        on data: Dataset, epochs: Int, from start: TrainingState?, _ observers: Observers
    ) throws {
        shared.withLock { $0.claim?.thread = pthread_self() }
        let run = try run(over: data, epochs: epochs)
        let start = start ?? TrainingState(start: shared.withLock { $0.model })
        try start.check(fits: network, run, images: data.count, batchSize: batchSize)
        try start.model.check(data)
        let session = try TrainingSession(settings, run, on: data, from: start)
        self.session = session
        publish(start.model, session)
        defer {
            if session.hasDiverged {
                self.session = nil
            } else if session.position.steps > 0 {
                shared.withLock { $0.model = session.model }
            }
        }
        while !session.isFinished {
            let isWhole = try Kernels.withTeam(threads: threads) { try session.steps(observers) }
            guard isWhole else { return }
            let report = session.finishEpoch()
            publish(report.model, session)
            try observers.onEpoch?(report)
            if try observers.shouldStop?() == true { return }
        }
    }

    private func publish(_ model: Model, _ session: TrainingSession) {
        shared.withLock {
            $0.model = model
            $0.seconds = session.position.seconds
        }
    }

    /// Takes this trainer for a training, on the calling thread or in the background.
    /// - Throws: `TrainingError.busy`.
    func claim(for background: BackgroundTraining?) throws(TrainingError) {
        awaitStopped()
        try shared.withLock { shared throws(TrainingError) in
            guard shared.claim == nil else { throw .busy }
            shared.claim = Claim(
                thread: background == nil ? pthread_self() : nil, background: background)
        }
    }

    /// Gives it back.
    func release() { shared.withLock { $0.claim = nil } }

    /// Waits for the end of a training in the background that has been told to end.
    private func awaitStopped() {
        let background = shared.withLock {
            $0.claim?.isCallers == true ? nil : $0.claim?.background
        }
        guard let background, background.isStopping else { return }
        background.waitForEnd()
    }
}
