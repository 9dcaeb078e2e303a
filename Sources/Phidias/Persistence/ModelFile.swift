/// A model on disk: safetensors with tensors `layers.N.weight` ([outputs, inputs], or of a
/// convolution [outputs, inputs, rows, columns]) and `layers.N.bias` [outputs] in layer order, and the
/// network in the metadata.
public struct ModelFile: Sendable {
    /// Network and parameters.
    public var model: Model
    /// Name of the loss it was trained with.
    public var loss: String

    /// The latest version; files from 1 up to it are read. Version 2 knows all layers, version 1
    /// dense ones on images of one channel; a file says the lowest that has what it holds.
    public static let formatVersion = 2

    static func version(for network: Network) -> Int { network.isPlain ? 1 : 2 }
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
            "format": "phidias", "format_version": String(Self.version(for: model.network)),
            "network": NetworkDocument.json(model.network).text(), "loss": loss,
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
