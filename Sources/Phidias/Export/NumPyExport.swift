/// A model as a short program of Python that predicts with NumPy alone. It reads the model file that
/// lies beside it.
///
///     import digits
///     probabilities = digits.predict(images)    # bytes [count, channels, rows, columns]
///
/// For networks that take rows of numbers or predict numbers, these are on their own scale.
public struct NumPyExport: ModelExport {
    /// The model.
    public let file: ModelFile
    /// The name of the model file that will lie beside the program.
    public let fileName: String

    /// - Parameters:
    ///   - file: the model.
    ///   - fileName: the name of the model file that will lie beside the program.
    public init(_ file: ModelFile, fileName: String = "model.safetensors") {
        self.file = file
        self.fileName = fileName
    }

    /// All of the file: the same model gives the same bytes.
    /// - Throws: `ModelError.notFinite`; `DataError.memory` if there is none for them.
    public var bytes: [UInt8] {
        get throws {
            try file.checkExport(bytesPerParameter: 0)
            return Array((head + helpers + logits + predictions).joined(separator: "\n").utf8)
        }
    }

    private var network: Network { file.model.network }
    /// Whether the input is rows of numbers, and the output numbers to predict.
    private var isNumeric: Bool { network.inputRange == .numbers }
    private var isNumber: Bool { network.outputActivation == .identity }

    // MARK: - Parts

    private var head: [String] {
        [
            """
            # \(network.description): predicts with NumPy what the model of Phidias predicts.
            # python3 FILE \(isNumeric ? "ROWS.npy" : "IMAGES.npy") prints the \(isNumber ? "numbers" : "classes") of \(isNumeric ? "rows [count, columns]" : "bytes [count, channels, rows, columns]").
            import json
            import sys
            from pathlib import Path

            import numpy as np

            data = (Path(__file__).parent / \(Self.literal(fileName))).read_bytes()
            start = 8 + int.from_bytes(data[:8], "little")
            p = {name: np.frombuffer(data[start:][slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
                 for name, entry in json.loads(data[8:start]).items() if name != "__metadata__"}

            """
        ]
    }

    /// Functions of those activations and layers that the network has.
    private var helpers: [String] {
        var helpers: [String] = []
        let activations = Set(network.weighted.map(\.activation))
        for activation in Activation.allCases
        where activations.contains(activation)
            || activation.rawValue == network.outputActivation.rawValue
        {
            if let text = activation.function { helpers.append(text) }
        }
        if network.outputActivation == .softmax { helpers.append(Self.softmax) }
        let hasWindows = network.layers.contains {
            switch $0 {
            case .conv2D, .maxPool2D, .averagePool2D: true
            case .dense, .flatten, .dropout: false
            }
        }
        if hasWindows { helpers.append(Self.windows) }
        return helpers
    }

    private var logits: [String] {
        ["def logits(inputs):", "    x = \(input)"] + lines.map { "    x = \($0)" } + [
            "    return x\n\n"
        ]
    }

    private var input: String {
        let image = network.input
        let range = network.inputRange
        guard !isNumeric else {
            let rows = "inputs.reshape(-1, \(network.inputs)).astype(np.float32)"
            return file.model.scalings.input == nil
                ? rows : "(\(rows) - p[\"input.center\"]) / p[\"input.scale\"]"
        }
        let offset = range.offset == 0 ? "" : " + np.float32(\(range.offset))"
        return
            "inputs.reshape(-1, \(image.channels), \(image.rows), \(image.columns)) * np.float32(\(range.scale))\(offset)"
    }

    private var lines: [String] {
        var below = LayerShape.image(network.input)
        return network.layers.enumerated().compactMap { number, layer in
            defer { below = network.shapes[number] }
            func size(_ extent: Extent) -> String { "(\(extent.rows), \(extent.columns))" }
            func apply(_ activation: Activation, _ sum: String) -> String {
                activation.name.map { "\($0)(\(sum))" } ?? sum
            }
            let (weight, bias) = ("p[\"layers.\(number).weight\"]", "p[\"layers.\(number).bias\"]")
            switch layer {
            case .dense(let dense):
                let flat: String
                if case .image = below, !isNumeric {
                    flat = "x.reshape(len(x), -1)"
                } else {
                    flat = "x"
                }
                return apply(dense.activation, "\(flat) @ \(weight).T + \(bias)")
            case .conv2D(let layer):
                let pad = layer.padding
                let padded =
                    pad == 0
                    ? "x"
                    : "np.pad(x, ((0, 0), (0, 0), (\(pad.rows),) * 2, (\(pad.columns),) * 2))"
                let seen = "windows(\(padded), \(size(layer.kernel)), \(size(layer.stride)))"
                return apply(
                    layer.activation,
                    "np.einsum(\"ncyxij,ocij->noyx\", \(seen), \(weight), optimize=True) + \(bias)[:, None, None]"
                )
            case .maxPool2D(let pool):
                return "windows(x, \(size(pool.window)), \(size(pool.stride))).max((4, 5))"
            case .averagePool2D(let pool):
                return "windows(x, \(size(pool.window)), \(size(pool.stride))).mean((4, 5))"
            case .flatten: return "x.reshape(len(x), -1)"
            case .dropout: return nil
            }
        }
    }

    private var predictions: [String] {
        let classes =
            file.classNames.map { names in
                "classes = [\(names.map(Self.literal).joined(separator: ", "))]\n"
            } ?? ""
        let shown = classes.isEmpty ? "answer" : "classes[answer]"
        let outputs =
            switch network.outputActivation {
            case .sigmoid, .softmax: "\(network.outputActivation.rawValue)(logits(inputs))"
            case .identity where file.model.scalings.output != nil:
                "logits(inputs) * p[\"output.scale\"] + p[\"output.center\"]"
            case .identity: "logits(inputs)"
            }
        return [
            """
            def predict(inputs):
                return \(outputs)

            \(classes)
            if __name__ == "__main__":
                for answer in \(isNumber ? "predict(np.load(sys.argv[1]))" : "logits(np.load(sys.argv[1])).argmax(1)"):
                    print(\(isNumber ? "*answer" : shown))

            """
        ]
    }

    private static let softmax = """
        def softmax(z):
            e = np.exp(z - z.max(1, keepdims=True))
            return e / e.sum(1, keepdims=True)


        """

    private static let windows = """
        def windows(x, size, step):
            seen = np.lib.stride_tricks.sliding_window_view(x, size, (2, 3))
            return seen[:, :, ::step[0], ::step[1]]


        """

    /// A text as Python writes it: JSON's escapes are Python's too.
    private static func literal(_ text: String) -> String { JSON.string(text).text() }
}

extension Activation {
    /// The function's name in the program; nil for none.
    fileprivate var name: String? {
        self == .identity ? nil : rawValue.replacing("-", with: "_")
    }

    /// The function's text; nil for none.
    fileprivate var function: String? {
        switch self {
        case .identity: nil
        // By the hyperbolic tangent nothing overflows.
        case .sigmoid: "def sigmoid(z):\n    return 0.5 + 0.5 * np.tanh(0.5 * z)\n\n"
        case .relu: "def relu(z):\n    return np.maximum(z, 0)\n\n"
        case .tanh: "def tanh(z):\n    return np.tanh(z)\n\n"
        case .leakyReLU:
            "def leaky_relu(z):\n    return np.where(z > 0, z, np.float32(0.01) * z)\n\n"
        }
    }
}
