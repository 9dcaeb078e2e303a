import Phidias

/// What happens in a run, as it happens.
public enum RunEvent: Sendable {
    /// Training is about to begin or to continue.
    case starts(RunStart)
    /// Before anything is trained: labels of the training images that look like mistakes.
    case doubts([DataDoubt])
    /// The run continues from a checkpoint, at this position.
    case resumes(folder: String, TrainingPosition)
    /// A step is done.
    case step(RunProgress)
    /// The model before the first step, and after those that were asked for.
    case weights(RunWeights)
    /// An epoch is done and saved.
    case epoch(EpochMetrics, of: Int)
    /// The training loss of an epoch is above the loss before training: the learning rate may be too
    /// high.
    case lossAboveStart(epoch: Int, loss: Double, start: Double)
    /// A step over ranks takes longer than it would on one of them, in seconds: by what the first steps
    /// took, `messages` of it for the exchange and for waiting, and an estimate of one rank alone.
    case slowRanks(step: Double, messages: Double, alone: Double)
    /// A checkpoint cannot be read; the one before it is tried.
    case damagedCheckpoint(any PhidiasError)
    /// These frames of the film are not whole PNG files; the run continues without them.
    case damagedFrames([String])
    /// run.json lacked these changes, which a checkpoint has: it is written again.
    case recordWasBehind(folder: String, [RunDocument.Change])
    /// The run continues without these changes of run.json: no checkpoint that can be read has them.
    case dropsChanges(folder: String, TrainingPosition, [RunDocument.Change])
    /// Training diverged and goes back, for the `count`-th time, to the end of an epoch, with half the
    /// learning rate and, of sgd, coupled momentum.
    case halves(TrainingError, backTo: Int, count: Int)
    /// Training diverged and ends; this is left in the folder.
    case diverges(RunRemains)
    /// The validation loss has not improved since an epoch, whose weights are taken.
    case noImprovement(since: Int)
}

/// What a run is about to compute.
public struct RunStart: Sendable {
    /// The network.
    public let network: Network
    /// The settings.
    public let settings: TrainingSettings
    /// The settings as the record has them.
    public var record: [RunDocument.Setting] { settings.record }
    /// The name of the loss.
    public let loss: String
    /// How many images are trained on.
    public let images: Int
    /// Threads per step; of each rank, where several share it.
    public let threads: Int
    /// How many ranks share a step.
    public let ranks: Int
    /// Epochs that are already finished.
    public let epochsDone: Int
}

/// How far a run has come.
public struct RunProgress: Sendable {
    /// The epoch, counted from 1.
    public let epoch: Int
    /// The epochs of the run.
    public let epochs: Int
    /// Images of that epoch that are done.
    public let images: Int
    /// Images per epoch.
    public let imagesPerEpoch: Int
    /// The mean loss of the step's batch.
    public let loss: Double
    /// The step, counted from 1 over the whole run.
    public let step: Int
    /// Learning rate and momentum of the step.
    public let learningRate, momentum: Float
}

/// The model of a run after a step.
public struct RunWeights: Sendable {
    /// The step, counted from 1 over the whole run; 0 is before the first.
    public let step: Int
    /// The model.
    public let model: Model
}

/// What a run that diverged has left.
public enum RunRemains: Sendable, Equatable {
    /// The model of the last good epoch, in a file.
    case model(path: String, epoch: Int)
    /// The run that was to be replaced.
    case runBefore(folder: String)
    /// Nothing: no epoch was finished.
    case nothing(path: String)
}

/// The outcome of a run.
public struct RunResult: Sendable {
    /// How it ended.
    public enum End: Sendable, Equatable {
        /// After its last epoch.
        case finished
        /// Because the validation loss no longer improved.
        case stoppedEarly
        /// Because it was asked to stop; a checkpoint holds this position.
        case interrupted(TrainingPosition)
    }

    /// How it ended.
    public let end: End
    /// The folder of the run.
    public let folder: String
    /// The final model: the last one, or with patience the best one.
    public let model: Model
    /// The metrics of all finished epochs.
    public let metrics: [EpochMetrics]
    /// The metrics of the final model; nil if no epoch was finished.
    public let result: EpochMetrics?
    /// Seconds of training.
    public let seconds: Double
    /// Images that all finished epochs have seen.
    public let trainedImages: Int
    /// Threads per step.
    public let threads: Int
    /// The name of the loss.
    public let loss: String
}
