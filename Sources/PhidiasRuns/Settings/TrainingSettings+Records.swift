import Phidias

extension TrainingSettings {
    /// The settings of a record.
    /// - Throws: `SettingError`, and what the setting's own value throws.
    public init(record: [RunDocument.Setting]) throws {
        self.init()
        let names = Set(record.map(\.name))
        // What the record leaves out may since have got another default.
        for setting in TrainingSetting.all where !names.contains(setting.name) {
            if let absent = setting.absent, setting.name != TrainingSetting.network.name {
                try setting.read(absent, into: &self)
            }
        }
        try set(record)
    }

    /// Changes the settings that are named, from their texts in any order.
    /// - Throws: `SettingError`, and what the setting's own value throws.
    public mutating func set(_ values: [RunDocument.Setting]) throws {
        for value in values {
            guard let setting = TrainingSetting.named(value.name) else {
                throw SettingError.unknown(value.name)
            }
            if value.value == "none", setting.absent == "none", value.name == "network" { continue }
            try setting.read(value.value, into: &self)
        }
        try checkNetworkIsDescribedOnce(by: values.map(\.name))
    }

    /// A network that is described twice is a mistake.
    private func checkNetworkIsDescribedOnce(by names: [String]) throws {
        guard names.contains("network") else { return }
        var others = ["hidden", "activation"]
        if network.isWhole { others += ["output_activation", "input_range"] }
        if let other = others.first(where: names.contains) {
            throw SettingError.describedTwice(by: other)
        }
    }

    /// A record with what it leaves out, where that means something else than a setting that is not
    /// given: with these settings a run of an older version can be trained again.
    static func complete(_ record: [RunDocument.Setting]) throws -> [RunDocument.Setting] {
        let meant = try TrainingSettings(record: record)
        var given = TrainingSettings()
        try given.set(record)
        return record
            + TrainingSetting.all.compactMap { setting in
                guard setting.text(of: meant) != setting.text(of: given),
                    let text = setting.text(of: meant) ?? setting.absent
                else { return nil }
                return .init(name: setting.name, value: text)
            }
    }

    /// All settings that a record has, in its order.
    public var record: [RunDocument.Setting] { record { _ in true } }

    /// The same, without how checkpoints are kept: what decides a result that is not kept as a run.
    public var recordWithoutCheckpoints: [RunDocument.Setting] {
        record { $0.group != .checkpoints }
    }

    private func record(_ isWanted: (TrainingSetting) -> Bool) -> [RunDocument.Setting] {
        TrainingSetting.all.filter(isWanted).compactMap { setting in
            setting.text(of: self).map { .init(name: setting.name, value: $0) }
        }
    }

    /// Checks what can be known to be wrong before any data is read.
    /// - Throws: `SettingError`, `OptimizationError`, `AugmentationError`, `TrainingError`,
    ///   `DataError`.
    public func check() throws {
        try checkOptimizerSettings()
        _ = try optimizer()
        _ = try augmentation()
        _ = try trainingLoss()
        guard (1...Trainer.mostEpochs).contains(epochs) else { throw TrainingError.epochs(epochs) }
        guard batchSize > 0 else { throw TrainingError.batchSize(batchSize, images: nil) }
        if let validation, !(validation > 0 && validation < 1) {
            throw DataError.fraction(validation)
        }
        // What Swift code has set was not read from a text, where bounds are looked at.
        var copy = self
        for setting in TrainingSetting.all where setting.group == .checkpoints {
            if let text = setting.text(of: self) { try setting.read(text, into: &copy) }
        }
        guard patience == nil || validation != nil else {
            throw SettingError.patienceWithoutValidation
        }
        if case .minutes = checkpointEvery, onDivergence == .halve {
            throw SettingError.clockDecides(interval: checkpointEvery.settingText)
        }
    }
}
