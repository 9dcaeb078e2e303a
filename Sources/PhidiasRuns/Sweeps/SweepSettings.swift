import Phidias

/// Grids of learning rate and momentum that others have published.
public enum SweepPreset: String, Sendable, Hashable, CaseIterable {
    /// The 60 pairs of Jaeger, *Double-Bayesian Learning*, arXiv:2410.12984 (2024), with the values
    /// as the paper rounds them, for whatever network the sweep trains.
    case paper2024 = "paper-2024"
    /// The same pairs as the paper tried them: with its network, cross-entropy, 30 epochs and ten folds.
    case paper2024Full = "paper-2024-full"

    /// Learning rates of the grid.
    public var learningRates: [String] { ["0.0001", "0.001", "0.01", "0.016", "0.1", "0.2"] }
    /// Momentum weights of the grid.
    public var momenta: [String] {
        ["0", "0.2", "0.4", "0.6", "0.8", "0.825", "0.85", "0.874", "0.9", "0.925"]
    }
    /// The pair that stands for the golden one.
    public var golden: (learningRate: String, momentum: String) { ("0.016", "0.874") }
    /// The number of folds that belongs to it; nil where the sweep decides.
    public var folds: Int? { self == .paper2024Full ? 10 : nil }

    /// All settings that it gives their values, by name.
    var values: [String: [String]] {
        var values = ["learning_rate": learningRates, "momentum": momenta]
        if self == .paper2024Full {
            values["network"] = [NetworkPreset.dbl2024.rawValue]
            values["loss"] = [LossName.crossEntropy.rawValue]
            values["epochs"] = ["30"]
        }
        return values
    }
}

/// The cells of a sweep: values for every setting of training, and how each is measured.
///
///     var sweep = SweepSettings()
///     sweep.data = .folder("data/mnist")
///     try sweep.vary(\.learningRate, over: [0.001, GoldenRatio.learningRate, 0.1])
///     try sweep.vary("momentum", over: ["0", "golden"])
///     sweep.folds = 5
public struct SweepSettings: Sendable, Hashable {
    /// Where the images come from.
    public var data = DataSource.synthetic
    /// A published grid.
    public var preset: SweepPreset?
    /// Seeds, from `seed` up, with which each point is trained; at least 1.
    public var seeds = 1
    /// The first seed: of weights, shuffles and splits.
    public var seed: UInt64 = 1
    /// Stratified parts of the training images, each held out once for validation, 2 or more; nil for
    /// one split by `validation`.
    public var folds: Int?
    /// Without folds: the share of each class that is held out; nil for 0.1.
    public var validation: Double?
    /// The stratified share of the training images that is used; nil for all.
    public var subset: Double?
    /// Values as text, by the setting's name: without those of a preset.
    private var given: [String: [String]] = [:]
    private var values: [String: [String]] {
        given.merging(preset?.values ?? [:]) { $1 }
    }

    /// One point: the defaults of training.
    public init() {}

    /// The settings that a sweep can vary.
    public static let axes = TrainingSetting.all.filter { $0.traits.contains(.axis) }

    // MARK: - Values

    /// Gives a setting the values that it takes in the grid, as text; one value is for all cells.
    /// - Throws: `SweepError` for no value, an empty one, or the same value twice;
    ///   `SettingError.unknown` for a setting that a sweep cannot vary.
    public mutating func vary(_ name: String, over texts: [String]) throws {
        guard let setting = Self.axes.first(where: { $0.name == name }) else {
            throw SettingError.unknown(name)
        }
        guard !texts.isEmpty, !texts.contains("") else {
            throw SweepError.emptyValue(setting: name, texts: texts)
        }
        var probe = TrainingSettings()
        for (place, text) in texts.enumerated() {
            try setting.read(text, into: &probe)
            if let same = texts[..<place].first(where: { setting.isSame($0, text) }) {
                throw SweepError.sameValue(setting: name, first: same, second: text)
            }
        }
        given[name] = texts
    }

    /// The same with values of the setting's own type.
    public mutating func vary<Value>(
        _ setting: WritableKeyPath<TrainingSettings, Value>, over list: [Value]
    ) throws {
        let points = list.map { value in
            var point = TrainingSettings()
            point[keyPath: setting] = value
            return point
        }
        // Dense layers have two settings, and any other network one.
        for axis in Self.axes where axis.keyPath as AnyKeyPath == setting as AnyKeyPath {
            var texts: [String] = []
            for text in points.map({ axis.text(of: $0) ?? axis.absent }) {
                if let text, !texts.contains(text) || list.count == 1 { texts.append(text) }
            }
            if axis.name == "network" { texts.removeAll { $0 == "none" } }
            if !texts.isEmpty { try vary(axis.name, over: texts) }
        }
    }

    /// Values of a list as a person writes it: with commas between them, or semicolons where values
    /// may hold commas.
    /// - Throws: as `vary(_:over:)`.
    public mutating func vary(_ name: String, lists: [String]) throws {
        let mark = Self.separator(of: name)
        try vary(
            name,
            over: lists.flatMap { text in
                text.split(separator: mark, omittingEmptySubsequences: false).map {
                    String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
                }
            })
    }

    /// What stands between the values of a list.
    public static func separator(of name: String) -> Character {
        TrainingSetting.named(name)?.traits.contains(.commas) == true ? ";" : ","
    }

