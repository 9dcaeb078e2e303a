/// A model on disk: safetensors with tensors `layers.N.weight` [outputs, inputs] and
/// `layers.N.bias` [outputs] in layer order, and the network in the metadata.
public struct ModelFile: Sendable {
    /// Network and parameters.
    public var model: Model
    /// Name of the loss it was trained with.
    public var loss: String

    /// The version that is written; files from 1 up to it are read.
    public static let formatVersion = 1
    /// Largest file that is read.
    static let largestFile = 4 * Network.mostParameters + Safetensors.largestHeader

    /// - Parameter loss: name of the loss that the model was trained with.
    public init(model: Model, loss: String) {
        self.model = model
        self.loss = loss
    }

    /// - Throws: `SafetensorsError`, `ModelFileError`, or `DataError` if the file cannot be read.
    public init(path: String) throws {
        try self.init(try Safetensors(path: path, limit: Self.largestFile), path: path)
    }

    package init(bytes: [UInt8], path: String) throws {
        try self.init(try Safetensors(bytes: bytes, path: path), path: path)
    }

    private init(_ file: Safetensors, path: String) throws {
        let metadata = Metadata(members: file.metadata, path: path)
        try metadata.checkFormat("phidias", versions: 1...Self.formatVersion)
        let network = try Self.network(try metadata.json("network"), path: path)
        loss = try metadata.text("loss")
        var tensors = TensorSource(tensors: file.tensors, path: path)
        let parameters = try tensors.parameters(of: network)
        try tensors.finish()
        model = try Model(network: network, parameters: parameters)
    }

    /// The file as it is written.
    public var bytes: [UInt8] {
        let metadata: KeyValuePairs<String, String> = [
            "format": "phidias", "format_version": String(Self.formatVersion),
            "network": Self.json(model.network).text(), "loss": loss,
        ]
        return Safetensors(
            metadata: metadata.map { JSON.Member(key: $0.key, value: .string($0.value)) },
            tensors: model.tensors
        ).bytes
    }

    /// Writes the file whole or not at all.
    /// - Throws: `FileError`.
    public func write(to path: String) throws(FileError) {
        try DurableFile.write(bytes, to: path)
    }

    package static func json(_ network: Network) -> JSON {
        .members([
            "rows": .integer(network.rows), "columns": .integer(network.columns),
            "input_range": .string(network.inputRange.rawValue),
            "layers": .array(
                network.layers.map {
                    .members([
                        "type": .string("dense"), "outputs": .integer($0.outputs),
                        "activation": .string($0.activation.rawValue),
                    ])
                }),
            "output_activation": .string(network.outputActivation.rawValue),
        ])
    }

    static func network(_ json: JSON, path: String) throws -> Network {
        let wrong = ModelFileError.metadata(path: path, key: "network", reason: "not understood")
        guard let rows = json["rows"]?.integerValue,
            let columns = json["columns"]?.integerValue,
            let range = json["input_range"]?.stringValue.flatMap(InputRange.init),
            let output = json["output_activation"]?.stringValue.flatMap(OutputActivation.init),
            let layers = json["layers"]?.arrayValue
        else { throw wrong }
        let dense = try layers.map { layer in
            guard layer["type"]?.stringValue == "dense",
                let outputs = layer["outputs"]?.integerValue,
                let activation = layer["activation"]?.stringValue.flatMap(Activation.init)
            else { throw wrong }
            return Dense(outputs, activation: activation)
        }
        do {
            return try Network(
                rows: rows, columns: columns, inputRange: range, layers: dense,
                outputActivation: output)
        } catch {
            throw ModelFileError.metadata(
                path: path, key: "network", reason: String(error.description.dropLast()))
        }
    }
}

extension Model {
    /// All tensors in the order of a model file.
    package var tensors: [NamedTensor] { network.tensors(of: parameters, under: "") }

    /// SHA-256 over the bytes of all tensors in the order of a model file: equal exactly when
    /// every weight and bias is equal bit for bit.
    public var weightsSHA256: String { Safetensors.sha256(tensors) }
}

/// A model file that cannot be used.
public enum ModelFileError: PhidiasError, Equatable {
    /// An entry of the metadata is missing or not understood.
    case metadata(path: String, key: String, reason: String)
    /// A tensor is missing or does not fit the network.
    case tensor(path: String, name: String, reason: String)

    public var description: String {
        switch self {
        case .metadata(let path, let key, let reason):
            "\(path): metadata \(key): \(reason). Was the file written by phidias train?"
        case .tensor(let path, let name, let reason): "\(path): tensor \(name): \(reason)."
        }
    }

    public var exitCode: Int32 { 65 }
}
