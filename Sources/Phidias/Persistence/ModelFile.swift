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
        func metadata(_ key: String) throws(ModelFileError) -> String {
            guard let value = file.metadata.first(where: { $0.key == key })?.value.stringValue
            else { throw .metadata(path: path, key: key, reason: "it is missing") }
            return value
        }
        guard try metadata("format") == "phidias" else {
            throw ModelFileError.metadata(path: path, key: "format", reason: "not phidias")
        }
        let version = try metadata("format_version")
        guard let number = Int(version), (1...Self.formatVersion).contains(number) else {
            throw ModelFileError.metadata(
                path: path, key: "format_version",
                reason: "\(version) is unknown; this program reads up to \(Self.formatVersion)")
        }
        let network = try Self.network(try metadata("network"), path: path)
        loss = try metadata("loss")
        var parameters: [DenseParameters] = []
        guard file.tensors.count == 2 * network.layers.count else {
            throw ModelFileError.tensor(
                path: path, name: "all",
                reason: "\(file.tensors.count) tensors for \(network.layers.count) layers")
        }
        for (index, layer) in network.layers.enumerated() {
            let weight = try Self.tensor(
                file.tensors, "layers.\(index).weight",
                [layer.outputs, network.layerInputs[index]], path)
            let bias = try Self.tensor(
                file.tensors, "layers.\(index).bias", [layer.outputs], path)
            parameters.append(DenseParameters(weight: weight, bias: bias))
        }
        model = try Model(network: network, parameters: parameters)
    }

    private static func tensor(
        _ tensors: [NamedTensor], _ name: String, _ shape: [Int], _ path: String
    ) throws(ModelFileError) -> [Float] {
        guard let tensor = tensors.first(where: { $0.name == name }) else {
            throw .tensor(path: path, name: name, reason: "it is missing")
        }
        guard tensor.shape == shape else {
            throw .tensor(
                path: path, name: name, reason: "shape \(tensor.shape), expected \(shape)")
        }
        guard tensor.values.allSatisfy(\.isFinite) else {
            throw .tensor(path: path, name: name, reason: "it has a value that is not finite")
        }
        return tensor.values
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

    private static func network(_ text: String, path: String) throws -> Network {
        let wrong = ModelFileError.metadata(path: path, key: "network", reason: "not understood")
        guard let json = try? JSON(parsing: text.utf8), let rows = json["rows"]?.integerValue,
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
    package var tensors: [NamedTensor] {
        parameters.enumerated().flatMap { index, layer in
            [
                NamedTensor(
                    name: "layers.\(index).weight",
                    shape: [layer.bias.count, network.layerInputs[index]], values: layer.weight),
                NamedTensor(
                    name: "layers.\(index).bias", shape: [layer.bias.count], values: layer.bias),
            ]
        }
    }

    /// SHA-256 over the bytes of all tensors in the order of a model file: equal exactly when
    /// every weight and bias is equal bit for bit.
    public var weightsSHA256: String { Checksum.sha256(Safetensors.data(tensors)) }
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
