import Glibc
import PhidiasKernels
import Synchronization

/// Trains a model: shuffles, makes batches, and runs forward pass, loss, and backward pass with
/// the momentum update, batch after batch.
///
/// The same seed, data and settings give the same weights bit for bit, with any number of
/// threads and any kernel table.
///
/// A trainer runs one training at a time. While a thread trains with it, others may read `model`,
/// `seconds` and `state`, and a second training is refused. Different trainers may train at the
/// same time.
public final class Trainer {
    /// The report of a step. Callbacks observe training, they do not change it.
    public struct StepReport: Sendable {
        /// The step, counted from 1 over the whole run.
        public let step: Int
        /// The epoch, counted from 1.
        public let epoch: Int
        /// The number of images in the batch.
        public let images: Int
        /// The mean loss of the batch.
        public let loss: Double
        /// Learning rate η of this step.
        public let learningRate: Float
        /// Momentum weight α of this step, or Adam's β₁.
        public let momentum: Float
    }

    /// The report of an epoch.
    public struct EpochReport: Sendable {
        /// The epoch, counted from 1.
        public let epoch: Int
        /// The number of steps of the run up to the epoch's end.
        public let steps: Int
        /// The mean loss over the images of the epoch, each with the weights of its step.
        public let trainingLoss: Double
        /// The share of images of the epoch classified correctly, each with the weights of its
        /// step; nil where numbers are predicted.
        public let trainingAccuracy: Double?
        /// Time of shuffling, batches and steps in seconds, without evaluation and callbacks after
        /// the epoch, and between steps without what a callback does after it has read the
        /// trainer's state.
        public let seconds: Double
        /// The model at the end of the epoch.
        public let model: Model
    }

    /// The most epochs of a run: their steps can be counted, whatever the data.
    public static let mostEpochs = 1_000_000_000

    /// The loss to minimize.
    public var loss: any Loss { settings.loss }
    /// How gradients become steps, and the learning rate of each.
    public var optimizer: Optimizer { settings.optimizer }
    /// The number of images per step; the last batch of an epoch may be smaller.
    public var batchSize: Int { settings.batchSize }
    /// The seed of the order of the images, dropout and augmentation.
    public var seed: UInt64 { settings.seed }
    /// The number of threads of a step; it does not change the result.
    public var threads: Int { settings.threads }
    /// The random changes to training images; nil for none.
    public var augmentation: Augmentation? { settings.augmentation }

    /// What other processes do of the same training: each has such a trainer, with the same settings,
    /// model and data, and makes the same calls. Nil for a trainer that works alone. The state is then
    /// to be read on all of them after the same steps.
    package var sharing: SharedTraining? {
        get { settings.sharing }
        set { settings.sharing = newValue }
    }

    private var settings: TrainerSettings
    private let network: Network
    private let shared: Mutex<Shared>
    /// The last training. Only the thread that trains accesses it, or one that holds the lock while
    /// there is no training.
    private var session: TrainingSession?

    /// What other threads may read at any time.
    private struct Shared {
        var model: Model
        var seconds = 0.0
        /// Nil while there is no training.
        var claim: Claim?
    }

    /// The thread that trains.
    private struct Claim {
        /// Nil for a thread that has not begun.
        var thread: pthread_t?
        /// The background training that the thread serves, if there is one.
        let background: BackgroundTraining?

