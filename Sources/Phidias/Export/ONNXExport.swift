/// A model as ONNX, which ONNX Runtime and many others run.
///
/// The graph takes images [batch, channels, rows, columns] under the name `images`, or rows of
/// numbers [batch, columns] as `features`, any number of them. It gives `logits` and
/// `probabilities`, both [batch, classes], or the `numbers` [batch, outputs] that the network
/// predicts. Numbers are on their own scale: the graph standardizes them as the model says. Its opset
/// is 17. Metadata tell the loss, the range of the input, the layers in the text form, the output
/// activation, the names of the classes as JSON, and all texts of the model file.
///
///     try ONNXExport(ModelFile(path: "runs/1/model.safetensors")).write(to: "digits.onnx")
public struct ONNXExport: ModelExport {
    /// What the graph's images are.
    public enum Input: String, Sendable, CaseIterable {
        /// Numbers: of images in the range that the network takes, `InputRange`.
        case float
        /// Bytes, as in a picture; the graph scales them itself.
        case bytes
    }

    /// The operator set of the graph.
    public static let opset = 17
    /// The version of the format, which ONNX Runtime reads from 1.12 on.
    public static let irVersion = 8

    /// The model.
    public let file: ModelFile
    /// What the graph's images are.
    public let input: Input

    /// - Parameters:
    ///   - file: the model, with the name of its loss and its own texts.
    ///   - input: what the graph's images are.
    public init(_ file: ModelFile, input: Input = .float) {
        self.file = file
        self.input = input
    }

    /// All of the file: the same model gives the same bytes.
    /// - Throws: `ModelError.notFinite`; `DataError.memory` if there is none for them;
    ///   `ExportError.noBytes` if bytes are to be the input of a network for rows of numbers.
    public var bytes: [UInt8] {
        get throws {
            guard input == .float || file.model.network.inputRange != .numbers else {
                throw ExportError.noBytes
            }
            try file.checkExport(bytesPerParameter: MemoryLayout<Float>.stride)
            var opset = ProtobufMessage()
            opset.add(1, text: "")
            opset.add(2, integer: Self.opset)
            var model = ProtobufMessage()
            model.add(1, integer: Self.irVersion)
            model.add(2, text: "Phidias")
            model.add(3, text: PhidiasVersion.current)
            model.add(7, message: ONNXGraph(file.model, input: input).message)
            model.add(8, message: opset)
            for (key, value) in metadata {
                var entry = ProtobufMessage()
                entry.add(1, text: key)
                entry.add(2, text: value)
                model.add(14, message: entry)
            }
            return model.bytes
        }
    }

    private var metadata: [(key: String, value: String)] {
        let network = file.model.network
        let classes = file.classNames.map { [("classes", ClassNames.json($0).text())] } ?? []
        let own =
            classes + [
                ("input", input.rawValue), ("input_range", network.inputRange.rawValue),
                ("layers", network.layers.text), ("loss", file.loss),
                ("output_activation", network.outputActivation.rawValue),
            ]
        let names = Set(own.map(\.0))
        return own
            + file.metadata.filter { !names.contains($0.key) }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }
}
