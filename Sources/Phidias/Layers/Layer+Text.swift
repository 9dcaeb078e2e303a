/// The text form of layers: words separated by commas, as in
///
///     conv 16 3x3 pad 1 relu, maxpool 2, dropout 0.25, dense 128 relu, dense 10
///
/// - `conv CHANNELS KERNEL [stride S] [pad P] [ACTIVATION]`
/// - `maxpool WINDOW [stride S]`, `avgpool WINDOW [stride S]`; the default stride is the window's
///   size
/// - `flatten`, `dropout RATE`, `dense UNITS [ACTIVATION]`
///
/// Sizes are numbers, or `ROWSxCOLUMNS`; an activation is `sigmoid`, `relu`, `tanh`, `leaky-relu` or
/// `identity`, the default.
extension Layer: CustomStringConvertible {
    /// The layer in the text form.
    public var description: String {
        func size(_ extent: Extent) -> String {
            extent.rows == extent.columns ? String(extent.rows) : extent.description
        }
        func pool(_ word: String, _ window: Extent, _ stride: Extent) -> String {
            "\(word) \(size(window))" + (stride == window ? "" : " stride \(size(stride))")
        }
        func name(_ activation: Activation) -> String {
            activation == .identity ? "" : " \(activation.rawValue)"
        }
        switch self {
        case .dense(let layer): return "dense \(layer.outputs)\(name(layer.activation))"
        case .conv2D(let layer):
            return "conv \(layer.outputs) \(layer.kernel)"
                + (layer.stride == 1 ? "" : " stride \(size(layer.stride))")
                + (layer.padding == 0 ? "" : " pad \(size(layer.padding))")
                + name(layer.activation)
        case .maxPool2D(let layer): return pool("maxpool", layer.window, layer.stride)
        case .averagePool2D(let layer): return pool("avgpool", layer.window, layer.stride)
        case .flatten: return "flatten"
        case .dropout(let layer): return "dropout \(layer.rate)"
        }
    }

    /// - Throws: `NetworkTextError`.
    fileprivate init(words: [Substring], number: Int) throws(NetworkTextError) {
        var words = LayerWords(words, number: number)
        switch words.first {
        case "conv":
            let outputs = try words.count("channels")
            let kernel = try words.extent("a kernel")
            let stride = try words.extent(after: "stride") ?? 1
            let padding = try words.extent(after: "pad") ?? 0
            self = .conv2D(
                Conv2D(
                    outputs, kernel: kernel, stride: stride, padding: padding,
                    activation: try words.activation()))
        case "maxpool":
            let window = try words.extent("a window")
            self = .maxPool2D(MaxPool2D(window, stride: try words.extent(after: "stride")))
        case "avgpool":
            let window = try words.extent("a window")
            self = .averagePool2D(AveragePool2D(window, stride: try words.extent(after: "stride")))
        case "flatten": self = .flatten
        case "dropout": self = .dropout(Dropout(try words.number("a rate")))
        case "dense":
            let outputs = try words.count("units")
            self = .dense(Dense(outputs, activation: try words.activation()))
        default:
            throw words.error(
                "begins with none of conv, maxpool, avgpool, flatten, dropout and dense")
        }
        try words.finish()
    }
}

extension [Layer] {
    /// All layers in the text form.
    public var text: String { map(\.description).joined(separator: ", ") }

    /// Reads the text form.
    /// - Throws: `NetworkTextError` with the layer that cannot be read.
    public init(text: String) throws(NetworkTextError) {
        self = []
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        for (number, part) in parts.enumerated() {
            append(try Layer(words: part.split(whereSeparator: \.isWhitespace), number: number))
        }
    }
}

/// The words of one layer, read one after the other.
private struct LayerWords {
    let first: Substring
    private let all: [Substring]
    private var left: ArraySlice<Substring>
    private let number: Int

    init(_ words: [Substring], number: Int) {
        all = words
        first = words.first ?? ""
        left = words.dropFirst()
        self.number = number
    }

    func error(_ reason: String) -> NetworkTextError {
        NetworkTextError(layer: number, text: all.joined(separator: " "), reason: reason)
    }

    mutating func count(_ what: String) throws(NetworkTextError) -> Int {
        guard let word = left.popFirst(), let value = Int(word) else {
            throw error("has no number of \(what) after '\(first)'")
        }
        return value
    }

    mutating func number(_ what: String) throws(NetworkTextError) -> Double {
        guard let word = left.popFirst(), let value = Double(word), value.isFinite
        else {
            throw error("has no number as \(what) after '\(first)'")
        }
        return value
    }

    mutating func extent(_ what: String) throws(NetworkTextError) -> Extent {
        guard let word = left.popFirst(), let extent = Self.extent(word) else {
            throw error("has no size such as 3 or 3x5 for \(what)")
        }
        return extent
    }

    mutating func extent(after word: String) throws(NetworkTextError) -> Extent? {
        guard left.first.map(String.init) == word else { return nil }
        left.removeFirst()
        return try extent("its \(word)")
    }

    mutating func activation() throws(NetworkTextError) -> Activation {
        guard let word = left.first else { return .identity }
        guard let activation = Activation(rawValue: String(word)) else {
            throw error(
                "has '\(word)' where an activation may stand: "
                    + "\(Activation.names.joined(separator: ", ")) or identity")
        }
        left.removeFirst()
        return activation
    }

    func finish() throws(NetworkTextError) {
        if let word = left.first { throw error("has '\(word)', which is not understood there") }
    }

    private static func extent(_ word: Substring) -> Extent? {
        let sizes = word.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sizes.count <= 2, let rows = sizes.first ?? nil, let columns = sizes.last ?? nil
        else { return nil }
        return Extent(rows, columns)
    }
}

/// A text that is not a list of layers.
public struct NetworkTextError: PhidiasError, Equatable {
    /// The layer, counted from 0.
    public let layer: Int
    /// The layer's text.
    public let text: String
    /// What is wrong with it.
    public let reason: String

    public var description: String {
        "Layer \(layer), '\(text)', \(reason). Write, for instance: conv 16 3x3 pad 1 relu, maxpool 2, dropout 0.25, dense 128 relu, dense 10."
    }
    public var exitCode: Int32 { 64 }
}