        var isCallers: Bool { thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    /// - Parameters:
    ///   - model: the model to start from.
    ///   - loss: the loss to minimize; it must have the output activation of the network.
    ///   - optimizer: how gradients become steps.
    ///   - batchSize: images per step, at least 1; a last short batch is averaged over its own
    ///     size.
    ///   - seed: the seed of the order of the images, dropout and augmentation.
    ///   - augmentation: random changes to training images; nil for none.
    ///   - threads: nil takes the number from `Model.threads(_:)`.
    /// - Throws: `TrainingError.batchSize`, `.output`; `ModelError` where threads are missing.
    public init(
        model: Model, loss: any Loss = SynapticLoss(), optimizer: Optimizer,
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

    /// A trainer by gradient descent with momentum.
    /// - Parameters:
    ///   - model: the model to start from.
    ///   - loss: the loss to minimize; it must have the output activation of the network.
    ///   - optimizer: learning rate and momentum of each step.
    ///   - batchSize: images per step, at least 1; a last short batch is averaged over its own
    ///     size.
    ///   - seed: the seed of the order of the images, dropout and augmentation.
    ///   - augmentation: random changes to training images; nil for none.
    ///   - threads: nil takes the number from `Model.threads(_:)`.
    /// - Throws: `TrainingError.batchSize`, `.output`; `ModelError` where threads are missing.
    public convenience init(
        model: Model, loss: any Loss = SynapticLoss(), optimizer: MomentumSGD = .golden,
        batchSize: Int = 64, seed: UInt64 = 1, augmentation: Augmentation? = nil,
        threads: Int? = nil
    ) throws {
        try self.init(
            model: model, loss: loss, optimizer: .sgd(optimizer), batchSize: batchSize,
            seed: seed, augmentation: augmentation, threads: threads)
    }

    /// The model after the last epoch or, once training has ended within an epoch, after the last
    /// step. After a divergence it is that of the last epoch that ended with finite weights and loss.
    ///
    /// After `reports(on:epochs:from:)` has been left or cancelled, it waits for the step in
    /// progress.
    public var model: Model {
        awaitStopped()
        return shared.withLock { $0.model }
    }

    /// The training time of all epochs, as counted by `EpochReport.seconds`.
    public var seconds: Double {
        awaitStopped()
        return shared.withLock { $0.seconds }
    }

    /// The state of the training between two steps, so also in the callbacks and after `train`,
    /// however it ended. Nil before training, after a divergence, and while another thread trains.
    ///
    /// After `reports(on:epochs:from:)` has been left or cancelled, it waits for the step in
    /// progress.
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
                secondMoments: session.secondMoments, position: session.position)
        }
    }

    /// Trains for `epochs` epochs over the data, or for those that are left.
    /// - Parameters:
    ///   - data: images and labels that fit the network.
    ///   - epochs: 1 to `mostEpochs`.
    ///   - start: the state to continue from, of the same network; nil begins with `model`, without
    ///     velocity. The result has the bits of training that never stopped if data and settings
    ///     are the same as before.
    ///   - shouldStop: called between two steps and after an epoch's report; true ends training.
    ///   - onStep: called after each step.
    ///   - onEpoch: called after each epoch.
    /// - Throws: `TrainingError.diverged` if a loss or weight is no longer finite; `model` is then
    ///   that of the last good epoch. `.busy` if this trainer is already training; `.position`,
    ///   `.network`, `.velocities`, `.velocity`, `.secondMoments` or `.counts` if training cannot
    ///   continue from `start`; `.notFinite` if the start is not finite; `.epochs` or
    ///   `.batchSize`. `ModelError` if the data does not fit or memory is missing. Also the errors of the callbacks.
    public func train(
        on data: Dataset, epochs: Int, from start: TrainingState? = nil,
        shouldStop: (() throws -> Bool)? = nil, onStep: ((StepReport) throws -> Void)? = nil,
        onEpoch: ((EpochReport) throws -> Void)? = nil
    ) throws {
        try train(
            on: data, epochs: epochs, from: start,
            Observers(shouldStop: shouldStop, onStep: onStep, onEpoch: onEpoch))
    }

    /// Functions that are called during training. Observers do not change training, except to end
    /// it.
    struct Observers {
        /// A batch's indices, and the gradient of its mean loss with respect to its logits.
        typealias Batch = (Span<UInt32>, Span<Float>) -> Void
        /// The stack between the gradient of a step and its update: it holds the gradient of the
        /// batch, and weights and velocity from before the step. Observers read it and do not
        /// change it.
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
        try start.check(
            fits: network, run, images: data.count, batchSize: batchSize, optimizer: optimizer)
        try start.model.check(data)
        let session = try TrainingSession(settings, run, on: data, from: start)
        self.session = session
        publish(start.model, session)
        defer {
            if session.hasDiverged {
                self.session = nil
            } else if session.position.steps > 0, session.isWhole {
                shared.withLock { $0.model = session.model }
            }
        }
        while !session.isFinished {
            let isWhole = try Kernels.withTeam(threads: threads) { try session.steps(observers) }
            guard isWhole else { return session.makeWhole() }
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

    /// Claims this trainer for a training, on the calling thread or in the background.
    /// - Throws: `TrainingError.busy`.
    func claim(for background: BackgroundTraining?) throws(TrainingError) {
        awaitStopped()
        try shared.withLock { shared throws(TrainingError) in
            guard shared.claim == nil else { throw .busy }
            shared.claim = Claim(
                thread: background == nil ? pthread_self() : nil, background: background)
        }
    }

    /// Releases the claim.
    func release() { shared.withLock { $0.claim = nil } }

    /// Waits for the end of a background training that has been told to end.
    private func awaitStopped() {
        let background = shared.withLock {
            $0.claim?.isCallers == true ? nil : $0.claim?.background
        }
        guard let background, background.isStopping else { return }
        background.waitForEnd()
    }
}
