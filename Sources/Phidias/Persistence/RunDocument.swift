/// The file run.json: the settings of a run, its data, and what was changed when it was resumed.
public struct RunDocument: Sendable, Equatable {
    /// A setting's name and value, both as text.
    public struct Setting: Sendable, Hashable {
        /// The name in the file.
        public var name: String
        /// The value in the file.
        public var value: String

        /// A name and its value.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }

        /// An object from names to values.
        package static func object(_ settings: [Setting]) -> JSON {
            .object(settings.map { JSON.Member(key: $0.name, value: .string($0.value)) })
        }

        /// Reads the result of `object`; nil if it is anything else.
        package static func read(_ json: JSON?) -> [Setting]? {
            guard let members = json?.objectValue else { return nil }
            let settings = members.compactMap { member in
                member.value.stringValue.map { Setting(name: member.key, value: $0) }
            }
            return settings.count == members.count ? settings : nil
        }

        /// The settings sorted by name.
        package static func sorted(_ values: [String: String]) -> [Setting] {
            values.sorted { $0.key < $1.key }.map { Setting(name: $0.key, value: $0.value) }
        }
    }

    /// A setting that was changed when the run was resumed.
    public struct Change: Sendable, Hashable {
        /// The number of finished epochs when it was changed.
        public var epochs: Int
        /// The number of finished steps in the epoch after those.
        public var steps: Int
        /// The name of the setting.
        public var setting: String
        /// Its value before the change.
        public var from: String
        /// Its value after the change.
        public var to: String

        /// A change at a position of the run.
        public init(epochs: Int, steps: Int, setting: String, from: String, to: String) {
            self.epochs = epochs
            self.steps = steps
            self.setting = setting
            self.from = from
            self.to = to
        }
    }

    /// A divergence after which the learning rate was halved.
    public struct Halving: Sendable, Hashable {
        /// The step that diverged, counted from 1.
        public var step: Int
        /// The number of finished epochs that training went back to.
        public var backTo: Int

        /// A halving after a divergence in `step`, back to the end of epoch `backTo`.
        public init(step: Int, backTo: Int) {
            self.step = step
            self.backTo = backTo
        }
    }

    /// All settings that decide the result, in the order of the help.
    public var settings: [Setting]
    /// The network that the settings and the data give.
    public var network: Network
    /// Version of the program that began the run.
    public var program: String
    /// SHA-256 of each part of the data, by name.
    public var checksums: [Setting]
    /// The names of the network's classes; nil where they have none. No influence on the result.
    public var classNames: [String]?
    /// The names of the data's columns; nil where they have none. No influence on the result.
    public var columnNames: ColumnNames?
    /// The number of threads; no influence on the result.
    public var threads: Int
    /// The number of processes that trained together, with so many threads each; no influence on the
    /// result.
    public var ranks = 1
    /// The name of the kernel table; no influence on the result.
    public var kernels: String
    /// What was changed when the run was resumed, in order.
    public var changes: [Change] = []
    /// The divergences after which training continued at half the rate, in order.
    public var halvings: [Halving] = []

    /// The version that is written; files from 1 up to it are read.
    public static let formatVersion = 1
    /// The largest file that is read, in bytes.
    static let largestFile = 1 << 20

    /// - Parameters:
    ///   - settings: in the order of the help.
    ///   - network: the network.
    ///   - program: version of the program.
    ///   - checksums: SHA-256 of each part of the data.
    ///   - threads: threads of a step.
    ///   - kernels: name of the kernel table.
    ///   - classNames: a name for each class of the network, or nil.
    public init(
        settings: [Setting], network: Network, program: String, checksums: [String: String],
        threads: Int, kernels: String, classNames: [String]? = nil
    ) {
        self.settings = settings
        self.network = network
        self.program = program
        self.checksums = Setting.sorted(checksums)
        self.threads = threads
        self.kernels = kernels
        self.classNames = classNames
    }

    /// The value of a setting; nil if the file does not have it.
    public subscript(setting: String) -> String? {
        settings.first { $0.name == setting }?.value
    }

    // MARK: - Writing

    package var json: JSON {
        var members: [JSON.Member] = [
            .init(key: "format", value: .string("phidias-run")),
            .init(key: "format_version", value: .integer(Self.formatVersion)),
            .init(key: "phidias", value: .string(program)),
            .init(key: "model_format", value: .integer(ModelFile.version(for: network))),
            .init(key: "network", value: NetworkDocument.json(network)),
            .init(key: "settings", value: Setting.object(settings)),
            .init(key: "threads", value: .integer(threads)),
            .init(key: "kernels", value: .string(kernels)),
            .init(key: "data_sha256", value: Setting.object(checksums)),
        ]
        if ranks > 1 { members.append(.init(key: "ranks", value: .integer(ranks))) }
        if let classNames {
            members.append(.init(key: "classes", value: ClassNames.json(classNames)))
        }
        if let columnNames { members.append(.init(key: "columns", value: columnNames.json)) }
        if !changes.isEmpty {
            members.append(.init(key: "changes", value: .array(changes.map(\.json))))
        }
        if !halvings.isEmpty {
            members.append(.init(key: "halvings", value: .array(halvings.map(\.json))))
        }
        return .object(members)
    }

    /// Writes the file, completely or not at all.
    /// - Throws: `FileError`, and `RunFileError.content` for a document that could not be read
    ///   again: two settings or checksums of one name, a count below 0, no thread.
    public func write(to path: String) throws {
        if let reason = inconsistency {
            throw RunFileError.content(path: path, byte: 0, reason: reason)
        }
        try DurableFile.write(json, to: path)
    }

