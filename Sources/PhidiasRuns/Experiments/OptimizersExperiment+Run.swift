import Phidias

extension OptimizersExperiment {
    /// Checks what can be known to be wrong before any data is read.
    /// - Throws: `ExperimentError`, and as `TrainingSettings.check()`.
    public func check() throws {
        try settings.check()
        try settings.checkDefaults(
            Self.chosen.sorted(), reason: "The experiment chooses how steps are taken itself.")
        guard (2...10_000).contains(seeds) else {
            throw ExperimentError.count(name: "seeds", value: seeds, range: 2...10_000)
        }
        guard !settings.seed.addingReportingOverflow(UInt64(seeds)).overflow else {
            throw SweepError.lastSeed(first: settings.seed, count: seeds)
        }
        for (name, values, most) in [
            ("budgets", budgets, LossExperiment.mostEpochs), ("batch_sizes", batchSizes, Int.max),
        ] {
            guard !values.isEmpty, zip(values, values.dropFirst()).allSatisfy(<) else {
                let text = values.map { "\($0)" }.joined(separator: ",")
                throw ExperimentError.setting(
                    name,
                    reason:
                        "The \(name.replacing("_", with: " ")) '\(text)' are not in ascending order: give each once, the smallest first."
                )
            }
            for value in [values[0], values[values.count - 1]] where !(1...most).contains(value) {
                throw ExperimentError.count(
                    name: name == "budgets" ? "epochs" : "images of a batch", value: value,
                    range: 1...most)
            }
        }
        for arm in arms { try settings(arm, epochs: 1).check() }
    }

    /// Trains all that has no result yet, compares, and writes optimizers.txt, optimizers.json and a
    /// chart. Each finished run is a line of results.jsonl; the same call continues an interrupted one.
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
    ) throws -> OptimizersReport? {
        try check()
        Workers.keepFromBinding()
        let jobs = try Model.threads(jobs, over: ranks)
        let data = try data ?? settings.loadData()
        guard !data.training.isRegression else {
            throw ExperimentError.data("numbers to predict")
        }
        var experiment = self
        experiment.checksums = data.checksums
        let plan = experiment.plan
        let split = try SweepSplit(data.training, plan, seed: settings.seed, fold: 0)
        var largest = try settings.adapted(to: split.training)
        largest.batchSize = batchSizes.last ?? settings.batchSize
        _ = try largest.network(for: split.training, threads: 1)
        _ = try ranks?.agree(on: plan.document, jobs: jobs, shouldStop: shouldStop)
        if let ranks, !ranks.isFirst {
            try SweepRunner.help(
                ranks, with: plan, data, jobs: jobs, threads: 1, shouldStop: shouldStop)
            throw RankIsDone()
        }
        let place = SweepFolder(folder) { onEvent(.sweep($0)) }
        try place.open(plan.document)
        let (known, log) = try place.results(of: plan.cells.map(\.id))
        if !data.doubts.isEmpty { onEvent(.doubts(data.doubts)) }
        onEvent(
            .comparison(
                "golden less each other recipe, \(comparisons.count) paired t-tests"
            ))
        onEvent(
            .part("\(arms.count) arms, \(seeds.counted("seed"))", runs: plan.cells.count))
        let results = try SweepRunner(
            plan, data, log, over: ranks, threads: 1, results: known, shouldStop: shouldStop,
            onEvent: { onEvent(.sweep($0)) }
        ).run(jobs: jobs)
        guard results.count == plan.cells.count else { return nil }
        log.close()
        let report = try OptimizersReport(experiment, results)
        let result = try report.result
        onEvent(.result(result))
        try result.write(to: folder, renderer: renderer)
        withExtendedLifetime(place) {}
        return report
    }
}
