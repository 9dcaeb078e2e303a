import Foundation
import Phidias
import PhidiasKernels
import Testing

/// The description of networks: shapes, texts, documents, and what is refused.
@Suite struct NetworkTests {
    typealias Extent = Phidias.Extent

    static let image = Phidias.ImageShape(rows: 28, columns: 28)

    static func network(
        _ text: String, channels: Int = 1, rows: Int = 28, columns: Int = 28
    ) throws -> Network {
        try Network(
            input: Phidias.ImageShape(channels: channels, rows: rows, columns: columns),
            layers: [Layer](text: text))
    }

    @Test func thePapersNetworkHasItsShapesAndParameters() throws {
        let network = try NetworkPreset.dbl2024.network()
        #expect(network.parameterCount == 206_922)
        let shapes = network.shapes.map(\.description)
        #expect(
            shapes == [
                "16 × 28 × 28", "16 × 14 × 14", "32 × 14 × 14", "32 × 7 × 7", "1568", "1568",
                "128", "10",
            ])
        #expect(
            network.weighted.map(\.shape) == [
                [16, 1, 3, 3], [32, 16, 3, 3], [128, 1568], [10, 128],
            ])
        #expect(network.weighted.map(\.index) == [0, 2, 6, 7])
        // 2 · (9 · 16 · 784 + 144 · 32 · 196 + 1568 · 128 + 128 · 10)
        #expect(network.forwardFlops == 2_436_096)
        // Of 54,000 images: the issue's 382 GFLOP an epoch.
        #expect((network.trainingFlops * 54_000 / 1e9).rounded() == 382)
    }

    @Test func theMultiLayerPerceptronIsWhatHiddenGives() throws {
        #expect(try NetworkPreset.mlp.network() == Network(hidden: [128]))
        #expect(try NetworkPreset.mlp.network().description == "784-128-10")
    }

    @Test func textBuilderAndDocumentSayTheSame() throws {
        let text =
            "conv 16 3x3 pad 1 relu, maxpool 2, dropout 0.25, conv 4 3x5 stride 2x1 pad 1x2 sigmoid, "
            + "avgpool 3 stride 2, conv 7 1x1, flatten, dense 12 relu, dropout 0.5, dense 10"
        let network = try Network(input: Self.image, outputActivation: .softmax) {
            Conv2D(16, kernel: 3, padding: 1, activation: .relu)
            MaxPool2D(2)
            Dropout(0.25)
            Conv2D(
                4, kernel: Extent(3, 5), stride: Extent(2, 1), padding: Extent(1, 2),
                activation: .sigmoid)
            AveragePool2D(3, stride: 2)
            Conv2D(7, kernel: 1)
            Flatten()
            Dense(12, activation: .relu)
            Dropout(0.5)
            Dense(10, activation: .identity)
        }
        #expect(try [Layer](text: text) == network.layers)
        #expect(network.layers.text == text)
        let json = NetworkDocument.json(network)
        #expect(
            try NetworkDocument.read(Array(json.text(pretty: true).utf8), path: "n") == network)
    }

    @Test func aDocumentOfAPersonMayLeaveOutWhatIsUsual() throws {
        let text = """
            {"rows": 9, "columns": 7, "input_range": "-1..1", "output_activation": "softmax",
             "initialization": "fan-in-uniform",
             "layers": [{"type": "conv2d", "outputs": 3, "kernel": 3, "activation": "relu"},
                        {"type": "maxpool2d", "window": [2, 1]}, {"type": "dense", "outputs": 2}]}
            """
        let network = try NetworkDocument.read(Array(text.utf8), path: "n")
        #expect(network.layers.text == "conv 3 3x3 relu, maxpool 2x1, dense 2")
        #expect(network.initialization == .fanInUniform)
        #expect(network.input == Phidias.ImageShape(rows: 9, columns: 7))
    }

    /// Dense networks keep the document that version 1 of a model file has.
    @Test func aDenseNetworksDocumentIsWhatItWas() throws {
        let network = try Network(rows: 3, columns: 4, hidden: [5], activation: .relu, classes: 2)
        #expect(
            NetworkDocument.json(network).text()
                == #"{"rows":3,"columns":4,"input_range":"0..1","layers":[{"type":"dense","outputs":5,"activation":"relu"},{"type":"dense","outputs":2,"activation":"identity"}],"output_activation":"sigmoid"}"#
        )
        let bytes = try ModelFile(model: try Model(network: network, seed: 1), loss: "synaptic")
            .bytes
        #expect(String(decoding: bytes, as: UTF8.self).contains("\"format_version\":\"1\""))
    }

    /// Layers in the text form, and what the error says: the layer and both shapes.
    static let misfits = [
        ("conv 4 5x5, maxpool 8, conv 2 5x5, dense 10", "Layer 2 (conv 2 5x5)", "4 × 3 × 3"),
        ("maxpool 15, maxpool 2, dense 10", "Layer 1 (maxpool 2)", "1 × 1 × 1"),
        ("dense 20, conv 2 3x3, dense 10", "Layer 1 (conv 2 3x3)", "20 units"),
        ("flatten, avgpool 2, dense 10", "Layer 1 (avgpool 2)", "784 units"),
        ("conv 4 3x3", "The last layer (conv 4 3x3)", "4 × 26 × 26"),
        ("dense 10 relu", "identity", "relu"), ("dense 1", "1 output", "2 to 256"),
        ("dense 0, dense 10", "Layer 0", "0 units"),
        ("conv 0 3x3, dense 10", "Layer 0 (conv 0 3x3)", "channels"),
        ("conv 4 0x3, dense 10", "Layer 0", "kernel"),
        ("conv 4 3x3 stride 0, dense 10", "Layer 0", "stride"),
        ("conv 4 3x3 pad -1, dense 10", "Layer 0", "padding"),
        ("conv 4 3x3 pad 2000, dense 10", "Layer 0", "1024"),
        ("maxpool 16, dense 10", "255 pixels", "Layer 0"),
        ("conv 1048576 1x1, dense 10", "1048576 × 28 × 28", "1 × 28 × 28"),
        ("conv 900 1x1, conv 900 20x20, dense 10", "Layer 1", "268435456 parameters"),
        ("dropout 1, dense 10", "rate", "Layer 0"),
        ("dropout 0.5, flatten, dropout 0.5, dense 10", "Layer 2", "follows a dropout"),
        ("dense 10, dropout 0.5", "The last layer (dropout 0.5)", "10"),
    ]

    @Test(arguments: misfits.indices) func whatDoesNotFitIsSaidWithItsLayer(index: Int) throws {
        let (text, layer, shape) = Self.misfits[index]
        let error = #expect(throws: NetworkError.self) { try Self.network(text) }
        let said = error?.description ?? ""
        #expect(said.contains(layer) && said.contains(shape), "\(text): \(said)")
        #expect(error?.exitCode == 64)
    }

    @Test(arguments: [
        "", "conv", "conv 4", "conv x 3x3", "conv 4 3y3", "conv 4 3x3x3", "conv 4 3x3 pad",
        "conv 4 3x3 relu pad 1", "conv 4 3x3 gelu", "maxpool", "maxpool 2 relu", "flatten 2",
        "dropout", "dropout much", "dropout nan", "dense", "dense 10,", "dense 10, , dense 10",
        "pool 2",
    ]) func aTextThatIsNoListOfLayersIsAnError(text: String) {
        let error = #expect(throws: NetworkTextError.self) { try [Layer](text: text) }
        #expect(error?.description.contains("Layer") == true)
    }

    /// A change of a good document, and a part of what is said of it.
    static let damages = [
        ("\"rows\":28", "\"rows\":0", "28"), ("\"rows\":28,", "", "rows"),
        ("\"rows\":28", "\"rows\":9223372036854775807", "9223372036854775807"),
        ("\"rows\":28", "\"lines\":28", "'lines'"), ("-1..1", "0..2", "input_range"),
        ("softmax", "hardmax", "output_activation"), ("conv2d", "conv3d", "type of layer 0"),
        ("\"outputs\":16", "\"outputs\":1.5", "outputs of layer 0"),
        ("\"kernel\":[3,3]", "\"kernel\":[3]", "kernel of layer 0"),
        ("\"kernel\":[3,3]", "\"kernel\":[3,3,3]", "kernel of layer 0"),
        ("\"kernel\":[3,3]", "\"kernel\":[99,3]", "Layer 0 (conv 16 99x3 pad 1 relu)"),
        ("\"padding\"", "\"pading\"", "'pading'"), ("0.25", "\"much\"", "rate of layer 5"),
        ("\"relu\"", "\"swish\"", "activation of layer 0"), ("fan-in", "fan-out", "initialization"),
        ("\"layers\":[", "\"layers\":3,\"x\":[", "'x'"),
        ("\"type\"", "\"kind\"", "type of layer 0"),
        ("{", "[", "byte"),
    ]

    @Test(arguments: damages.indices) func aBadDocumentIsASentence(index: Int) throws {
        let (from, to, part) = Self.damages[index]
        let text = NetworkDocument.json(try NetworkPreset.dbl2024.network()).text()
        let place = try #require(text.range(of: from))
        let bad = text.replacingCharacters(in: place, with: to)
        let error = #expect(throws: NetworkFileError.self) {
            try NetworkDocument.read(Array(bad.utf8), path: "n.json")
        }
        let said = error?.description ?? ""
        #expect(said.hasPrefix("n.json: ") && said.contains(part), "\(said)")
        #expect(error?.exitCode == 65)
    }

    /// The shapes that people see are those that the kernels compute.
    @Test func shapesAreTheKernels() throws {
        var state: UInt64 = 7
        func below(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        var accepted = 0
        for _ in 0..<400 {
            let layers: [Layer] = (0..<1 + below(4)).map { _ in
                let window = Extent(1 + below(4), 1 + below(4))
                let stride = Extent(1 + below(3), 1 + below(3))
                switch below(4) {
                case 0: return .maxPool2D(MaxPool2D(window, stride: stride))
                case 1: return .averagePool2D(AveragePool2D(window, stride: stride))
                default:
                    return .conv2D(
                        Conv2D(
                            1 + below(20), kernel: window, stride: stride,
                            padding: Extent(below(4), below(4)),
                            activation: Activation.allCases[below(3)]))
                }
            }
            let input = Phidias.ImageShape(
                channels: 1 + below(3), rows: 1 + below(12), columns: 1 + below(12))
            guard
                let network = try? Network(
                    input: input, layers: layers + [.dense(Dense(2, activation: .identity))])
            else { continue }
            accepted += 1
            let plan = Network.KernelPlan(network)
            let images = try #require(plan.shape.images)
            let expected = network.shapes[layers.count - 1]
            let last = images[images.count - 1]
            #expect(
                expected
                    == .image(
                        Phidias.ImageShape(
                            channels: last.channels, rows: last.height, columns: last.width)))
            #expect(plan.shape.layers[0].inputs == expected.count)
        }
        #expect(accepted > 150)
    }

    /// PyTorch's default for Linear and Conv2d: weights and biases uniform in ±1/√fan-in.
    @Test func thePapersNetworkStartsAsItsProtocolSays() throws {
        let model = try Model(network: try NetworkPreset.dbl2024.network(), seed: 1)
        for (layer, values) in zip(model.network.weighted, model.parameters) {
            let bound = 1 / Float(layer.inputs).squareRoot()
            for part in [values.weight, values.bias] {
                #expect(part.allSatisfy { abs($0) <= bound })
                #expect(part.map { abs($0) }.max() ?? 0 > 0.6 * bound)
            }
            // The variance of a uniform distribution, b²/3, within what 144 samples may show.
            let square = values.weight.reduce(0) { $0 + $1 * $1 } / Float(values.weight.count)
            #expect(abs(square / (bound * bound / 3) - 1) < 0.35)
        }
    }
}
