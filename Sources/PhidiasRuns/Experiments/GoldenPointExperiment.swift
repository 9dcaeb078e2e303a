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
        try settings.checkIsSGD()
        try settings.checkDefaults(
            ["label_smoothing"],
            reason: "The experiment measures the losses of the labels: leave the smoothing out.")
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

    /// Trains, measures, and writes golden-point.txt, golden-point.json and charts. Each finished epoch
    /// is kept in the folder until then; the same call continues an interrupted one.
    /// - Parameters:
    ///   - folder: where the results go; until it returns, nothing else may use it.
    ///   - data: nil reads what the settings name.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`.
    ///   - ranks: share the trainings; nil for this process alone.
    ///   - renderer: draws the charts as PNG too, light and dark; nil for SVG alone.
    ///   - onEvent: called with what happens, on the thread that trains; where ranks share the work, by
    ///     one thread at a time.
    ///   - shouldStop: asked between two steps and while outputs are measured; true ends the
    ///     experiment.
    /// - Returns: nil if it was asked to stop before its end.
    /// - Throws: what is wrong with settings or data; `ExperimentError.otherProgress`; `FileError`;
    ///   `ChartRendererError`; `RankError`; at the end of every rank but the first `RankIsDone`.
    public func run(
        in folder: String, data: DataPair? = nil, threads: Int? = nil, ranks: RankGroup? = nil,
        renderer: ChartRenderer? = nil,
        onEvent: @escaping (ExperimentEvent) -> Void = { _ in },
        shouldStop: @escaping () -> Bool = { false }
    ) throws -> GoldenPointReport? {
        try check()
        let onEvent = ranks?.telling(onEvent) ?? onEvent
        let shouldStop = ranks?.asking(shouldStop) ?? shouldStop
        let pair = try data ?? settings.loadData()
        try pair.checkForExperiment()
        let threads = try Model.threads(threads, over: ranks)
        let network = try settings.network(for: pair.training, threads: threads)
        var report = GoldenPointReport(
            network: network, images: pair.training.count, testImages: pair.test.count,
            record: .init(
                settings: settings.recordWithoutCheckpoints, checksums: pair.checksums))
        if !pair.doubts.isEmpty { onEvent(.doubts(pair.doubts)) }
        let progress = try ExperimentProgress(
            in: folder, "golden-point", report.record, over: ranks, shouldStop: shouldStop, onEvent)
        let work = Work(
            settings: settings, data: pair, network: network, threads: threads, progress: progress,
            onEvent: onEvent, shouldStop: shouldStop)
        let losses = LossName.ofClasses
        guard
            let runs = try progress.measure({
                try progress.share(
                    losses.map(\.rawValue), over: ranks, shouldStop: shouldStop, onEvent
                ) { _ = try work.run(losses[$0]) }
                return try losses.map(work.run)
            })
        else { return nil }
        report.runs = runs
        try progress.finish(report.result, renderer, onEvent)
        return report
    }
}

/// The trainings of an experiment on the golden point.
private struct Work {
    let settings: TrainingSettings
    let data: DataPair
    let network: Network
    let threads: Int
    let progress: ExperimentProgress
    let onEvent: (ExperimentEvent) -> Void
    let shouldStop: () -> Bool

    /// Trains with a loss, from where an earlier call ended.
    func run(_ name: LossName) throws -> GoldenPointReport.Run {
        let part = name.rawValue
        let start = try Model(network: network, seed: settings.seed)
        let trainer = try settings.trainer(start, loss: try name.loss(.sigmoid), threads: threads)
        if let end = progress.end(of: part) {
            return try GoldenPointReport.Run(part, progress.epochs(of: part), end)
        }
        let known = try progress.epochs(of: part, trainer)
        var epochs = known.measured
        func keep(_ epoch: Int, _ model: Model) throws {
            let signals = try signals(of: model, on: data.training)
            epochs.append(
                try progress.add(
                    epoch: epoch, of: part, GoldenPointReport.Epoch(epoch, signals).kept, trainer))
        }
        if known.state == nil { try keep(0, start) }
        let steps = try RunLength(
            images: data.training.count, batchSize: settings.batchSize, epochs: settings.epochs
        ).steps
        try trainer.train(
            on: data.training, epochs: settings.epochs, from: known.state,
            shouldStop: MeasurementStopped.asking(shouldStop),
            onStep: { onEvent(.progress(part: "\(part) loss", done: $0.step, of: steps)) },
            onEpoch: { try keep($0.epoch, $0.model) })
        let end = try progress.end(
            part, with: GoldenPointReport.Run.end(try signals(of: trainer.model, on: data.test)))
        onEvent(.done("\(part): \(settings.epochs.counted("epoch"))"))
        return try GoldenPointReport.Run(part, epochs, end)
    }

    private func signals(of model: Model, on data: Dataset) throws -> OutputSignals {
        try OutputSignals(of: model, on: data, threads: threads, shouldStop: shouldStop)
    }
}
