import Phidias

/// The declaration of one setting: its name in records, its form as text, and what it means for a run
/// that is resumed or for a sweep. `TrainingSetting.all` has every one.
public struct TrainingSetting: Sendable {
    /// What a setting belongs to.
    public enum Group: Sendable, CaseIterable {
        /// The images.
        case data
        /// The layers.
        case network
        /// The loss and the step.
        case optimizer
        /// Changes to training images.
        case augmentation
        /// The course of the learning rate, and the length of a run.
        case schedule
        /// What is kept on the way, and when a run ends.
        case checkpoints
    }

    /// What a setting means beside its value.
    struct Traits: OptionSet {
        let rawValue: Int
        /// A sweep can vary it.
        static let axis = Traits(rawValue: 1)
        /// It changes no result, so that a run may continue with another value.
        static let neutral = Traits(rawValue: 2)
        /// It decides which images a batch has, and cannot change within an epoch.
        static let batches = Traits(rawValue: 4)
        /// It decides what a validation loss means: losses before and after a change are not compared.
        static let measure = Traits(rawValue: 8)
        /// Its values may hold commas, so that lists of them have semicolons.
        static let commas = Traits(rawValue: 16)
    }

    /// The name in records, such as `learning_rate`.
    public let name: String
    /// The group that it belongs to.
    public let group: Group
    /// Its meaning, in a sentence or two.
    public let summary: String
    /// What its absence in a record means; nil of a setting that every record has.
    let absent: String?
    let traits: Traits
    let keyPath: any AnyKeyPath & Sendable
    private let readText: @Sendable (inout TrainingSettings, String) throws -> Void
    private let writeText: @Sendable (TrainingSettings) -> String?

    /// A setting with a form as text of its own.
    init<Value>(
        _ name: String, _ keyPath: any WritableKeyPath<TrainingSettings, Value> & Sendable,
        _ group: Group, _ traits: Traits = [], absent: String? = nil, _ summary: String,
        read: @escaping @Sendable (inout TrainingSettings, String) throws -> Void,
        write: @escaping @Sendable (TrainingSettings) -> String?
    ) {
        self.name = name
        (self.group, self.traits, self.absent, self.summary) = (group, traits, absent, summary)
        self.keyPath = keyPath
        (readText, writeText) = (read, write)
    }

    /// A setting whose value has a text.
    /// - Parameters:
    ///   - absent: the text that is left out of records.
    ///   - bounds: whether a value is one that the setting can have.
    ///   - expected: what such values are, for errors.
    init<Value: SettingValue>(
        _ name: String, _ keyPath: any WritableKeyPath<TrainingSettings, Value> & Sendable,
        _ group: Group, _ traits: Traits = [], absent: String? = nil, _ summary: String,
        expected: String = Value.expected,
        bounds: @escaping @Sendable (Value) -> Bool = { _ in true }
    ) {
        self.init(
            name, keyPath, group, traits, absent: absent, summary,
            read: { settings, text in
                guard let value = try Value(settingText: text), bounds(value) else {
                    throw SettingError.value(setting: name, text: text, expected: expected)
                }
                settings[keyPath: keyPath] = value
            },
            write: { settings in
                let text = settings[keyPath: keyPath].settingText
                return text == absent ? nil : text
            })
    }

    /// Takes a value from its text.
    /// - Throws: `SettingError`, or an error of the setting's own kind.
    func read(_ text: String, into settings: inout TrainingSettings) throws {
        try readText(&settings, text)
    }

    /// The value as a record holds it; nil where the record leaves it out.
    func text(of settings: TrainingSettings) -> String? { writeText(settings) }

    /// Whether two texts mean the same value.
    func isSame(_ first: String, _ second: String) -> Bool {
        if first == second { return true }
        func canonical(_ text: String) -> TrainingSettings? {
            var settings = TrainingSettings()
            return (try? read(text, into: &settings)) == nil ? nil : settings
        }
        guard let first = canonical(first), let second = canonical(second) else { return false }
        return first == second
    }

    /// The setting of that name; nil if there is none.
    public static func named(_ name: String) -> TrainingSetting? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

// MARK: - Values as text

/// A value that has a form as text in records and options.
protocol SettingValue: SendableMetatype {
    /// What the texts are, for errors: "a whole number".
    static var expected: String { get }
    /// Nil if the text is no value.
    init?(settingText: String) throws
    var settingText: String { get }
}

extension SettingValue where Self: LosslessStringConvertible {
    init?(settingText: String) { self.init(settingText) }
    var settingText: String { description }
}

extension SettingValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    static var expected: String {
        "one of " + allCases.map(\.rawValue).joined(separator: ", ")
    }
    init?(settingText: String) { self.init(rawValue: settingText) }
    var settingText: String { rawValue }
}

extension Int: SettingValue { static var expected: String { "a whole number" } }
extension UInt64: SettingValue { static var expected: String { "a whole number from 0" } }
extension Double: SettingValue { static var expected: String { "a number" } }
extension Bool: SettingValue { static var expected: String { "true or false" } }
extension OutputActivation: SettingValue {}
extension InputRange: SettingValue {}
extension Standardization.Method: SettingValue {}
extension LossName: SettingValue {}
extension OptimizerName: SettingValue {}
extension DivergenceResponse: SettingValue {}

extension Optional: SettingValue where Wrapped: SettingValue {
    static var expected: String { Wrapped.expected }
    init?(settingText: String) throws {
        if settingText == "none" {
            self = Optional<Wrapped>.none
        } else {
            guard let value = try Wrapped(settingText: settingText) else { return nil }
            self = value
        }
    }
    var settingText: String { self?.settingText ?? "none" }
}

extension Momentum: SettingValue {
    static var expected: String { "golden, coupled or a number" }
    init?(settingText: String) throws { try self.init(settingText) }
    var settingText: String {
        switch self {
        case .golden: "golden"
        case .coupled: "coupled"
        case .constant(let value): String(value)
        }
    }
}

extension Schedule: SettingValue {
    static var expected: String { "a schedule" }
    init?(settingText: String) throws { try self.init(settingText) }
    var settingText: String { description }
}

extension CheckpointInterval: SettingValue {
    static var expected: String { "a number of epochs, such as 5, or of minutes, such as 10m" }

    init?(settingText: String) {
        if settingText.hasSuffix("m") {
            guard let minutes = Double(settingText.dropLast()) else { return nil }
            self = .minutes(minutes)
        } else {
            guard let epochs = Int(settingText) else { return nil }
            self = .epochs(epochs)
        }
        guard isValid else { return nil }
    }

    var settingText: String {
        switch self {
        case .epochs(let count): "\(count)"
        case .minutes(let count): "\(count)m"
        }
    }
}