    /// Every setting of training with the values that it takes.
    func axes() throws -> [SweepDocument.Axis] {
        let values = values
        if let preset {
            var both = preset.values.keys.filter { given[$0] != nil }
            if preset.folds != nil {
                if folds != nil || validation != nil {
                    both.append(folds == nil ? "validation" : "folds")
                }
                // What a preset's network says of itself.
                both += ["hidden", "activation"].filter { given[$0] != nil }
            }
            if let setting = both.min() {
                throw SweepError.presetAndValues(preset: preset.rawValue, setting: setting)
            }
        }
        let networks = try networks()
        var usual = TrainingSettings()
        if let first = networks.first { usual.network = first }
        let optimizers = (values["optimizer"] ?? []).compactMap { OptimizerName(rawValue: $0) }
        guard
            values["learning_rate"] != nil
                || Set(optimizers.map(\.usualLearningRate)).count <= 1
        else { throw SweepError.mixedOptimizers }
        if let first = optimizers.first {
            // Momentum has a value wherever one of the optimizers has it.
            usual.optimizerName = optimizers.contains(.sgd) ? .sgd : first
        }
        return Self.axes.compactMap { setting in
            if setting.name == "network" {
                return networks.isEmpty
                    ? nil : .init(name: setting.name, values: networks.compactMap(\.text))
            }
            // What a network says itself has no value of its own.
            let texts = values[setting.name] ?? setting.text(of: usual).map { [$0] }
            return texts.map { .init(name: setting.name, values: $0) }
        }
    }

    /// Gives the settings that the data decides their value, where they have none of their own.
    mutating func adapt(to data: Dataset) throws {
        var usual: [String: String] = [:]
        if data.isRegression { usual["loss"] = LossName.squaredError.rawValue }
        // A network that says these itself has no such axes.
        if try networks().allSatisfy({ !$0.isWhole }) {
            if data.isRegression {
                usual["output_activation"] = OutputActivation.identity.rawValue
            }
            if data.isNumeric { usual["input_range"] = InputRange.numbers.rawValue }
        }
        given.merge(usual.mapValues { [$0] }.filter { values[$0.key] == nil }) { own, _ in own }
    }

    /// The networks that are named.
    private func networks() throws -> [NetworkChoice] {
        let choices = try (values["network"] ?? []).map { try NetworkChoice($0) }
        guard Set(choices.map(\.isWhole)).count <= 1 else { throw SweepError.mixedNetworks }
        guard values["loss"] != nil || Set(choices.map(\.usualLoss)).count <= 1 else {
            throw SweepError.mixedLosses
        }
        return choices
    }

    // MARK: - Protocol

    /// What decides the results beside the axes, as they stand in sweep.json.
    var protocolAxes: [SweepDocument.Axis] {
        let pairs: KeyValuePairs = [
            "preset": preset?.rawValue ?? "none", "seed": String(seed), "seeds": String(seeds),
            "folds": foldCount.map { String($0) } ?? "none",
            "validation": foldCount == nil ? String(share) : "none",
            "subset": subset.map { String($0) } ?? "none",
        ]
        return pairs.map { .init(name: $0.key, values: [$0.value]) }
    }

    /// The folds that there are; nil for one split.
    var foldCount: Int? { folds ?? preset?.folds }
    /// Held out where there are no folds.
    var share: Double { validation ?? 0.1 }

    /// Checks what can be known to be wrong before any data is read.
    /// - Throws: `SweepError`, `DataError.fraction`, and as `TrainingSettings.check()`.
    public func check() throws {
        guard seeds > 0 else { throw SweepError.seeds(seeds) }
        guard !seed.addingReportingOverflow(UInt64(seeds - 1)).overflow else {
            throw SweepError.lastSeed(first: seed, count: seeds)
        }
        if folds != nil, validation != nil { throw SweepError.foldsAndValidation }
        if let folds, !(2...65_536).contains(folds) { throw SweepError.folds(folds) }
        for value in [share, subset ?? 0.5] where !(value > 0 && value < 1) {
            throw DataError.fraction(value)
        }
        _ = try SweepPlan(self, checksums: [:])
    }

    /// Reads the settings of a sweep from its record.
    /// - Throws: `SweepFileError` if they are not those of a sweep.
    init(_ document: SweepDocument, path: String) throws {
        self.init()
        do {
            func text(_ name: String) -> String? {
                let value = document[name]?.first
                return value == "none" ? nil : value
            }
            func number<Value: LosslessStringConvertible>(_ name: String) throws -> Value? {
                guard let text = text(name) else { return nil }
                guard let value = Value(text) else {
                    throw SettingError.value(setting: name, text: text, expected: "a number")
                }
                return value
            }
            if let name = text("preset") {
                guard let preset = SweepPreset(rawValue: name) else {
                    throw SettingError.value(
                        setting: "preset", text: name, expected: "one that is known")
                }
                self.preset = preset
            }
            (seed, seeds) = (try number("seed") ?? 1, try number("seeds") ?? 1)
            (folds, validation, subset) = (
                try number("folds"), try number("validation"), try number("subset")
            )
            if preset?.folds != nil { folds = nil }
            for axis in document.axes.prefix(while: { $0.name != "preset" })
            where preset?.values[axis.name] == nil {
                try vary(axis.name, over: axis.values)
            }
            try check()
            let axes = try self.axes() + protocolAxes
            if let axis = zip(axes, document.axes).first(where: { $0 != $1 })?.1 {
                throw SettingError.unknown(axis.name)
            }
            guard axes.count == document.axes.count else {
                throw SweepError.missingSettings
            }
        } catch {
            throw SweepFileError(
                path: path, byte: 0,
                reason: (error as? any PhidiasError)?.description ?? "\(error)")
        }
    }
}
