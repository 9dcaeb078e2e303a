/// The JSON document of a network: in the metadata of a model, in run.json, and as a separate file
/// for `--network`.
///
///     {"rows": 28, "columns": 28, "input_range": "-1..1",
///      "layers": [
///        {"type": "conv2d", "outputs": 16, "kernel": [3, 3], "padding": [1, 1],
///         "activation": "relu"},
///        {"type": "maxpool2d", "window": [2, 2]},
///        {"type": "flatten"}, {"type": "dropout", "rate": 0.25},
///        {"type": "dense", "outputs": 10}],
///      "output_activation": "softmax", "initialization": "fan-in-uniform"}
///
/// Optional members: `channels` (1), `initialization` (the default for each activation), `stride`
/// (for a convolution 1, for a pool its window), `padding` (0), `activation` (identity). A size may
/// be one number for both directions. Other members are errors.
package enum NetworkDocument {
    /// Largest file that is read.
    static let largestFile = 1 << 20

    // MARK: - Writing

    package static func json(_ network: Network) -> JSON {
        var members: [JSON.Member] = []
        func add(_ key: String, _ value: JSON) { members.append(.init(key: key, value: value)) }
        if network.input.channels != 1 { add("channels", .integer(network.input.channels)) }
        add("rows", .integer(network.rows))
        add("columns", .integer(network.columns))
        add("input_range", .string(network.inputRange.rawValue))
        add("layers", .array(network.layers.map(json)))
        add("output_activation", .string(network.outputActivation.rawValue))
        if let initialization = network.initialization {
            add("initialization", .string(initialization.rawValue))
        }
        return .object(members)
    }

    private static func json(_ layer: Layer) -> JSON {
        func size(_ extent: Extent) -> JSON {
            .array([.integer(extent.rows), .integer(extent.columns)])
        }
        switch layer {
        case .dense(let layer):
            return .members([
                "type": .string("dense"), "outputs": .integer(layer.outputs),
                "activation": .string(layer.activation.rawValue),
            ])
        case .conv2D(let layer):
            return .members([
                "type": .string("conv2d"), "outputs": .integer(layer.outputs),
                "kernel": size(layer.kernel), "stride": size(layer.stride),
                "padding": size(layer.padding), "activation": .string(layer.activation.rawValue),
            ])
        case .maxPool2D(let layer):
            return .members([
                "type": .string("maxpool2d"), "window": size(layer.window),
                "stride": size(layer.stride),
            ])
        case .averagePool2D(let layer):
            return .members([
                "type": .string("averagepool2d"), "window": size(layer.window),
                "stride": size(layer.stride),
            ])
        case .flatten: return .members(["type": .string("flatten")])
        case .dropout(let layer):
            return .members(["type": .string("dropout"), "rate": .number(layer.rate)])
        }
    }

    // MARK: - Reading

    /// Why a document is not a network, as a sentence without its full stop.
    struct Problem: Error { let reason: String }

    /// Reads a file.
    /// - Throws: `DataError` if it cannot be read, `NetworkFileError`.
    package static func read(path: String) throws -> Network {
        try read(try FileBytes.read(path, limit: largestFile), path: path)
    }

    /// - Parameter path: the source of the text, for errors.
    /// - Throws: `NetworkFileError`.
    package static func read(
        _ bytes: [UInt8], path: String
    ) throws(NetworkFileError) -> Network {
        do {
            return try network(
                try JSON(
                    parsing: bytes, limits: .init(bytes: largestFile, depth: 8, values: 4096)))
        } catch let error as JSONError {
            throw NetworkFileError(path: path, reason: error.description)
        } catch let problem as Problem {
            throw NetworkFileError(path: path, reason: problem.reason)
        } catch {
            throw NetworkFileError(path: path, reason: "it is not understood")
        }
    }

    static func network(_ json: JSON) throws(Problem) -> Network {
        let whole = Reader(json, "the network")
        try whole.check([
            "channels", "rows", "columns", "input_range", "layers", "output_activation",
            "initialization",
        ])
        let input = ImageShape(
            channels: json["channels"] == nil ? 1 : try whole.integer("channels"),
            rows: try whole.integer("rows"), columns: try whole.integer("columns"))
        let range: InputRange = try whole.word("input_range")
        let output: OutputActivation = try whole.word("output_activation")
        let initialization: Initialization? =
            json["initialization"] == nil ? nil : try whole.word("initialization")
        guard let elements = json["layers"]?.arrayValue else {
            throw whole.wrong("layers", "a list")
        }
        var layers: [Layer] = []
        for (number, element) in elements.enumerated() {
            layers.append(try layer(Reader(element, "layer \(number)")))
        }
        do {
            return try Network(
                input: input, inputRange: range, layers: layers, outputActivation: output,
                initialization: initialization)
        } catch {
            throw Problem(reason: String(error.description.dropLast()))
        }
    }

    private static func layer(_ reader: Reader) throws(Problem) -> Layer {
        let type = reader.json["type"]?.stringValue
        switch type {
        case "dense":
            try reader.check(["type", "outputs", "activation"])
            return .dense(
                Dense(try reader.integer("outputs"), activation: try reader.activation()))
        case "conv2d":
            try reader.check(["type", "outputs", "kernel", "stride", "padding", "activation"])
            return .conv2D(
                Conv2D(
                    try reader.integer("outputs"), kernel: try reader.extent("kernel"),
                    stride: try reader.extent("stride", else: 1),
                    padding: try reader.extent("padding", else: 0),
                    activation: try reader.activation()))
        case "maxpool2d", "averagepool2d":
            try reader.check(["type", "window", "stride"])
            let window = try reader.extent("window")
            let stride = try reader.extent("stride", else: window)
            return type == "maxpool2d"
                ? .maxPool2D(MaxPool2D(window, stride: stride))
                : .averagePool2D(AveragePool2D(window, stride: stride))
        case "flatten":
            try reader.check(["type"])
            return .flatten
        case "dropout":
            try reader.check(["type", "rate"])
            return .dropout(Dropout(try reader.number("rate")))
        default:
            throw reader.wrong(
                "type", "one of dense, conv2d, maxpool2d, averagepool2d, flatten and dropout")
        }
    }
}

