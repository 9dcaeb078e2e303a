extension Network {
    /// The parameters of all layers that have some as tensors, in layer order: `layers.N.weight`
    /// [outputs, inputs] or [outputs, inputs, rows, columns], and `layers.N.bias` [outputs], where
    /// N is the layer's index among all layers.
    func tensors(of parameters: [LayerParameters], under prefix: String) -> [NamedTensor] {
        zip(weighted, parameters).flatMap { layer, values in
            let name = "\(prefix)layers.\(layer.index)"
            return [
                NamedTensor(name: "\(name).weight", shape: layer.shape, values: values.weight),
                NamedTensor(name: "\(name).bias", shape: [layer.outputs], values: values.bias),
            ]
        }
    }
}

extension Model.Scalings {
    /// What there is as tensors: `input.center` and `input.scale` [columns], and `output.…`.
    var tensors: [NamedTensor] {
        [("input", input), ("output", output)].flatMap { name, scaling -> [NamedTensor] in
            guard let scaling else { return [] }
            return [("center", scaling.center), ("scale", scaling.scale)].map {
                NamedTensor(name: "\(name).\($0)", shape: [$1.count], values: $1)
            }
        }
    }
}

/// The tensors of a file, from which parameters are made: each is taken once.
struct TensorSource {
    private var tensors: [String: NamedTensor]
    private let path: String

    init(tensors: [NamedTensor], path: String) {
        self.tensors = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
        self.path = path
    }

    /// The parameters of all layers; all numbers are finite.
    mutating func parameters(
        of network: Network, under prefix: String = ""
    ) throws(ModelFileError) -> [LayerParameters] {
        var parameters: [LayerParameters] = []
        for layer in network.weighted {
            let name = "\(prefix)layers.\(layer.index)"
            let weight = try take("\(name).weight", layer.shape)
            let bias = try take("\(name).bias", [layer.outputs])
            parameters.append(LayerParameters(weight: weight, bias: bias))
        }
        return parameters
    }

    /// The model that the parameters without a prefix are of, with its standardization.
    mutating func model(of network: Network) throws -> Model {
        var model = try Model(network: network, parameters: try parameters(of: network))
        if network.inputRange == .numbers {
            model.scalings.input = try standardization("input", columns: network.inputs)
        }
        if network.outputActivation == .identity {
            model.scalings.output = try standardization("output", columns: network.classes)
        }
        return model
    }

    /// - Returns: nil if the file has none.
    private mutating func standardization(
        _ name: String, columns: Int
    ) throws(ModelFileError) -> Standardization? {
        guard tensors["\(name).center"] != nil || tensors["\(name).scale"] != nil else {
            return nil
        }
        let center = try take("\(name).center", [columns])
        let scale = try take("\(name).scale", [columns])
        do {
            return try Standardization(center: center, scale: scale)
        } catch {
            throw .tensor(
                path: path, name: "\(name).scale", reason: "a scale is not a number above 0")
        }
    }

    /// Adam's second moments, `second.layers.…`: at least 0.
    mutating func secondMoments(of network: Network) throws(ModelFileError) -> [LayerParameters] {
        let moments = try parameters(of: network, under: Self.second)
        for (layer, values) in zip(network.weighted, moments) {
            for (name, values) in [("weight", values.weight), ("bias", values.bias)]
            where values.contains(where: { $0 < 0 }) {
                throw .tensor(
                    path: path, name: "\(Self.second)layers.\(layer.index).\(name)",
                    reason: "it has a mean of squares below 0")
            }
        }
        return moments
    }

    /// What the names of second moments begin with.
    static let second = "second."

    /// Checks that no tensor is left.
    func finish() throws(ModelFileError) {
        guard let name = tensors.keys.min() else { return }
        throw .tensor(path: path, name: name, reason: "the network has no place for it")
    }

    private mutating func take(_ name: String, _ shape: [Int]) throws(ModelFileError) -> [Float] {
        guard let tensor = tensors.removeValue(forKey: name) else {
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
}

/// The metadata of a safetensors file: texts by key.
struct Metadata {
    let members: [JSON.Member]
    let path: String

    func has(_ key: String) -> Bool { members.contains { $0.key == key } }

    func wrong(_ key: String, _ reason: String) -> ModelFileError {
        .metadata(path: path, key: key, reason: reason)
    }

    func text(_ key: String) throws(ModelFileError) -> String {
        guard let value = members.first(where: { $0.key == key })?.value.stringValue else {
            throw wrong(key, "it is missing")
        }
        return value
    }

    func json(_ key: String) throws(ModelFileError) -> JSON {
        do {
            return try JSON(parsing: try text(key).utf8)
        } catch let error as JSONError {
            throw wrong(key, "byte \(error.byte): \(error.reason)")
        } catch {
            throw wrong(key, "it is missing")
        }
    }

    /// A whole number from 0, small enough to count with.
    func count(_ key: String) throws(ModelFileError) -> Int {
        guard let value = try json(key).integerValue, (0...Self.largestCount).contains(value) else {
            throw wrong(key, "it is not a count")
        }
        return value
    }

    func number(_ key: String) throws(ModelFileError) -> Double {
        guard let value = try json(key).doubleValue else { throw wrong(key, "it is not a number") }
        return value
    }

    /// - Returns: the version.
    @discardableResult
    func checkFormat(
        _ name: String, versions: ClosedRange<Int>
    ) throws(ModelFileError) -> Int {
        guard try text("format") == name else { throw wrong("format", "not \(name)") }
        let version = try text("format_version")
        guard let number = Int(version), versions.contains(number) else {
            throw wrong(
                "format_version",
                "\(version) is unknown; this program reads up to \(versions.upperBound)")
        }
        return number
    }
}
