import PhidiasKernels

/// A model on disk: safetensors with tensors `layers.N.weight` ([outputs, inputs], or for a
/// convolution [outputs, inputs, rows, columns]) and `layers.N.bias` [outputs] in layer order, and
/// the network and your own texts in the metadata.
public struct ModelFile: Sendable {
    /// Network and parameters.
    public var model: Model
    /// The name of the loss it was trained with.
    public var loss: String
    /// Your own texts by key, such as the origin of the data or who trained the model. At most
    /// `largestMetadata` bytes, and no key of `reservedKeys`: `bytes` and `write` check it.
    public var metadata: [String: String]
    /// The names of the classes in the order of the outputs, as a `Dataset` has them; nil where there
    /// are none. They stand in the metadata under `classes`: with names, that key is not yours.
    public var classNames: [String]?

    /// The keys that the format uses itself; `classes` is one more where the classes have names.
    public static let reservedKeys: Set = ["format", "format_version", "network", "loss"]
    /// The most bytes of all keys and values of `metadata`, as UTF-8.
    public static let largestMetadata = 1 << 20

    /// The latest version; files from 1 up to it are read. Version 3 has rows of numbers, numbers to
    /// predict, and the activations tanh and leaky ReLU; version 2 all layers on images with the other
    /// activations, version 1 dense ones on images of one channel. A file has the lowest version that
    /// can hold it.
    public static let formatVersion = 3

    static func version(for network: Network) -> Int {
        network.hasNumbers || !network.isInFormat2 ? 3 : network.isPlain ? 1 : 2
    }
    /// Largest file that is read.
    static let largestFile = 4 * Network.mostParameters + Safetensors.largestHeader

    /// The names of the columns of the rows of numbers that the model takes, and of the numbers that
    /// it predicts; nil where they have none. They are the text `columns` of `metadata`.
    public var columnNames: ColumnNames? {
        get {
            let names = metadata[Self.columnsKey].flatMap { ColumnNames(text: Array($0.utf8)) }
            let network = model.network
            let columns = network.inputRange == .numbers ? network.inputs : 0
            let targets = network.outputActivation == .identity ? network.classes : 0
            return names?.fit(columns: columns, targets: targets) == true ? names : nil
        }
        set { metadata[Self.columnsKey] = newValue?.json.text() }
    }

    private static let columnsKey = "columns"

    /// - Parameters:
    ///   - model: network and parameters.
    ///   - loss: name of the loss that the model was trained with.
    ///   - metadata: your own texts.
    ///   - classNames: a name for each of the network's classes, or nil.
    public init(
        model: Model, loss: String, metadata: [String: String] = [:], classNames: [String]? = nil
    ) {
        self.model = model
        self.loss = loss
        self.metadata = metadata
        self.classNames = classNames
    }

    /// - Throws: `SafetensorsError`, `ModelFileError`, or `DataError` if the file cannot be read.
    public init(path: String) throws {
        try self.init(try Safetensors(path: path, limit: Self.largestFile), path: path)
    }

    /// Reads the bytes of a file.
    /// - Parameters:
    ///   - bytes: all of the file.
    ///   - name: what errors call it.
    /// - Throws: `SafetensorsError`, `ModelFileError`.
    public init(bytes: [UInt8], name: String = "The model") throws {
        try self.init(try Safetensors(copying: bytes, path: name), path: name)
    }

    private init(_ file: Safetensors, path: String) throws {
        let metadata = Metadata(members: file.metadata, path: path)
        try metadata.checkFormat("phidias", versions: 1...Self.formatVersion)
        let network = try Self.network(try metadata.json("network"), path: path)
        loss = try metadata.text("loss")
        self.metadata = [:]
        for member in metadata.members where !Self.reservedKeys.contains(member.key) {
            self.metadata[member.key] = member.value.stringValue
        }
        classNames = Self.names(self.metadata[Self.namesKey], classes: network.classes)
        if classNames != nil { self.metadata[Self.namesKey] = nil }
        guard Self.size(of: self.metadata) <= Self.largestMetadata else {
            throw ModelFileError.tooMuchMetadata(path: path, limit: Self.largestMetadata)
        }
        var tensors = TensorSource(tensors: file.tensors, path: path)
        model = try tensors.model(of: network)
        try tensors.finish()
    }

