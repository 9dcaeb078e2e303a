import FoundationEssentials
import Glibc
import Phidias

/// The outcome of replaying a run: whether it gives the same bits again.
public struct Verification: Sendable {
    /// The folder of the run.
    public let folder: String
    /// The first difference in each file; empty if everything is equal.
    public internal(set) var differences: [RunDifference] = []
    /// How many epochs were compared.
    public let epochs: Int
    /// Whether the run had come to its end.
    public internal(set) var isFinished = false
    /// SHA-256 of the replayed weights.
    public internal(set) var weightsSHA256 = ""
    /// Threads per step of the replay.
    public let threads: Int
    /// The version that began the run.
    public let program: String

    /// Whether every metric and weight is equal, bit for bit.
    public var isEqual: Bool { differences.isEmpty }
}

extension Run {
    /// Trains a run again from its record, and compares every metric of every epoch and the final
    /// weights, bit for bit; nothing is written.
    ///
    /// The models of a run that was stopped may be those of a later epoch than its metrics.
    /// - Parameters:
    ///   - folder: of the run.
    ///   - data: nil reads what the record names; else that data, which must have the same checksums.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`.
    ///   - shouldStop: asked between two steps; true ends the replay with `CancellationError`.
    ///   - onStart: called before the first step, with the network and the epochs to replay.
    ///   - onProgress: called after each step.
    /// - Throws: `RunError`, such as `.otherData`; what is wrong with the run's files.
    public static func verify(
        _ folder: String, data: DataPair? = nil, threads: Int? = nil,
        shouldStop: @escaping () -> Bool = { false },
        onStart: (_ network: Network, _ epochs: Int, _ threads: Int) -> Void = { _, _, _ in },
        onProgress: @escaping (RunProgress) -> Void = { _ in }
    ) throws -> Verification {
        let place = RunFolder(folder)
        try FolderSwitch.settleToRead(folder)
        // What is there and cannot be read says so when it is read.
        for name in ["run.json", "metrics.jsonl", "model.safetensors"]
        where access(place.path(name), F_OK) != 0 && [ENOENT, ENOTDIR].contains(errno) {
            throw RunError.missing(folder: folder, file: name)
        }
        try place.claim()
        let document = try RunDocument(path: place.path("run.json"))
        if let change = document.changes.first {
            throw RunError.wasChanged(folder: folder, change)
        }
        let bytes = try FileBytes.read(place.path("metrics.jsonl"), limit: MetricsFile.largestFile)
        let recorded = try MetricsFile.parse(bytes, path: place.path("metrics.jsonl")).epochs
        guard !recorded.isEmpty else { throw RunError.noEpoch(folder: folder) }
        if let checkpoint = try? place.lastCheckpoint(),
            case .missing(let changes) = RunRecords.difference(
                document, checkpoint.run, at: checkpoint.state.position),
            let change = changes.first, change.epochs < recorded.count
        {
            // run.json was not written any more, but the run went on with the change.
            throw RunError.wasChanged(folder: folder, change)
        }
        let replay = try Replay(
            try plan(document, folder, data: data, threads: threads), document,
            shouldStop: shouldStop, onProgress: onProgress)
        onStart(document.network, recorded.count, replay.threads)
        var outcome = Verification(
            folder: folder, epochs: recorded.count, threads: replay.threads,
            program: document.program)
        do {
            try replay.train(epochs: recorded.count)
        } catch let error as ReplayError {
            outcome.differences = [.divergence(error)]
        }
        (outcome.isFinished, outcome.weightsSHA256) = (
            replay.isFinished, replay.model.weightsSHA256
        )
        if outcome.isEqual {
            outcome.differences = try compare(replay, place, recorded, bytes)
        }
        return outcome
    }

    /// What the run computes, after its data has been compared with the record.
    private static func plan(
        _ document: RunDocument, _ folder: String, data: DataPair?, threads: Int?
    ) throws -> TrainingPlan {
        let settings = try document.trainingSettings(of: folder)
        let plan = try TrainingPlan(settings, data: data, threads: threads)
        for sum in document.checksums where plan.checksums[sum.name] != sum.value {
            throw RunError.otherData(
                folder: folder, name: sum.name, recorded: sum.value,
                found: plan.checksums[sum.name])
        }
        return plan
    }

    private static func compare(
        _ replay: Replay, _ folder: RunFolder, _ recorded: [EpochMetrics], _ bytes: [UInt8]
    ) throws -> [RunDifference] {
        var differences: [RunDifference] = []
        if replay.metrics.count < recorded.count {
            let epoch = replay.metrics.count + 1
            differences.append(
                .metric(
                    epoch: epoch, name: "training_loss",
                    recorded: recorded[epoch - 1].training.loss, replayed: nil))
        } else if let metric = RunDifference.first(recorded, replay.metrics, bytes: bytes) {
            differences.append(metric)
        }
        var models = try modelDifferences(replay, folder)
        // A run that was stopped may have saved the models of an epoch that is not in its metrics, or
        // no longer.
        while differences.isEmpty, !models.isEmpty, !replay.isFinished {
            do {
                try replay.train(epochs: replay.metrics.count + 1)
            } catch is ReplayError {
                break
            }
            let left = Set(try modelDifferences(replay, folder).map(\.file))
            models.removeAll { !left.contains($0.file) }
        }
        return differences + models.map(\.difference)
    }

    /// Where the files of the models differ from the replay as it stands.
    private static func modelDifferences(
        _ replay: Replay, _ folder: RunFolder
    ) throws -> [(file: String, difference: RunDifference)] {
        let models = [
            ("model.safetensors", replay.model), ("best.safetensors", replay.best?.model),
        ]
        return try models.compactMap { name, model in
            guard let model else { return nil }
            // Of a run that was stopped, the best model may not have been written yet.
            guard access(folder.path(name), F_OK) == 0 else {
                return replay.isFinished ? (name, .missing(file: name)) : nil
            }
            let own = ModelFile(
                model: model, loss: replay.loss, classNames: replay.classNames)
            return RunDifference.first(name, try ModelFile(path: folder.path(name)), own).map {
                (name, $0)
            }
        }
    }
}
