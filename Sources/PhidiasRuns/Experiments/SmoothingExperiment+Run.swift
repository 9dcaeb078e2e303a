import Phidias

extension SmoothingExperiment {
    /// Trains, measures, and writes smoothing.txt, smoothing.json and charts. Each finished epoch is
    /// kept in the folder until then; the same call continues an interrupted one.
    /// - Parameters:
    ///   - folder: where the results go; until it returns, nothing else may use it.
    ///   - data: nil reads what the settings name.
    ///   - threads: threads per step; nil takes those of `Model.threads(_:)`.
    ///   - ranks: share the trainings; nil for this process alone.
    ///   - renderer: draws the charts as PNG too, light and dark; nil for SVG alone.
    ///   - onEvent: called with what happens, on the thread that trains; where ranks share the work, by
    ///     one thread at a time.
    ///   - shouldStop: asked between two steps and during measurements; true ends the experiment.
    /// - Returns: nil if it was asked to stop before its end.
    /// - Throws: what is wrong with settings or data; `ExperimentError.otherProgress`; `FileError`;
    ///   `ChartRendererError`; `RankError`; at the end of every rank but the first `RankIsDone`.
    public func run(
        in folder: String, data: DataPair? = nil, threads: Int? = nil, ranks: RankGroup? = nil,
        renderer: ChartRenderer? = nil,
        onEvent: @escaping (ExperimentEvent) -> Void = { _ in },
        shouldStop: @escaping () -> Bool = { false }
    ) throws -> SmoothingReport? {
        try check()
        guard case .constant(let alpha) = settings.momentum else {
            throw ExperimentError.setting(
                "momentum", reason: "The experiment needs a constant momentum.")
        }
        let onEvent = ranks?.telling(onEvent) ?? onEvent
        let shouldStop = ranks?.asking(shouldStop) ?? shouldStop
        let threads = try Model.threads(threads, over: ranks)
        let pair = try data ?? settings.loadData()
        try pair.checkForExperiment()
        let network = try settings.network(for: pair.training, threads: threads)
        guard !network.hasDropout else {
            throw ExperimentError.setting(
                "network",
                reason: "The experiment needs the same loss at every step: leave out dropout.")
        }
        let layers = try chosenLayers(network)
        let record = ExperimentRecord(
            settings: settings.recordWithoutCheckpoints + ownRecord(layers),
            checksums: pair.checksums)
        if !pair.doubts.isEmpty { onEvent(.doubts(pair.doubts)) }
        let progress = try ExperimentProgress(
            in: folder, "smoothing", record, over: ranks, shouldStop: shouldStop, onEvent)
        let work = SmoothingWork(
            experiment: self,
            analysis: try .init(learningRate: settings.learningRate, momentum: alpha),
            images: pair.training, network: network, layers: layers, threads: threads,
            progress: progress, ranks: ranks, onEvent: onEvent, shouldStop: shouldStop)
        guard let report = try progress.measure({ try work.report(record) }) else { return nil }
        try progress.finish(report.result(), renderer, onEvent)
        return report
    }
}

/// The measurements of an experiment on smoothing, each from where an earlier call ended.
private struct SmoothingWork {
    let experiment: SmoothingExperiment
    let analysis: MomentumAnalysis
    let images: Dataset
    let network: Network
    let layers: [Int]
    let threads: Int
    let progress: ExperimentProgress
    let ranks: RankGroup?
    let onEvent: (ExperimentEvent) -> Void
    let shouldStop: () -> Bool

    private static let independent = "independent gradients", training = "training"

    private var settings: TrainingSettings { experiment.settings }
    private var eta: Float { Float(analysis.learningRate) }
    private var alpha: Float { Float(analysis.momentum) }
    private var settling: Int { Trainer.settlingSteps(momentum: alpha) }

    func report(_ record: ExperimentRecord) throws -> SmoothingReport {
        try tellWhatWillBeMissing()
        let momenta = try experiment.comparedMomenta()
        let parts = [Self.training, Self.independent] + momenta.indices.map(Self.roughnessPart)
        try progress.share(parts, over: ranks, shouldStop: shouldStop, onEvent) { index in
            switch index {
            case 0: _ = try epochs()
            case 1: _ = try synthetic()
            default: _ = try roughness(index - 2, momenta[index - 2])
            }
        }
        var report = SmoothingReport(
            analysis: analysis, synthetic: try synthetic(),
            impulse: SyntheticGradients.impulseResponse(
                learningRate: eta, momentum: alpha, steps: 61),
            network: network, images: images.count, curvatureImages: experiment.curvatureImages,
            record: record)
        report.epochs = try epochs()
        report.weight = try report.epochs.last?.weight.map { try WeightSignal($0, analysis) }
        report.roughness = try momenta.enumerated().map {
            try roughness($0, $1)
        }
        return report
    }

