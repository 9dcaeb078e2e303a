import Phidias
import PhidiasRuns
import Testing

/// Settings as values, as texts and as records.
@Suite struct SettingsTests {
    @Test func aRecordGivesTheSettingsBack() throws {
        var settings = TrainingSettings()
        settings.data = .folder("data/mnist")
        settings.network = .dense(hidden: [300, 100], activation: .relu)
        settings.loss = .crossEntropy
        (settings.learningRate, settings.momentum) = (0.25, .coupled)
        (settings.weightDecay, settings.nesterov, settings.clipNorm) = (1e-4, true, 2)
        (settings.shift, settings.elastic, settings.elasticSpacing) = (2, 3, 9)
        settings.schedule = .oneCycle(peak: 0.3)
        (settings.epochs, settings.batchSize, settings.seed) = (3, 16, .max)
        (settings.validation, settings.patience, settings.keep) = (0.125, 4, 7)
        settings.checkpointEvery = .minutes(2.5)
        (settings.divergesAbove, settings.testEveryEpoch) = (nil, true)
        #expect(try TrainingSettings(record: settings.record) == settings)
        settings.network = .preset(.dbl2024)
        #expect(try TrainingSettings(record: settings.record).network == settings.network)
        let usual = TrainingSettings().record
        #expect(try TrainingSettings(record: usual).record == usual && usual.count == 20)
        // A folder may have the name that means something else in a record.
        settings.data = .folder("synthetic")
        #expect(try TrainingSettings(record: settings.record).data == .folder("./synthetic"))
    }

    /// What an earlier version did not record had one value there, whatever the default is now.
    @Test func absenceInARecordHasItsMeaning() throws {
        let old = try TrainingSettings(record: [.init(name: "validation", value: "0.1")])
        #expect(old.divergesAbove == nil && old.testEveryEpoch && !old.nesterov)
        #expect(TrainingSettings().divergesAbove == 10)
    }

    @Test(arguments: [
        ("epochs", "x"), ("batch_size", "1.5"), ("seed", "-1"), ("learning_rate", "fast"),
        ("momentum", "1"), ("hidden", "12,,3"), ("hidden", "-4"), ("activation", "elu"),
        ("loss", "none"), ("schedule", "cosine:0"), ("nesterov", "yes"), ("keep", "0"),
        ("patience", "0"), ("checkpoint_every", "0"), ("checkpoint_every", "-1m"),
        ("diverges_above", "0.5"), ("diverges_above", "inf"), ("filters_every", "0"),
        ("on_divergence", "explode"), ("input_range", "0..2"), ("network", "no-such-file"),
        ("mixup", "0.1"),
    ])
    func whatIsNoValueIsAnError(name: String, text: String) {
        var settings = TrainingSettings()
        let error = #expect(throws: (any Error).self) {
            try settings.set([.init(name: name, value: text)])
        }
        #expect(error is any PhidiasError)
    }

    @Test func theNetworkIsDescribedOnce() {
        var settings = TrainingSettings()
        #expect(throws: SettingError.describedTwice(by: "hidden")) {
            try settings.set([
                .init(name: "network", value: "mlp"), .init(name: "hidden", value: "3"),
            ])
        }
    }

    @Test func checksFindWhatDoesNotFitTogether() {
        func error(_ change: (inout TrainingSettings) -> Void) -> (any Error)? {
            var settings = TrainingSettings()
            change(&settings)
            do { try settings.check() } catch { return error }
            return nil
        }
        #expect(error { _ in } == nil)
        #expect(error { $0.epochs = 0 } is TrainingError)
        #expect(error { $0.batchSize = -1 } is TrainingError)
        #expect(error { $0.validation = .nan } is DataError)
        #expect(error { $0.learningRate = .infinity } is OptimizationError)
        #expect(error { $0.keep = 0 } is SettingError)
        #expect(error { $0.patience = 3 } as? SettingError == .patienceWithoutValidation)
        #expect(error { $0.checkpointEvery = .epochs(0) } is SettingError)
        #expect(error { $0.divergesAbove = .nan } is SettingError)
        #expect(error { $0.elastic = 100 } is AugmentationError)
        #expect(
            error {
                $0.checkpointEvery = .minutes(1)
                $0.onDivergence = .halve
            } is SettingError)
    }

    @Test func valuesOfASweepAreTheSettingsOwn() throws {
        var sweep = SweepSettings()
        try sweep.vary(\.learningRate, over: [0.1, GoldenRatio.learningRate])
        try sweep.vary(
            \.network,
            over: [
                .dense(hidden: [], activation: .sigmoid), .dense(hidden: [8], activation: .sigmoid),
            ])
        try sweep.check()
        #expect(throws: SweepError.self) { try sweep.vary("momentum", over: ["0.9", "0.90"]) }
        #expect(throws: SweepError.self) { try sweep.vary("momentum", over: []) }
        #expect(throws: SettingError.unknown("patience")) {
            try sweep.vary("patience", over: ["3"])
        }
        sweep.preset = .paper2024
        #expect(throws: SweepError.self) { try sweep.check() }
    }

    @Test(arguments: [
        (NetworkChoice.dense(hidden: [128], activation: .sigmoid), 64, 0.3),
        (.dense(hidden: [128], activation: .sigmoid), 16, 0.15),
        (.dense(hidden: [128], activation: .relu), 256, 0.2),
        (.dense(hidden: [128], activation: .tanh), 64, 0.1),
        (.dense(hidden: [128], activation: .leakyReLU), 64, 0.1), (.preset(.dbl2024), 64, 0.1),
        (.preset(.mlp), 1, 0.04), (.preset(.dbl2024), 1 << 40, 1), (.preset(.mlp), -5, 0.04),
    ])
    func aRecipeDependsOnNetworkAndBatch(network: NetworkChoice, batch: Int, peak: Double) {
        var settings = TrainingSettings()
        settings.network = network
        settings.batchSize = batch
        TrainingPreset.fast.apply(to: &settings)
        #expect(settings.learningRate == peak && settings.momentum == .constant(0.9))
        #expect(settings.schedule == .oneCycle(peak: nil))
        TrainingPreset.golden.apply(to: &settings)
        #expect(settings.learningRate == GoldenRatio.learningRate && settings.momentum == .golden)
        #expect(settings.schedule == .constant)
    }
}