extension NetworkDocument {
    /// The members of an object, with the object's name for problems.
    private struct Reader {
        let json: JSON
        private let name: String

        init(_ json: JSON, _ name: String) {
            self.json = json
            self.name = name
        }

        func wrong(_ key: String, _ wanted: String) -> Problem {
            Problem(reason: "\(key) of \(name) is missing or not \(wanted)")
        }

        func check(_ known: Set<String>) throws(Problem) {
            guard let members = json.objectValue else {
                throw Problem(reason: "\(name) is not an object")
            }
            if let other = members.first(where: { !known.contains($0.key) }) {
                throw Problem(reason: "\(name) has an unknown member '\(other.key)'")
            }
        }

        func integer(_ key: String) throws(Problem) -> Int {
            guard let value = json[key]?.integerValue else { throw wrong(key, "a whole number") }
            return value
        }

        func number(_ key: String) throws(Problem) -> Double {
            guard let value = json[key]?.doubleValue else { throw wrong(key, "a number") }
            return value
        }

        func word<Word: RawRepresentable<String> & CaseIterable>(
            _ key: String
        ) throws(Problem) -> Word {
            guard let word = json[key]?.stringValue.flatMap(Word.init(rawValue:)) else {
                let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
                throw wrong(key, "one of \(words)")
            }
            return word
        }

        func activation() throws(Problem) -> Activation {
            json["activation"] == nil ? .identity : try word("activation")
        }

        func extent(_ key: String, else usual: Extent? = nil) throws(Problem) -> Extent {
            if json[key] == nil, let usual { return usual }
            if let side = json[key]?.integerValue { return Extent(side, side) }
            let sides = (json[key]?.arrayValue ?? []).map(\.integerValue)
            guard sides.count == 2, let rows = sides[0], let columns = sides[1] else {
                throw wrong(key, "a size such as [3, 3]")
            }
            return Extent(rows, columns)
        }
    }
}

/// A file that does not describe a network.
public struct NetworkFileError: PhidiasError, Equatable {
    /// The file's path.
    public let path: String
    /// What is wrong with it.
    public let reason: String

    public var description: String {
        "\(path): \(reason)."
    }
    public var exitCode: Int32 { 65 }
}