    /// A velocity that remembers for longer than there are steps cannot be measured.
    private func tellWhatWillBeMissing() throws {
        if settling > SmoothingReport.syntheticSteps {
            onEvent(
                .note(
                    "The velocity settles in \(settling) steps: what it leaves of independent gradients will not be measured."
                ))
        }
        let steps = try length(settings.epochs).steps
        if settling + 2 >= steps {
            onEvent(
                .note(
                    "The velocity settles in \(settling) steps, and the training has \(steps): the variance of its averaged gradients will not be measured."
                ))
        }
    }

    /// More steps to settle than to measure would take long, and a mean over fewer steps than the
    /// velocity remembers would say little.
    private func synthetic() throws -> SmoothingReport.Synthetic? {
        guard settling <= SmoothingReport.syntheticSteps else { return nil }
        let part = Self.independent
        let kept = try progress.measured(part) {
            onEvent(.part(part, runs: 1))
            let window = try SyntheticGradients.window(
                learningRate: eta, momentum: alpha, weights: SmoothingReport.syntheticWeights,
                steps: SmoothingReport.syntheticSteps, seed: settings.seed
            ) { done, all in
                try MeasurementStopped.check(shouldStop)
                onEvent(.progress(part: part, done: done, of: all))
            }
            return SmoothingReport.Synthetic(ratio: window.varianceRatio, steps: window.steps).kept
        }
        guard let read = SmoothingReport.Synthetic(kept: kept) else {
            throw ExperimentError.damagedProgress(part: part)
        }
        return read
    }

    private func epochs() throws -> [SmoothingReport.Epoch] {
        let part = Self.training
        let trainer = try trainer(try settings.optimizer())
        var kept: [JSON]
        if progress.end(of: part) != nil {
            kept = progress.epochs(of: part)
        } else {
            let known = try progress.epochs(of: part, trainer)
            kept = known.measured
            let plan = Trainer.SmoothingPlan(
                epochs: settings.epochs, layers: layers,
                curvatureImages: min(experiment.curvatureImages, images.count),
                curvatureSteps: experiment.curvatureSteps, iterations: SmoothingReport.iterations)
            let steps = try length(settings.epochs).steps
            try trainer.recordSmoothing(
                on: images, plan, from: known.state, shouldStop: shouldStop,
                onStep: { onEvent(.progress(part: part, done: $0, of: steps)) },
                onEpoch: { measured in
                    let epoch = try SmoothingReport.Epoch(
                        measured, of: network, momentum: analysis.momentum,
                        isLast: measured.epoch == settings.epochs)
                    kept.append(
                        try progress.add(epoch: measured.epoch, of: part, epoch.kept, trainer))
                    onEvent(
                        .epoch(
                            measured.epoch, of: settings.epochs,
                            trainingAccuracy: measured.trainingAccuracy))
                })
            _ = try progress.end(part, with: .null)
        }
        let read = kept.compactMap { SmoothingReport.Epoch(kept: $0) }
        guard read.count == kept.count else { throw ExperimentError.damagedProgress(part: part) }
        return read
    }

    private static func roughnessPart(_ index: Int) -> String { "roughness \(index)" }

    /// - Parameter index: of the momentum among those that are compared.
    private func roughness(_ index: Int, _ momentum: Double) throws -> LossRoughness {
        let name = "loss roughness at α = \(momentum.belowOne(momentum.fixed(3)))"
        let part = Self.roughnessPart(index)
        let epochs = experiment.roughnessEpochs
        let kept = try progress.measured(part) {
            let optimizer = try MomentumSGD(
                learningRate: LearningRate(
                    (1 - momentum) * analysis.learningRate / (1 - analysis.momentum)),
                momentum: .constant(momentum))
            let trainer = try trainer(.sgd(optimizer))
            let steps = try length(epochs).steps
            let measured = try trainer.measureRoughness(
                on: images, epochs: epochs, images: SmoothingReport.fixedImages,
                from: try progress.epochs(of: part, trainer).state, shouldStop: shouldStop,
                onStep: { onEvent(.progress(part: name, done: $0, of: steps)) },
                onEpoch: {
                    // What is measured is of the last epoch.
                    if $0 < epochs { _ = try progress.add(epoch: $0, of: part, .null, trainer) }
                })
            onEvent(.done(name))
            return measured.json
        }
        guard let read = LossRoughness(kept: kept) else {
            throw ExperimentError.damagedProgress(part: part)
        }
        return read
    }

    private func length(_ epochs: Int) throws -> RunLength {
        try RunLength(images: images.count, batchSize: settings.batchSize, epochs: epochs)
    }

    private func trainer(_ optimizer: Optimizer) throws -> Trainer {
        try settings.trainer(
            Model(network: network, seed: settings.seed), optimizer: optimizer, threads: threads)
    }
}
