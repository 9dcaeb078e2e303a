import Phidias

/// Why a run cannot begin, continue or be verified.
public enum RunError: PhidiasError, Equatable {
    /// The folder already holds a run, of which `file` is a part.
    case exists(folder: String, file: String)
    /// The folder holds neither a record nor checkpoints.
    case noRun(folder: String)
    /// A file without which a run cannot be verified.
    case missing(folder: String, file: String)
    /// No epoch was finished.
    case noEpoch(folder: String)
    /// A record with a setting that does not exist.
    case unknownSetting(folder: String, name: String)
    /// Settings that would change the result, where that is not allowed.
    case changes(folder: String, [RunDocument.Change])
    /// Settings that give another network than the one whose weights were saved.
    case otherNetwork(folder: String, network: String, [RunDocument.Change])
    /// Another optimizer than the one whose moments were saved.
    case otherOptimizer(folder: String, [RunDocument.Change])
    /// Settings that decide the images of a batch, in the middle of an epoch counted from 1.
    case withinEpoch(folder: String, epoch: Int, [RunDocument.Change])
    /// More epochs than a checkpoint holds the metrics of.
    case tooManyEpochs(Int)
    /// Fewer epochs than are already finished.
    case endsBefore(folder: String, finished: Int, epochs: Int)
    /// A run that is finished, with no epoch left for other settings.
    case finished(folder: String, [RunDocument.Change])
    /// A run whose settings were changed on the way, so that its record does not tell all it did.
    case wasChanged(folder: String, RunDocument.Change)
    /// Changes of a run whose newest checkpoint cannot be read, for a reason: they would be made earlier.
    case unreadableCheckpoint(folder: String, String, [RunDocument.Change])
    /// A record with changes that no checkpoint has which can be read; the newest of them is at this
    /// position.
    case lostChanges(folder: String, TrainingPosition, [RunDocument.Change])
    /// A record that is not that of the checkpoint at this position: its values, and the record's.
    case otherRecord(folder: String, TrainingPosition, [RunDocument.Change])
    /// Data that is not the run's: the recorded checksum of a part, and the one that was found.
    case otherData(folder: String, name: String, recorded: String, found: String?)
    /// A model whose data is unknown or cannot be read.
    case noData(model: String, reason: String)
    /// A folder of numbered runs that has no number left.
    case noNumber(folder: String)

    public var description: String {
        switch self {
        case .exists(let folder, let file): "\(folder): a run already exists there (\(file))."
        case .noRun(let folder):
            "\(folder): there is no run to resume (neither run.json nor checkpoints)."
        case .missing(let folder, let file):
            "\(folder): there is no run to verify (\(file) is missing)."
        case .noEpoch(let folder):
            "\(folder): no epoch is finished, so there is nothing to verify."
        case .unknownSetting(let folder, let name):
            "\(folder): run.json has the setting '\(name)', which does not exist."
        case .changes(let folder, let changes):
            "\(folder): these settings differ from those of the run and would change its result:\n\(Self.list(changes))"
        case .otherNetwork(let folder, let network, let changes):
            "\(folder): the weights are those of \(network), and another network cannot continue with them:\n\(Self.list(changes))"
        case .otherOptimizer(let folder, let changes):
            "\(folder): the moments are those of another optimizer, and this one cannot continue with them:\n\(Self.list(changes))"
        case .withinEpoch(let folder, let epoch, let changes):
            "\(folder): the run is in the middle of epoch \(epoch), where the images of a batch cannot change:\n\(Self.list(changes))"
        case .tooManyEpochs(let epochs):
            "A run has at most \(Checkpoint.mostEpochs) epochs, not \(epochs): a checkpoint could not hold the metrics of more."
        case .endsBefore(let folder, let finished, let epochs):
            "\(folder): epoch \(finished) is already finished, so the run cannot end after \(epochs.counted("epoch"))."
        case .finished(let folder, let changes):
            "\(folder): the run is finished, so no epoch is left for other settings:\n\(Self.list(changes))"
        case .wasChanged(let folder, let change):
            "\(folder): \(change.setting) was changed after epoch \(change.epochs) (\(change.from) → \(change.to)); a run whose settings were changed cannot be replayed from its record."
        case .unreadableCheckpoint(let folder, let reason, let changes):
            "\(folder): the newest checkpoint cannot be read, and from the one before it these changes would be made earlier:\n\(Self.list(changes))\n\(reason) Resume the run without changes first: that gives the same bits."
        case .lostChanges(let folder, let place, let changes):
            "\(folder): run.json records changes that no readable checkpoint has; the newest is \(place.text):\n\(changes.text)\nTo resume there, these changes must be dropped, or made again."
        case .otherRecord(let folder, let place, let changes):
            "\(folder): run.json and the newest checkpoint, \(place.text), are not of the same run (checkpoint → run.json):\n\(Self.list(changes))\nPut the run's own run.json back, or remove it: the checkpoint has the record too."
        case .otherData(let folder, let name, let recorded, let found):
            "\(folder): the data is not the run's: SHA-256 of \(name) is \(found ?? "missing"), and \(recorded) was recorded."
        case .noData(let model, let reason):
            "\(model): the data to evaluate the model on is unknown: \(reason)."
        case .noNumber(let folder):
            "\(folder): no number is left for another run; use another folder."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .exists: 73
        case .otherData, .unreadableCheckpoint, .lostChanges, .otherRecord: 65
        case .noNumber: 73
        default: 64
        }
    }

    private static func list(_ changes: [RunDocument.Change]) -> String {
        changes.map { "  \($0.setting): \($0.from) → \($0.to)" }.joined(separator: "\n")
    }
}

extension TrainingPosition {
    /// The place in a run, for people.
    var text: String {
        steps == 0 ? "at the end of epoch \(epochs)" : "in epoch \(epochs + 1), after step \(steps)"
    }
}
