import Foundation
import Phidias

/// The folder of a training run: run.json, metrics.jsonl, model.safetensors, filters.png.
///
/// A run that `--force` replaces stays until the new one has finished an epoch and its model is in
/// place of the old one.
struct RunFolder {
    static let files = ["run.json", "metrics.jsonl", "model.safetensors", "filters.png"]
    let folder: String
    /// Whether there was a run before this one.
    let replaces: Bool

    /// - Throws: if the folder holds a run and `force` is off.
    init(_ folder: String, force: Bool) throws {
        self.folder = folder
        let present = Self.files.filter { access("\(folder)/\($0)", F_OK) == 0 }
        guard force || present.isEmpty else {
            throw ExistingRun(folder: folder, file: present[0])
        }
        replaces = !present.isEmpty
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// - Throws: if the folder cannot be made, or nothing can be written into it.
    func create() throws { try DurableFile.makeDirectory(folder) }

    /// Begins the run with its first model: clears what is left of another run, and records the
    /// settings.
    func begin(
        _ model: Model, _ options: TrainOptions, _ trainer: Trainer, checksums: [String: String]
    ) throws {
        try save(model, loss: trainer.loss)
        for name in Self.files where name != "model.safetensors" { unlink(path(name)) }
        let settings = options.settings.map { JSON.Member(key: $0.key, value: .string($0.value)) }
        let sums = checksums.sorted { $0.key < $1.key }.map {
            JSON.Member(key: $0.key, value: .string($0.value))
        }
        let run = JSON.members([
            "format": .string("phidias-run"), "format_version": .integer(1),
            "phidias": .string(PhidiasProgram.version),
            "model_format": .integer(ModelFile.formatVersion),
            "network": ModelFile.json(trainer.model.network),
            "settings": .object(settings), "threads": .integer(trainer.threads),
            "kernels": .string(Model.kernels), "data_sha256": .object(sums),
        ])
        try DurableFile.write(Array((run.text(pretty: true) + "\n").utf8), to: path("run.json"))
    }

    /// One line of metrics.jsonl; wall-clock figures under `timing`.
    func add(_ epoch: Trainer.EpochReport, test: Evaluation, validation: Evaluation?) throws {
        var members: [JSON.Member] = [
            .init(key: "epoch", value: .integer(epoch.epoch)),
            .init(key: "training_loss", value: .number(epoch.trainingLoss)),
            .init(key: "training_accuracy", value: .number(epoch.trainingAccuracy)),
            .init(key: "test_loss", value: .number(test.loss)),
            .init(key: "test_accuracy", value: .number(test.accuracy)),
        ]
        if let validation {
            members.append(.init(key: "validation_loss", value: .number(validation.loss)))
            members.append(.init(key: "validation_accuracy", value: .number(validation.accuracy)))
        }
        members.append(
            .init(key: "timing", value: .members(["seconds": .number(epoch.seconds)])))
        try DurableFile.append(line: JSON.object(members).text(), to: path("metrics.jsonl"))
    }

    func save(_ model: Model, loss: any Loss) throws {
        try ModelFile(model: model, loss: loss.name).write(to: path("model.safetensors"))
    }

    /// Draws the filters, smaller if they are many.
    /// - Returns: false if they are too many for any picture.
    func draw(_ model: Model) throws -> Bool {
        for scale in [3, 2, 1] {
            var picture = FilterImage()
            picture.scale = scale
            do {
                try picture.write(
                    model, layer: 0, name: "model.safetensors", to: path("filters.png"))
                return true
            } catch ImageError.pictureSize {}
        }
        return false
    }
}

struct ExistingRun: PhidiasError {
    let folder, file: String
    var description: String {
        "\(folder): there is already a run (\(file)). Choose another --output, or replace it with --force."
    }
    var exitCode: Int32 { 73 }
}
