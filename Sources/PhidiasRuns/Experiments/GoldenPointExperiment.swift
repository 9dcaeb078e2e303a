import Phidias

/// Where training takes the outputs, and how far they can be trusted: trains with each of the three
/// losses and the same settings, and records output signals p and logits z of the training images
/// after each epoch, the parts of the synaptic loss, and the calibration on the test images.
///
/// The golden point and the loss are this project's reconstruction (docs/theory.md).
public struct GoldenPointExperiment: Sendable {
    /// The settings of the trainings. The experiment itself chooses the loss.
    public var settings: TrainingSettings

    /// An experiment with these settings.
    public init(_ settings: TrainingSettings = TrainingSettings()) { self.settings = settings }

    /// Checks what can be known to be wrong before any data is read.
    /// - Throws: `ExperimentError`, and as `TrainingSettings.check()`.
    public func check() throws {
        try settings.check()
        guard settings.logitsBecome == .sigmoid else {
            throw ExperimentError.setting(
                "output_activation",
                reason:
                    "The golden point is defined for sigmoid outputs only: use the output activation sigmoid."
            )
        }
        try settings.checkDefaults(
            ["validation"],
            reason: "The experiment does not validate: leave the validation share out.")
        guard settings.loss == nil else {
            throw ExperimentError.setting(
                "loss", reason: "The experiment trains with every loss: leave the loss out.")
        }
    }

    /// Trains, measures, and writes golden-point.txt, golden-point.json and charts.
    /// - Parameters:
    ///   - folder: where the results go; until it returns, nothing else may use it.
    ///   - data: nil reads what the settings name.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`.
    ///   - onEvent: called with what happens, on the thread that trains.
    /// - Throws: what is wrong with settings or data; `FileError`.
    public func run(
        in folder: String, data: DataPair? = nil, threads: Int? = nil,
        onEvent: @escaping (ExperimentEvent) -> Void = { _ in }
    ) throws -> GoldenPointReport {
        try check()
        let pair = try data ?? settings.data.load(seed: settings.seed)
        let threads = try Model.threads(threads)
        let network = try settings.network(for: pair.training, threads: threads)
        let lock = try FolderLock(making: folder)
        defer { withExtendedLifetime(lock) {} }
        var report = GoldenPointReport(
            network: network, images: pair.training.count, testImages: pair.test.count,
            record: .init(
                settings: settings.recordWithoutCheckpoints, checksums: pair.checksums))
        for name in LossName.allCases {
            let start = try Model(network: network, seed: settings.seed)
            let trainer = try settings.trainer(
                start, loss: try name.loss(.sigmoid), threads: threads)
            var epochs = [
                GoldenPointReport.Epoch(
                    0, try OutputSignals(of: start, on: pair.training, threads: threads))
            ]
            try trainer.train(
                on: pair.training, epochs: settings.epochs,
                onEpoch: {
                    epochs.append(
                        .init(
                            $0.epoch,
                            try OutputSignals(of: $0.model, on: pair.training, threads: threads)))
                })
            let signals = try OutputSignals(of: trainer.model, on: pair.test, threads: threads)
            report.runs.append(
                .init(
                    loss: name.rawValue, epochs: epochs, strongest: signals.strongest(),
                    every: signals.every(), divergence: signals.divergence))
            onEvent(.done("\(name.rawValue): \(settings.epochs.counted("epoch"))"))
        }
        try report.result.write(to: folder)
        return report
    }
}