    /// Why the document could not be read again; nil if it could.
    var inconsistency: String? {
        for names in [settings.map(\.name), checksums.map(\.name)]
        where Set(names).count != names.count {
            return "a setting or checksum occurs twice"
        }
        if let classNames,
            let problem = ClassNames.problem(classNames, classes: network.classes)
        {
            return problem
        }
        let areCounts =
            changes.allSatisfy { $0.epochs >= 0 && $0.steps >= 0 }
            && halvings.allSatisfy { $0.step > 0 && $0.backTo >= 0 }
        return threads > 0 && ranks > 0 && areCounts
            ? nil : "there is no thread, or a count is below 0"
    }

    // MARK: - Reading

    /// - Throws: `DataError` if the file cannot be read, `RunFileError`, `ModelFileError`.
    public init(path: String) throws {
        try self.init(bytes: try FileBytes.read(path, limit: Self.largestFile), path: path)
    }

    package init(bytes: [UInt8], path: String) throws {
        let json: JSON
        do {
            json = try JSON(
                parsing: bytes, limits: .init(bytes: Self.largestFile, values: 1 << 16))
        } catch {
            throw RunFileError.syntax(path: path, byte: error.byte, reason: error.reason)
        }
        try self.init(json, path: path)
    }

    init(_ json: JSON, path: String) throws {
        func missing(_ what: String) -> RunFileError {
            .content(path: path, byte: 0, reason: "\(what) is missing or not understood")
        }
        guard json["format"]?.stringValue == "phidias-run" else { throw missing("format") }
        guard let version = json["format_version"]?.integerValue else {
            throw missing("format_version")
        }
        guard (1...Self.formatVersion).contains(version) else {
            throw RunFileError.content(
                path: path, byte: 0,
                reason: "version \(version) is unknown; this program reads up to "
                    + "\(Self.formatVersion)")
        }
        if let other = json.objectValue?.first(where: { !Self.members.contains($0.key) }) {
            throw RunFileError.content(
                path: path, byte: 0, reason: "the member '\(other.key)' is unknown")
        }
        guard let settings = Setting.read(json["settings"]) else { throw missing("settings") }
        guard let sums = Setting.read(json["data_sha256"]) else { throw missing("data_sha256") }
        guard let network = json["network"] else { throw missing("network") }
        guard let changes = Self.list(json["changes"], Change.init(json:)) else {
            throw missing("changes")
        }
        guard let halvings = Self.list(json["halvings"], Halving.init(json:)) else {
            throw missing("halvings")
        }
        self.settings = settings
        checksums = sums
        self.network = try ModelFile.network(network, path: path)
        program = json["phidias"]?.stringValue ?? ""
        threads = json["threads"]?.integerValue ?? 1
        guard threads > 0 else { throw missing("threads") }
        ranks =
            try json["ranks"].map { json in
                guard let ranks = json.integerValue, ranks > 0 else { throw missing("ranks") }
                return ranks
            } ?? 1
        kernels = json["kernels"]?.stringValue ?? ""
        self.changes = changes
        self.halvings = halvings
        if let list = json["classes"] {
            guard let names = ClassNames.texts(list),
                ClassNames.problem(names, classes: self.network.classes) == nil
            else { throw missing("classes") }
            classNames = names
        }
        if let columns = json["columns"] {
            guard let names = ColumnNames(columns) else { throw missing("columns") }
            columnNames = names
        }
    }

    private static let members: Set = [
        "format", "format_version", "phidias", "model_format", "network", "settings", "threads",
        "ranks", "kernels", "data_sha256", "classes", "columns", "changes", "halvings",
    ]

    /// All elements; none if there is no list; nil if one cannot be read.
    private static func list<Element>(_ json: JSON?, _ read: (JSON) -> Element?) -> [Element]? {
        guard let json else { return [] }
        guard let values = json.arrayValue else { return nil }
        let elements = values.compactMap(read)
        return elements.count == values.count ? elements : nil
    }
}

extension RunDocument.Change {
    fileprivate var json: JSON {
        .members([
            "epochs": .integer(epochs), "steps": .integer(steps), "setting": .string(setting),
            "from": .string(from), "to": .string(to),
        ])
    }

    fileprivate init?(json: JSON) {
        guard let epochs = json["epochs"]?.integerValue, let steps = json["steps"]?.integerValue,
            let setting = json["setting"]?.stringValue, let from = json["from"]?.stringValue,
            let to = json["to"]?.stringValue, epochs >= 0, steps >= 0
        else { return nil }
        self.init(epochs: epochs, steps: steps, setting: setting, from: from, to: to)
    }
}

extension RunDocument.Halving {
    fileprivate var json: JSON {
        .members(["step": .integer(step), "back_to_epoch": .integer(backTo)])
    }

    fileprivate init?(json: JSON) {
        guard let step = json["step"]?.integerValue,
            let backTo = json["back_to_epoch"]?.integerValue, step > 0, backTo >= 0
        else { return nil }
        self.init(step: step, backTo: backTo)
    }
}

/// A file of a run that cannot be used.
public enum RunFileError: PhidiasError, Equatable {
    /// The file is not JSON, at a byte counted from 0.
    case syntax(path: String, byte: Int, reason: String)
    /// The file is JSON, but its content is not that of such a file.
    case content(path: String, byte: Int, reason: String)

    public var description: String {
        switch self {
        case .syntax(let path, let byte, let reason), .content(let path, let byte, let reason):
            "\(path): byte \(byte): \(reason). Was the file written by phidias train?"
        }
    }

    public var exitCode: Int32 { 65 }
}
