import FoundationEssentials
import Glibc
import Phidias
import Synchronization

/// Writes what happens in a run into files that TensorBoard shows: losses, accuracies, learning rate
/// and momentum, pictures of the first layer's filters, and histograms of all parameters.
///
///     let log = try TensorBoardLog(in: "boards/first")
///     try Run.train(
///         settings, in: "runs/first", weightsEvery: log.weightsEvery, onEvent: log.add)
///
/// Steps are counted over the whole run. A run that continues adds a file, and so does one that is
/// trained again: TensorBoard then shows the new points from where it began, in the place of those
/// that were there. The files are only a view of a run. If one cannot be written, the run does not
/// suffer: the log ends, and says why.
public final class TensorBoardLog: Sendable {
    /// Steps between two pictures and histograms.
    public static let usualInterval = 1000

    /// The folder of the files.
    public let folder: String
    /// Steps between two pictures and histograms, at least 1: what `Run.train` is to be given. The
    /// loss of the batch, the learning rate and the momentum come ten times as often.
    public let weightsEvery: Int
    private let onFailure: @Sendable (any PhidiasError) -> Void
    private let state = Mutex(State())

    /// What is known of the run.
    private struct State {
        var file: EventFile?
        /// Nothing more is written.
        var hasFailed = false
        var stepsPerEpoch = 1
        /// Where the run continues.
        var position = TrainingPosition()
    }

    /// Makes the folder where it is missing.
    /// - Parameters:
    ///   - folder: where the files go, of one run alone.
    ///   - interval: steps between two pictures and histograms, at least 1.
    ///   - onFailure: called once if a file cannot be written; then the log has ended.
    /// - Throws: `SettingError.value`, `FileError`.
    public init(
        in folder: String, every interval: Int = usualInterval,
        onFailure: @escaping @Sendable (any PhidiasError) -> Void = { _ in }
    ) throws {
        guard interval >= 1 else {
            throw SettingError.value(
                setting: "tensorboard_every", text: String(interval), expected: "at least 1")
        }
        try DurableFile.makeDirectory(folder)
        (self.folder, weightsEvery, self.onFailure) = (folder, interval, onFailure)
    }

    /// Adds what happened. Call it with every event of a run, in order.
    public func add(_ event: RunEvent) {
        let failure = state.withLock { state -> (any PhidiasError)? in
            guard !state.hasFailed else { return nil }
            do throws(FileError) {
                try add(event, &state)
                return nil
            } catch {
                (state.hasFailed, state.file) = (true, nil)
                return error
            }
        }
        if let failure { onFailure(failure) }
    }

    private func add(_ event: RunEvent, _ state: inout State) throws(FileError) {
        switch event {
        case .resumes(_, let position): state.position = position
        case .starts(let start):
            let batch = max(start.settings.batchSize, 1)
            state.stepsPerEpoch = (start.images + batch - 1) / batch
            let done = state.position.epochs * state.stepsPerEpoch + state.position.steps
            let file = try EventFile(in: folder)
            state.file = file
            try file.append(TensorBoardEvent.version)
            try file.append(TensorBoardEvent.start(at: done == 0 ? 0 : done + 1))
        case .halves(_, let epoch, _):
            try state.file?.append(TensorBoardEvent.start(at: epoch * state.stepsPerEpoch + 1))
        case .step(let step):
            guard step.step.isMultiple(of: max(weightsEvery / 10, 1)) else { return }
            var event = TensorBoardEvent(step: step.step)
            event.add("loss/batch", step.loss)
            event.add("optimizer/learning_rate", Double(step.learningRate))
            event.add("optimizer/momentum", Double(step.momentum))
            try state.file?.append(event.message)
        case .epoch(let line, _):
            var event = TensorBoardEvent(step: line.epoch * state.stepsPerEpoch)
            let scores: KeyValuePairs = [
                "training": line.training, "test": line.test, "validation": line.validation,
            ]
            for (name, score) in scores {
                guard let score else { continue }
                event.add("loss/\(name)", score.loss)
                let qualities = [
                    ("accuracy", score.accuracy), ("mae", score.meanAbsoluteError),
                    ("r2", score.r2),
                ]
                for (what, value) in qualities { value.map { event.add("\(what)/\(name)", $0) } }
            }
            try state.file?.append(event.message)
        case .weights(let weights):
            var event = TensorBoardEvent(step: weights.step)
            event.add(weights.model)
            try state.file?.append(event.message)
        case .doubts, .lossAboveStart, .slowRanks, .damagedCheckpoint, .damagedFrames,
            .recordWasBehind, .dropsChanges,
            .diverges,
            .noImprovement:
            break
        }
    }
}