    /// The file's bytes: the same model, loss and metadata give the same bytes.
    /// - Throws: `ModelError.notFinite` for a parameter that no reader would accept,
    ///   `ModelFileError.reservedKey`, `.tooMuchMetadata`; `DataError.memory`.
    public var bytes: [UInt8] {
        get throws {
            if let layer = model.firstNonFiniteLayer { throw ModelError.notFinite(layer: layer) }
            let reserved = Self.reservedKeys.union(classNames == nil ? [] : [Self.namesKey])
            if let key = metadata.keys.filter(reserved.contains).min() {
                throw ModelFileError.reservedKey(key)
            }
            if let problem = classNames.flatMap({
                ClassNames.problem($0, classes: model.network.classes)
            }) {
                throw ModelFileError.classNames(reason: problem)
            }
            guard Self.size(of: metadata) <= Self.largestMetadata else {
                throw ModelFileError.tooMuchMetadata(
                    path: "The model", limit: Self.largestMetadata)
            }
            try Memory.check(
                MemoryLayout<Float>.stride * model.network.parameterCount, for: "The model")
            let facts: KeyValuePairs<String, String> = [
                "format": "phidias", "format_version": String(Self.version(for: model.network)),
                "network": NetworkDocument.json(model.network).text(), "loss": loss,
            ]
            let names = classNames.map { [(Self.namesKey, ClassNames.json($0).text())] } ?? []
            let own = metadata.sorted { $0.key < $1.key }
            return Safetensors(
                metadata: (facts.map { ($0.key, $0.value) } + names + own.map { ($0.key, $0.value) })
                    .map {
                        JSON.Member(key: $0, value: .string($1))
                    },
                tensors: model.tensors
            ).bytes
        }
    }

    private static let namesKey = "classes"

    /// The names of the classes in a text. A text that is no list of as many names is somebody's own,
    /// from before there were names.
    private static func names(_ text: String?, classes: Int) -> [String]? {
        guard let text, text.hasPrefix("[") else { return nil }
        let limits = JSON.Limits(bytes: ClassNames.largestList, depth: 2, values: 300)
        guard let json = try? JSON(parsing: Array(text.utf8), limits: limits),
            let names = ClassNames.texts(json),
            ClassNames.problem(names, classes: classes) == nil
        else { return nil }
        return names
    }

    private static func size(of metadata: [String: String]) -> Int {
        metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }

    /// Writes the file, completely or not at all.
    /// - Throws: `FileError`, and what `bytes` throws.
    public func write(to path: String) throws {
        try DurableFile.write(try bytes, to: path)
    }

    static func network(_ json: JSON, path: String) throws(ModelFileError) -> Network {
        do {
            return try NetworkDocument.network(json)
        } catch {
            throw .metadata(path: path, key: "network", reason: error.reason)
        }
    }
}

extension Model {
    /// All tensors in the order of a model file.
    package var tensors: [NamedTensor] {
        scalings.tensors + network.tensors(of: parameters, under: "")
    }

    /// SHA-256 of the bytes of all tensors in the order of a model file: equal exactly when every
    /// weight and bias is equal bit for bit.
    public var weightsSHA256: String { Safetensors.sha256(tensors) }
}

/// A model file that cannot be used.
public enum ModelFileError: PhidiasError, Equatable {
    /// An entry of the metadata is missing or not understood.
    case metadata(path: String, key: String, reason: String)
    /// A tensor is missing or does not fit the network.
    case tensor(path: String, name: String, reason: String)
    /// A key of your own metadata that the format uses.
    case reservedKey(String)
    /// Texts that cannot be the names of the model's classes; the reason ends a sentence.
    case classNames(reason: String)
    /// Your own metadata are larger than the limit.
    case tooMuchMetadata(path: String, limit: Int)

    public var description: String {
        switch self {
        case .reservedKey(let key):
            "The format of model files uses the key '\(key)' itself; choose another for your text."
        case .classNames(let reason):
            "The names of the model's classes cannot be kept: \(reason)."
        case .tooMuchMetadata(let path, let limit):
            "\(path): its metadata have more than the \(limit) bytes that are kept beside a model."
        case .metadata(let path, let key, let reason):
            "\(path): metadata \(key): \(reason). Was the file written by phidias train?"
        case .tensor(let path, let name, let reason): "\(path): tensor \(name): \(reason)."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .reservedKey, .classNames: 64
        default: 65
        }
    }
}
