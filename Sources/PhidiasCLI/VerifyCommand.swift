import ArgumentParser
import Foundation
import Phidias

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Replay a run, and say whether it gives the same bits.",
        discussion: """
            Example:
              phidias verify runs/mnist
            Trains again as run.json says, and compares every metric of every epoch and the final \
            weights, bit for bit; nothing is written. The models of a run that was stopped may be \
            those of a later epoch than its metrics. Ends with code 0 if all are equal, 1 if not \
            (the first difference of each file is named), and 65 if the data is not the run's.
            """)

    @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"))
    var path: String
    @Option(help: "Folder of the data, if it is no longer where the run had it.")
    var data: String?
    @Option(parsing: .unconditional, help: .threads())
    var threads: Int?
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        let folder = RunFolder(path)
        for name in ["run.json", "metrics.jsonl", "model.safetensors"]
        where access(folder.path(name), F_OK) != 0 {
            throw UsageError(
                description: "\(path): there is no run to verify (\(name) is missing).")
        }
        try folder.claim()
        let document = try RunDocument(path: folder.path("run.json"))
        if let change = document.changes.first {
            throw UsageError(
                description:
                    "\(path): \(change.setting) was changed after epoch \(change.epochs) (\(change.from) → \(change.to)): a run with changed settings cannot be replayed from its record."
            )
        }
        let bytes = try FileBytes.read(folder.path("metrics.jsonl"), limit: MetricsFile.largestFile)
        let recorded = try MetricsFile.parse(bytes, path: folder.path("metrics.jsonl")).epochs
        guard !recorded.isEmpty else {
            throw UsageError(
                description: "\(path): no epoch was finished, so there is none to verify.")
        }
        let replay = try Replay(try plan(document), document)
        Console.say(
            "Replaying \(recorded.count.counted("epoch")) of \(document.network) with \(replay.threads.counted("thread")), \(Model.kernels) kernels."
        )
        let outcome = try compare(replay, folder, recorded, bytes)
        report(document, replay, recorded.count, outcome)
        if !outcome.differences.isEmpty { throw ExitCode(1) }
    }

    /// What the run computes, after its data has been compared with the record.
    private func plan(_ document: RunDocument) throws -> TrainingRun.Plan {
        var given: [String] = []
        if let data { given.append("--data=\(data)") }
        if let threads { given.append("--threads=\(threads)") }
        let command = try TrainCommand.recorded(document, path, given: given)
        try command.options.check()
        try command.safety.check(validation: command.options.validation)
        let (plan, checksums) = try command.plan()
        for sum in document.checksums where checksums[sum.name] != sum.value {
            throw OtherData(
                run: path, name: sum.name, recorded: sum.value, found: checksums[sum.name])
        }
        return plan
    }

    /// What a replay gave.
    private struct Outcome {
        var differences: [RunDifference] = []
        var isFinished = false
        var weightsSHA256 = ""
    }

    private func compare(
        _ replay: Replay, _ folder: RunFolder, _ recorded: [EpochMetrics], _ bytes: [UInt8]
    ) throws -> Outcome {
        var outcome = Outcome()
        do {
            try replay.train(epochs: recorded.count)
        } catch let error as ReplayError {
            outcome.differences.append(.divergence(error))
        }
        (outcome.isFinished, outcome.weightsSHA256) = (
            replay.isFinished, replay.model.weightsSHA256
        )
        guard outcome.differences.isEmpty else { return outcome }
        if replay.metrics.count < recorded.count {
            let epoch = replay.metrics.count + 1
            outcome.differences.append(
                .metric(
                    epoch: epoch, name: "training_loss",
                    recorded: recorded[epoch - 1].training.loss, replayed: nil))
        } else if let metric = RunDifference.first(recorded, replay.metrics, bytes: bytes) {
            outcome.differences.append(metric)
        }
        var models = try modelDifferences(replay, folder)
        // A run that was stopped may have saved the models of an epoch that is not in its metrics, or
        // no longer.
        while outcome.differences.isEmpty, !models.isEmpty, !replay.isFinished {
            do {
                try replay.train(epochs: replay.metrics.count + 1)
            } catch is ReplayError {
                break
            }
            let left = Set(try modelDifferences(replay, folder).map(\.file))
            models.removeAll { !left.contains($0.file) }
        }
        outcome.differences += models.map(\.difference)
        return outcome
    }

    /// Where the files of the models differ from the replay as it stands.
    private func modelDifferences(
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
            let own = ModelFile(model: model, loss: replay.loss)
            return RunDifference.first(name, try ModelFile(path: folder.path(name)), own).map {
                (name, $0)
            }
        }
    }

    private func report(
        _ document: RunDocument, _ replay: Replay, _ epochs: Int, _ outcome: Outcome
    ) {
        let differences = outcome.differences
        switch format {
        case .json:
            print(
                JSON.members([
                    "equal": .bool(differences.isEmpty), "run": .string(path),
                    "epochs": .integer(epochs), "finished": .bool(outcome.isFinished),
                    "weights_sha256": .string(outcome.weightsSHA256),
                    "phidias": .string(document.program), "threads": .integer(replay.threads),
                    "kernels": .string(Model.kernels),
                    "differences": .array(differences.map(\.json)),
                ]).text())
        case .text:
            let part = outcome.isFinished ? "" : " (the run is not finished)"
            if differences.isEmpty {
                print(
                    """
                    equal           all metrics of \(epochs.counted("epoch"))\(part), and the weights, bit for bit
                    weights SHA-256 \(outcome.weightsSHA256)
                    """)
            } else {
                print("not equal\(part)")
                for difference in differences { print("  \(difference)") }
            }
        }
    }
}

/// Data that a run was not trained on.
struct OtherData: PhidiasError {
    let run, name, recorded: String
    let found: String?
    var description: String {
        "\(run): the data is not the run's: SHA-256 of \(name): recorded \(recorded), found \(found ?? "nothing"). Give the run's data by --data."
    }
    var exitCode: Int32 { 65 }
}
