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
            weights, bit for bit; nothing is written. Ends with code 0 if all are equal, 1 if not \
            (the first difference of each file is named), and 65 if the data is not the run's.
            """)

    @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"))
    var path: String
    @Option(help: "Folder of the data, if it is no longer where the run had it.")
    var data: String?
    @Option(parsing: .unconditional, help: "\(ThreadsHelp.text)")
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
        let differences = try compare(replay, folder, recorded, bytes)
        report(document, replay, recorded.count, differences)
        if !differences.isEmpty { throw ExitCode(1) }
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

    private func compare(
        _ replay: Replay, _ folder: RunFolder, _ recorded: [EpochMetrics], _ bytes: [UInt8]
    ) throws -> [RunDifference] {
        do {
            try replay.train(epochs: recorded.count)
        } catch let error as ReplayError {
            return [.divergence(error)]
        }
        var found: [RunDifference] = []
        if replay.metrics.count < recorded.count {
            let epoch = replay.metrics.count + 1
            found.append(
                .metric(
                    epoch: epoch, name: "training_loss",
                    recorded: recorded[epoch - 1].training.loss, replayed: nil))
        } else if let metric = RunDifference.first(recorded, replay.metrics, bytes: bytes) {
            found.append(metric)
        }
        let models = [
            ("model.safetensors", replay.model), ("best.safetensors", replay.best?.model),
        ]
        for (name, model) in models {
            guard let model else { continue }
            // Of a run that was stopped, the best model may not have been written yet.
            guard access(folder.path(name), F_OK) == 0 else {
                if replay.isFinished { found.append(.missing(file: name)) }
                continue
            }
            let file = try ModelFile(path: folder.path(name))
            let own = ModelFile(model: model, loss: replay.loss)
            if let difference = RunDifference.first(name, file, own) { found.append(difference) }
        }
        return found
    }

    private func report(
        _ document: RunDocument, _ replay: Replay, _ epochs: Int, _ differences: [RunDifference]
    ) {
        switch format {
        case .json:
            print(
                JSON.members([
                    "equal": .bool(differences.isEmpty), "run": .string(path),
                    "epochs": .integer(epochs), "finished": .bool(replay.isFinished),
                    "weights_sha256": .string(replay.model.weightsSHA256),
                    "phidias": .string(document.program), "threads": .integer(replay.threads),
                    "kernels": .string(Model.kernels),
                    "differences": .array(differences.map(\.json)),
                ]).text())
        case .text:
            let part = replay.isFinished ? "" : " (the run is not finished)"
            if differences.isEmpty {
                print(
                    """
                    equal           all metrics of \(epochs.counted("epoch"))\(part), and the weights, bit for bit
                    weights SHA-256 \(replay.model.weightsSHA256)
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
