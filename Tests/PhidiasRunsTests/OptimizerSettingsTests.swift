import Phidias
import PhidiasRuns
import Testing

/// Optimizers and label smoothing as settings, in records and in runs.
@Suite struct OptimizerSettingsTests {
    @Test func theLearningRateFollowsTheOptimizerUnlessItIsChosen() throws {
        var settings = TrainingSettings()
        settings.optimizerName = .adam
        #expect(settings.learningRate == 0.001)
        settings.optimizerName = .sgd
        #expect(settings.learningRate == GoldenRatio.learningRate)
        settings.learningRate = 0.5
        settings.optimizerName = .adamw
        #expect(settings.learningRate == 0.5)
    }

    @Test func recordsSayWhatWasUsed() throws {
        var settings = TrainingSettings()
        #expect(!settings.record.contains { ["optimizer", "beta1"].contains($0.name) })
        #expect(settings.record.contains(.init(name: "momentum", value: "golden")))
        settings.optimizerName = .adamw
        settings.beta2 = 0.99
        settings.labelSmoothing = 0.1
        let record = settings.record
        for (name, value) in [
            ("optimizer", "adamw"), ("learning_rate", "0.001"), ("beta2", "0.99"),
            ("label_smoothing", "0.1"),
        ] {
            #expect(record.contains(.init(name: name, value: value)), "\(name)")
        }
        #expect(!record.contains { ["momentum", "beta1", "epsilon"].contains($0.name) })
        #expect(try TrainingSettings(record: record).record == record)
        // A golden rate that is asked for stays one, whatever the optimizer.
        settings.learningRate = GoldenRatio.learningRate
        let golden = try TrainingSettings(record: settings.record)
        #expect(golden.learningRate == GoldenRatio.learningRate)
        #expect(golden.optimizerName == .adamw)
    }

    @Test func settingsOfAnotherOptimizerAreErrors() throws {
        func error(_ change: (inout TrainingSettings) -> Void) -> SettingError? {
            var settings = TrainingSettings()
            change(&settings)
            return #expect(throws: SettingError.self) { try settings.check() }
        }
        #expect(
            error { $0.beta1 = 0.5 } == .otherOptimizer(setting: "beta1", optimizer: "sgd"))
        #expect(
            error { ($0.optimizerName, $0.momentum) = (.adam, .constant(0.5)) }
                == .otherOptimizer(setting: "momentum", optimizer: "adam"))
        #expect(
            error { ($0.optimizerName, $0.nesterov) = (.adamw, true) }
                == .otherOptimizer(setting: "nesterov", optimizer: "adamw"))
        var settings = TrainingSettings()
        settings.labelSmoothing = 1
        #expect(throws: OptimizationError.labelSmoothing(1)) { try settings.check() }
    }

    @Test func experimentsAboutMomentumRefuseAdam() throws {
        var settings = TrainingSettings()
        settings.optimizerName = .adam
        #expect(throws: ExperimentError.self) { try SmoothingExperiment(settings).check() }
        #expect(throws: ExperimentError.self) { try GoldenPointExperiment(settings).check() }
        #expect(throws: ExperimentError.self) { try LossExperiment(settings).check() }
    }

    @Test func aSweepOverOptimizersNeedsLearningRates() throws {
        var sweep = SweepSettings()
        try sweep.vary(\.optimizerName, over: [.sgd, .adam])
        #expect(throws: SweepError.mixedOptimizers) { try sweep.check() }
        try sweep.vary("learning_rate", over: ["golden", "0.001"])
        try sweep.check()
        var adam = SweepSettings()
        try adam.vary("optimizer", over: ["adam", "adamw"])
        try adam.check()
    }

    /// A run that is stopped in the middle and resumed has the bits of one that never stopped, and is
    /// verified; its optimizer cannot change.
    @Test func aRunIsResumedWithTheSameBits() throws {
        let folder = try TestFolder()
        let data = DataPair(
            training: try SyntheticDigits.dataset(count: 200, seed: 3),
            test: try SyntheticDigits.dataset(count: 50, seed: 4), checksums: ["images": "1"])
        var settings = TrainingSettings()
        settings.network = .dense(hidden: [9], activation: .tanh)
        settings.optimizerName = .adam
        settings.labelSmoothing = 0.1
        (settings.epochs, settings.batchSize) = (3, 20)
        let whole = try Run.train(settings, in: folder.path + "/whole", data: data)
        var asked = 0
        _ = try Run.train(
            settings, in: folder.path + "/stopped", data: data,
            shouldStop: {
                asked += 1
                return asked > 14
            })
        #expect(throws: RunError.self) {
            try Run.resume(
                folder.path + "/stopped", data: data, allowingChanges: true,
                change: { $0.optimizerName = .sgd })
        }
        let resumed = try Run.resume(folder.path + "/stopped", data: data, threads: 1)
        #expect(resumed.model.weightsSHA256 == whole.model.weightsSHA256)
    }
}
