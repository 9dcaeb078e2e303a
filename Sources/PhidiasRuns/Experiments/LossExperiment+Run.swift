import Phidias

extension LossExperiment {
    /// Checks what can be known to be wrong before any data is read.
    /// - Throws: `ExperimentError`, `OptimizationError`, and as `TrainingSettings.check()`.
    public func check() throws {
        try settings.check()
        try settings.checkIsSGD()
        for name in ["learning_rate", "momentum"] {
            try settings.checkDefaults(
                [name],
                reason: "The experiment chooses the \(name.replacing("_", with: " ")) itself.")
        }
        guard settings.loss == nil else {
            throw ExperimentError.setting(
                "loss", reason: "The experiment chooses the loss itself.")
        }
        guard settings.logitsBecome == .sigmoid else {
            throw ExperimentError.setting(
                "output_activation",
                reason:
                    "The mean-square loss needs sigmoid outputs: choose a network that has them.")
        }
        for (name, value, least, most) in [
            ("epochs", settings.epochs, 1, Self.mostEpochs), ("seeds", seeds, 2, 10_000),
            ("tuning seeds", tuningSeeds, 1, 10_000),
        ] where !(least...most).contains(value) {
            throw ExperimentError.count(name: name, value: value, range: least...most)
        }
        guard !settings.seed.addingReportingOverflow(UInt64(seeds + tuningSeeds)).overflow else {
            throw SweepError.lastSeed(first: settings.seed, count: seeds + tuningSeeds)
        }
        let values = try rates.map { try LearningRate.base($0) }
        guard !values.isEmpty, zip(values, values.dropFirst()).allSatisfy(<) else {
            throw ExperimentError.setting(
                "rates",
                reason:
                    "The rates '\(rates.joined(separator: ","))' are not in ascending order: give each learning rate once, the smallest first."
            )
        }
    }

    /// Trains all that has no result yet, compares, and writes loss.txt, loss.json and charts. Each
    /// finished run is a line of results.jsonl; the same call continues an interrupted one.
    /// - Parameters:
    ///   - folder: where the results go; until it returns, nothing else may use it.
    ///   - data: nil reads what the settings name.
    ///   - jobs: runs at a time, a thread each; nil for all threads.
    ///   - ranks: share the runs, as those of a sweep; nil for this process alone.
    ///   - renderer: draws the charts as PNG too, light and dark; nil for SVG alone.
    ///   - onEvent: called with what happens, by one thread at a time.
    ///   - shouldStop: asked between two steps of every run; true ends the experiment.
    /// - Returns: nil if it was asked to stop before its end.
    /// - Throws: what is wrong with settings or data; `SweepError.otherSweep`; `FileError`;
    ///   `ChartRendererError`; `RankError`; at the end of every rank but the first `RankIsDone`.
    public func run(
        in folder: String, data: DataPair? = nil, jobs: Int? = nil, ranks: RankGroup? = nil,
        renderer: ChartRenderer? = nil,
        onEvent: @escaping @Sendable (ExperimentEvent) -> Void = { _ in },
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws -> LossReport? {
        try check()
        Workers.keepFromBinding()
        let jobs = try Model.threads(jobs, over: ranks)
        let data = try data ?? settings.loadData()
        try data.checkForExperiment()
        var experiment = self
        experiment.checksums = data.checksums
        let search = experiment.search()
        let split = try SweepSplit(data.training, search, seed: settings.seed, fold: 0)
        _ = try settings.network(for: split.training, threads: 1)
        _ = try ranks?.agree(on: search.document, jobs: jobs, shouldStop: shouldStop)
        if let ranks, !ranks.isFirst {
            try experiment.help(ranks, with: data, jobs: jobs, shouldStop: shouldStop)
            throw RankIsDone()
        }
        let place = SweepFolder(folder) { onEvent(.sweep($0)) }
        try place.open(search.document)
        let (found, log) = try place.results(of: experiment.possibleCells)
        func results(of plan: SweepPlan, _ known: [SweepResult]) throws -> [SweepResult]? {
            let results = try SweepRunner(
                plan, data, log, over: ranks, threads: 1, results: known,
                shouldStop: shouldStop, onEvent: { onEvent(.sweep($0)) }
            ).run(jobs: jobs)
            let done = Set(results.map(\.cell))
            return plan.cells.allSatisfy { done.contains($0.id) } ? results : nil
        }
        if !data.doubts.isEmpty { onEvent(.doubts(data.doubts)) }
        for comparison in comparisons { onEvent(.comparison(comparison.title)) }
        onEvent(
            .part(
                "\(rates.count) learning rates of plain gradient descent, \(tuningSeeds.counted("seed"))",
                runs: search.cells.count))
        guard let searched = try results(of: search, found) else { return nil }
        let best = try experiment.bestRates(searched)
        ranks?.share(Self.json(best))
        let plan = experiment.plan(best: best)
        onEvent(.part("\(arms.count) arms, \(seeds) seeds", runs: plan.cells.count))
        guard let all = try results(of: plan, searched) else { return nil }
        log.close()
        let report = try LossReport(experiment, best, all)
        let result = try report.result
        onEvent(.result(result))
        try result.write(to: folder, renderer: renderer)
        withExtendedLifetime(place) {}
        return report
    }

    /// What another rank than the first does: the same runs, as far as it is given them.
    private func help(
        _ ranks: RankGroup, with data: DataPair, jobs: Int,
        shouldStop: @escaping @Sendable () -> Bool
    ) throws {
        func compute(_ plan: SweepPlan) throws {
            try SweepRunner.help(
                ranks, with: plan, data, jobs: jobs, threads: 1, shouldStop: shouldStop)
        }
        try compute(search())
        let rates = try ranks.sharedValue(shouldStop: shouldStop)
        try compute(plan(best: try Self.rates(rates, or: ranks.misunderstood(0))))
    }

    private static func json(_ best: [LossName: String]) -> JSON {
        RunDocument.Setting.object(
            RunDocument.Setting.sorted(
                Dictionary(uniqueKeysWithValues: best.map { ($0.key.rawValue, $0.value) })))
    }

    private static func rates(
        _ json: JSON, or error: RankError
    ) throws(RankError) -> [LossName: String] {
        var best: [LossName: String] = [:]
        for rate in RunDocument.Setting.read(json) ?? [] {
            guard let loss = LossName(rawValue: rate.name) else { throw error }
            best[loss] = rate.value
        }
        return best
    }
}
