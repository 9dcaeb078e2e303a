import Phidias

extension EdgeCase {
    private static func checkpoint(
        _ change: @escaping (inout Checkpoint) throws -> Void
    ) -> () throws -> Void {
        { _ = try Example.checkpoint(change).bytes }
    }

    private static func state(
        _ change: @escaping (inout TrainingStateFile) throws -> Void
    ) -> () throws -> Void {
        { _ = try Example.stateFile(change).bytes }
    }

    static var files: [EdgeCase] {
        [
            EdgeCase("ModelFile: no bytes", .error("The model: ")) {
                _ = try ModelFile(bytes: [])
            },
            EdgeCase("ModelFile: bytes of 255", .error("a name: ")) {
                _ = try ModelFile(bytes: [UInt8](repeating: 255, count: 20), name: "a name")
            },
            EdgeCase("ModelFile: no such file", .error("/nowhere")) {
                _ = try ModelFile(path: "/nowhere")
            },
            EdgeCase("ModelFile.bytes: a reserved key", .error("'loss'")) {
                _ = try ModelFile(
                    model: try Example.model(), loss: "", metadata: ["loss": "mine"]
                ).bytes
            },
            EdgeCase("ModelFile.bytes: too much metadata", .error("more than")) {
                let text = String(repeating: "x", count: ModelFile.largestMetadata)
                _ = try ModelFile(
                    model: try Example.model(), loss: "", metadata: ["a": text]
                ).bytes
            },
            EdgeCase("ModelFile.bytes: NaN parameters", .error("NaN or infinite")) {
                let model = try Example.model(with: .nan, of: try Example.network())
                _ = try ModelFile(model: model, loss: "").bytes
            },
            EdgeCase("ModelFile.write: no folder", .error("/nowhere")) {
                try ModelFile(model: try Example.model(), loss: "").write(to: "/nowhere/m")
            },
            EdgeCase("Checkpoint.bytes: as it should be", .value) {
                let checkpoint = try Example.checkpoint()
                try check(try Checkpoint(bytes: try checkpoint.bytes) == checkpoint)
            },
            EdgeCase(
                "Checkpoint.bytes: no velocity", .error("velocity"),
                checkpoint { $0.state.velocity = [] }),
            EdgeCase(
                "Checkpoint.bytes: a velocity too short", .error("velocity"),
                checkpoint { $0.state.velocity[1].bias.removeLast() }),
            EdgeCase(
                "Checkpoint.bytes: a velocity of NaN", .error("velocity"),
                checkpoint { $0.state.velocity[1].bias[0] = .nan }),
            EdgeCase(
                "Checkpoint.bytes: parameters of NaN", .error("layer 0"),
                checkpoint {
                    $0.state.model = try Example.model(with: .nan, of: try Example.network())
                }),
            EdgeCase(
                "Checkpoint.bytes: the run of another network", .error("the run trains"),
                checkpoint { $0.run.network = try Network(hidden: []) }),
            EdgeCase(
                "Checkpoint.bytes: epochs without metrics", .error("metrics"),
                checkpoint { $0.state.position.epochs = 1 }),
            EdgeCase(
                "Checkpoint.bytes: -1 steps", .error("counts"),
                checkpoint { $0.state.position.steps = -1 }),
            EdgeCase(
                "Checkpoint.bytes: Int.max epochs", .error("counts"),
                checkpoint { $0.state.position.epochs = .max }),
            EdgeCase(
                "Checkpoint.bytes: a sum of NaN", .error("not finite"),
                checkpoint { $0.state.position.lossSum = .nan }),
            EdgeCase(
                "Checkpoint.bytes: the best of another network", .error("best model"),
                checkpoint {
                    $0.best = .init(
                        model: try Model(network: try Network(hidden: []), seed: 1), epoch: 1,
                        loss: 1)
                }),
            EdgeCase(
                "Checkpoint.bytes: the best of no epoch", .error("best model"),
                checkpoint { $0.best = .init(model: $0.state.model, epoch: 1, loss: 1) }),
            EdgeCase("Checkpoint.write: inconsistent", .error("velocity")) {
                try Example.checkpoint { $0.state.velocity = [] }.write(to: "/nowhere/c")
            },
            EdgeCase("Checkpoint: no bytes", .error("The checkpoint: ")) {
                _ = try Checkpoint(bytes: [])
            },
            EdgeCase("Checkpoint: no such file", .error("/nowhere")) {
                _ = try Checkpoint(path: "/nowhere")
            },
            EdgeCase("TrainingStateFile.bytes: as it should be", .value) {
                let file = try Example.stateFile()
                try check(try TrainingStateFile(bytes: try file.bytes) == file)
            },
            EdgeCase(
                "TrainingStateFile.bytes: no velocity", .error("velocity"),
                state { $0.state.velocity = [] }),
            EdgeCase(
                "TrainingStateFile.bytes: batch 0", .error("batch"), state { $0.batchSize = 0 }),
            EdgeCase("TrainingStateFile: no bytes", .error("The state: ")) {
                _ = try TrainingStateFile(bytes: [])
            },
            EdgeCase("TrainingStateFile: no such file", .error("/nowhere")) {
                _ = try TrainingStateFile(path: "/nowhere")
            },
            EdgeCase("TrainingStateFile.write: no folder", .error("/nowhere")) {
                try Example.stateFile().write(to: "/nowhere/s")
            },
            EdgeCase("TrainingStateFile.check: another seed", .error("7, but the trainer's is 8")) {
                let trainer = try Trainer(model: try Example.model(), batchSize: 4, seed: 8)
                try Example.stateFile().check(against: trainer)
            },
            EdgeCase("RunDocument: no such file", .error("/nowhere")) {
                _ = try RunDocument(path: "/nowhere")
            },
            EdgeCase("RunDocument.write: no folder", .error("/nowhere")) {
                try Example.checkpoint().run.write(to: "/nowhere/r")
            },
            EdgeCase("RunDocument.write: a setting twice", .error("occurs twice")) {
                var run = try Example.checkpoint().run
                run.settings = [.init(name: "a", value: "1"), .init(name: "a", value: "2")]
                try run.write(to: "/nowhere/r")
            },
            EdgeCase("RunDocument.write: -1 threads", .error("no thread")) {
                var run = try Example.checkpoint().run
                run.threads = -1
                try run.write(to: "/nowhere/r")
            },
            EdgeCase(
                "Checkpoint.bytes: a run with a step below 0", .error("below 0"),
                checkpoint { $0.run.halvings = [.init(step: 0, backTo: 0)] }),
            EdgeCase("RunDocument: an unknown setting", .value) {
                try check(try Example.checkpoint().run["none"] == nil)
            },
            EdgeCase("MetricsFile.read: no such file", .error("/nowhere")) {
                _ = try MetricsFile.read("/nowhere")
            },
        ]
    }
}
