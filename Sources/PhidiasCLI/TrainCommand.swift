import ArgumentParser
import Foundation
import Phidias

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network and write model, metrics and a picture of its filters.",
        discussion: """
            Example:
              phidias train --data data/mnist --hidden 128 --epochs 10 --output runs/mnist
              phidias train --data data/mnist --network dbl-2024 --output runs/convolution
              phidias train --resume runs/mnist
            Writes model.safetensors, metrics.jsonl, run.json, filters.png and checkpoints into the \
            output folder. A run that was interrupted goes on from its last checkpoint with the same \
            bits as if it had never stopped. Ctrl-C writes a checkpoint and ends; twice ends at once.
            """)

    @OptionGroup var options: TrainOptions
    @OptionGroup var safety: CheckpointOptions
    @Option(help: "Folder for the results.")
    var output = "runs/latest"
    @Flag(help: "Replace a run that is already in the output folder.")
    var force = false
    @Option(help: "Go on with the run in this folder, with its settings.")
    var resume: String?
    @Flag(help: "With --resume: take other settings than the run's, and record it.")
    var allowChange = false
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        if let resume {
            return try go(on: resume)
        }
        guard !allowChange else {
            throw UsageError(description: "--allow-change is for --resume RUN.")
        }
        try options.check()
        try safety.check(validation: options.validation)
        let folder = RunFolder(output)
        try folder.checkIsFree(force: force)
        let (plan, checksums) = try plan()
        try folder.open()
        // Again, now that no other process can write: one may have ended here meanwhile.
        try folder.checkIsFree(force: force)
        try train(plan, folder, try document(plan, checksums), from: nil)
    }

    /// Reads the data and checks it against the settings.
    func plan() throws -> (plan: TrainingRun.Plan, checksums: [String: String]) {
        let pair = try options.loadData()
        var training = pair.training
        var validation: Dataset?
        if let share = options.validation {
            let parts = try training.stratifiedSplit(fraction: share, seed: options.seed)
            (training, validation) = (parts.training, parts.validation)
        }
        let network = try options.network(for: training)
        return (
            TrainingRun.Plan(
                options: options, safety: safety, training: training, test: pair.test,
                validation: validation, network: network,
                loss: try options.lossFunction()),
            pair.checksums
        )
    }

    private func document(
        _ plan: TrainingRun.Plan, _ checksums: [String: String]
    ) throws -> RunDocument {
        RunDocument(
            settings: options.settings + safety.settings, network: plan.network,
            program: PhidiasProgram.version, checksums: checksums,
            threads: try Model.threads(options.threads), kernels: Model.kernels)
    }

    private func train(
        _ plan: TrainingRun.Plan, _ folder: RunFolder, _ document: RunDocument,
        from checkpoint: Checkpoint?
    ) throws {
        let run = try TrainingRun(plan, folder, document, from: checkpoint)
        Console.say(
            "\(plan.network), \(plan.loss.name) loss, \(plan.training.count) images, batch \(options.batchSize), \(run.trainer.threads.counted("thread")), \(Model.kernels) kernels"
        )
        try run.train(from: checkpoint?.state)
        try report(run, folder)
    }

    // MARK: - Resume

    private func go(on path: String) throws {
        guard !force else {
            throw UsageError(
                description:
                    "--force replaces a run and --resume goes on with it; give one of them.")
        }
        guard try output == path || output == Self.parse([]).output else {
            throw UsageError(
                description: "--resume goes on in the run's own folder; leave out --output.")
        }
        let folder = RunFolder(path)
        guard try !folder.contents().isEmpty else {
            throw UsageError(
                description:
                    "\(path): there is no run to go on with (neither run.json nor checkpoints).")
        }
        try folder.open()
        let (checkpoint, document) = try folder.lastPlace()
        let command = try Self.recorded(document, path, given: CommandLine.arguments.dropFirst(2))
        try command.continue(folder, document, checkpoint)
    }

    /// The command with the settings of a run, where `given` has no others. Of a file, only what a
    /// run records becomes an option: not, say, where to write.
    static func recorded(
        _ document: RunDocument, _ path: String, given: some Sequence<String>
    ) throws -> TrainCommand {
        let plain = try TrainCommand.parse([])
        let known = Set((plain.options.settings + plain.safety.settings).map(\.name))
            .union(TrainOptions.optionalSettings.keys)
        if let other = document.settings.first(where: { !known.contains($0.name) }) {
            throw UsageError(description: "\(path): a run has no setting '\(other.name)'.")
        }
        do {
            _ = try TrainCommand.parse(document.settings.arguments)
        } catch {
            throw RunFileError.content(
                path: "\(path)/run.json", byte: 0,
                reason:
                    "a setting of the run is not understood: \(TrainCommand.message(for: error))")
        }
        return try TrainCommand.parse(document.settings.arguments + given)
    }

    private func `continue`(
        _ folder: RunFolder, _ old: RunDocument, _ checkpoint: Checkpoint?
    ) throws {
        try options.check()
        try safety.check(validation: options.validation)
        let (plan, checksums) = try plan()
        var document = try document(plan, checksums)
        let place = checkpoint?.state.position ?? TrainingPosition()
        let changes = RunChange.between(old, document, at: place)
        let wasOver =
            old["epochs"] == "\(place.epochs)"
            || TrainingHistory(checkpoint, patience: old["patience"].flatMap { Int($0) }).isStopped
        try RunChange.check(
            changes, allowed: allowChange, folder: folder.folder, old: old, new: document, at: place
        )
        guard document.network == old.network || !changes.isEmpty else {
            throw RunFileError.content(
                path: folder.path("run.json"), byte: 0,
                reason: "its network is not the one that its settings give")
        }
        var checkpoint = checkpoint
        if RunChange.remeasures(changes) { checkpoint?.best = nil }
        let history = TrainingHistory(checkpoint, patience: safety.patience)
        if !changes.isEmpty, wasOver, history.isStopped || place.epochs == options.epochs {
            throw UsageError(
                description:
                    "\(folder.folder): the run is finished, and no epoch is left for other settings:\n\(RunChange.list(changes))\nGive more --epochs or --patience, or train a new run."
            )
        }
        checkpoint?.isStopped = history.isStopped
        document.program = old.program
        document.changes = old.changes + changes
        document.halvings = old.halvings
        // The checkpoint first: it is what the next --resume believes.
        if !changes.isEmpty, var changed = checkpoint {
            changed.run = document
            try folder.save(changed, safety)
        }
        if !changes.isEmpty || !folder.hasDocument(with: document.halvings) {
            try document.write(to: folder.path("run.json"))
        }
        try folder.restore(checkpoint, loss: plan.loss.name)
        Console.say(
            "Going on with \(folder.folder) after epoch \(place.epochs), step \(place.steps).")
        try train(plan, folder, document, from: checkpoint)
    }

    // MARK: - Report

    private func report(_ run: TrainingRun, _ folder: RunFolder) throws {
        guard let test = run.result?.test else { return }
        let isDrawn = try folder.draw(run.model)
        let filters = isDrawn ? folder.path("filters.png") : "too many for a picture"
        let trainer = run.trainer
        let images = run.trainedImages
        let rate = Double(images) / max(run.seconds, 1e-9)
        switch format {
        case .json:
            print(
                JSON.members([
                    "test_accuracy": .number(test.accuracy), "test_loss": .number(test.loss),
                    "epochs": .integer(run.epochs), "seconds": .number(run.seconds),
                    "images_per_second": .number(rate),
                    "weights_sha256": .string(run.model.weightsSHA256),
                    "threads": .integer(trainer.threads), "kernels": .string(Model.kernels),
                    "network": .string(run.model.network.description),
                    "loss": .string(trainer.loss.name), "output": .string(folder.folder),
                ]).text())
        case .text:
            print(
                """
                test accuracy   \(test.accuracy.percent) %
                test loss       \(test.loss.fixed(4))
                training time   \(run.seconds.fixed(2)) s, \(Int(rate)) images/s
                weights SHA-256 \(run.model.weightsSHA256)
                model           \(folder.path("model.safetensors"))
                filters         \(filters)
                """)
        }
    }
}
