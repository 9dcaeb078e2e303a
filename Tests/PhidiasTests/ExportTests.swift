import Foundation
import Phidias
import Testing

/// Models in the forms of other programs. Whether those programs agree is for `tools/check-onnx` and
/// `tools/check-code`.
@Suite struct ExportTests {
    static let layers =
        "conv 3 2x3 stride 2x1 pad 1x2 relu, avgpool 2x3 stride 1x2, dropout 0.5, "
        + "conv 4 2 sigmoid, maxpool 1x2, flatten, dense 5 tanh, dense 6 leaky-relu, dense 3"

    static func file(
        _ layers: String = layers, _ output: OutputActivation = .softmax,
        range: InputRange = .minusOneToOne, classes: [String]? = nil
    ) throws -> ModelFile {
        let network = try Network(
            input: ImageShape(channels: 2, rows: 7, columns: 11), inputRange: range,
            layers: try [Layer](text: layers.replacing("conv 4 2 ", with: "conv 4 2x2 ")),
            outputActivation: output, initialization: .fanInUniform)
        return ModelFile(
            model: try Model(network: network, seed: 5), loss: "cross-entropy",
            metadata: ["author": "A"], classNames: classes)
    }

    // MARK: - Protocol buffers

    /// Field by field as the format's documentation has them.
    @Test func messagesHaveTheBytesOfTheFormat() {
        var inner = ProtobufMessage()
        inner.add(1, integer: 150)
        inner.add(9, floats: [1, -2])
        var message = ProtobufMessage()
        message.add(2, text: "testing")
        message.add(3, message: inner)
        message.add(16, integer: -1)
        message.add(1, double: 1)
        message.add(2, float: 1)
        message.add(7, doubles: [2])
        let expected: [UInt8] =
            [0x12, 7] + Array("testing".utf8) + [0x1a, 13, 0x08, 0x96, 0x01]
            + [0x4a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]
            + [0x80, 0x01] + [UInt8](repeating: 0xff, count: 9) + [1]
            + [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f] + [0x15, 0, 0, 0x80, 0x3f]
            + [0x3a, 8, 0, 0, 0, 0, 0, 0, 0, 0x40]
        #expect(message.bytes == expected)
        #expect(message.count == expected.count)
    }

    // MARK: - ONNX

    @Test func aGraphHasTheNetworksLayersAndNumbers() throws {
        let file = try Self.file(classes: ["a", "b", "c"])
        let model = try ProtobufReader(try ONNXExport(file, input: .bytes).bytes)
        #expect(model.numbers(1) == [8])
        #expect(try model.messages(8).map { $0.numbers(2) } == [[17]])
        let metadata = try model.messages(14).map { $0.texts(1) + $0.texts(2) }
        for entry in [
            ["author", "A"], ["classes", #"["a","b","c"]"#], ["input", "bytes"],
            ["input_range", "-1..1"], ["loss", "cross-entropy"], ["output_activation", "softmax"],
        ] {
            #expect(metadata.contains(entry), "\(entry)")
        }

        let graph = try #require(try model.messages(7).first)
        let nodes = try graph.messages(1)
        #expect(
            nodes.flatMap { $0.texts(4) } == [
                "Cast", "Mul", "Add", "Conv", "Relu", "AveragePool", "Conv", "Sigmoid", "MaxPool",
                "Flatten", "Gemm", "Tanh", "Gemm", "LeakyRelu", "Gemm", "Softmax",
            ])
        // A chain: each takes what the one before it gives.
        for (before, after) in zip(nodes, nodes.dropFirst()) {
            #expect(before.texts(2).first == after.texts(1).first)
        }
        #expect(
            nodes.map { $0.texts(1).count } == [1, 2, 2, 3, 1, 1, 3, 1, 1, 1, 3, 1, 3, 1, 3, 1])
        let attributes = try nodes[3].messages(5).map { ($0.texts(1)[0], $0.numbers(8)) }
        #expect(attributes.map(\.0) == ["kernel_shape", "strides", "pads"])
        #expect(attributes.map(\.1) == [[2, 3], [2, 1], [1, 2, 1, 2]])

        let tensors = try graph.messages(5)
        #expect(tensors.prefix(2).map { $0.texts(8)[0] } == ["pixels.scale", "pixels.offset"])
        let parameters = tensors.dropFirst(2)
        #expect(parameters.map { $0.texts(8)[0] } == file.model.tensors.map(\.name))
        for (tensor, expected) in zip(parameters, file.model.tensors) {
            #expect(tensor.numbers(1) == expected.shape)
            #expect(tensor.numbers(2) == [1])
            let values = expected.values.flatMap { value in
                (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
            }
            #expect(tensor.bytes(9) == [values], "\(expected.name)")
        }
        #expect(try Self.values(graph, 11) == ["images: 2 [batch, 2, 7, 11]"])
        #expect(
            try Self.values(graph, 12) == [
                "logits: 1 [batch, 3]", "probabilities: 1 [batch, 3]",
            ])
    }

    /// Names, element types and shapes of inputs or outputs.
    private static func values(_ graph: ProtobufReader, _ field: Int) throws -> [String] {
        try graph.messages(field).map { value in
            let tensor = try value.messages(2)[0].messages(1)[0]
            let sizes = try tensor.messages(2)[0].messages(1).map {
                $0.texts(2).first ?? String($0.numbers(1)[0])
            }
            return
                "\(value.texts(1)[0]): \(tensor.numbers(1)[0]) [\(sizes.joined(separator: ", "))]"
        }
    }

    @Test func floatsNeedNoScaling() throws {
        let file = try Self.file("dense 3", .sigmoid)
        let graph = try ProtobufReader(try ONNXExport(file).bytes).messages(7)[0]
        #expect(try graph.messages(1).flatMap { $0.texts(4) } == ["Flatten", "Gemm", "Sigmoid"])
        #expect(try Self.values(graph, 11) == ["images: 1 [batch, 2, 7, 11]"])
        #expect(try ONNXExport(file).bytes == ONNXExport(file).bytes)
    }

    // MARK: - C and Python

    static let compiler: String? = {
        let names = ["gcc", "clang", "cc"]
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return names.flatMap { name in folders.map { "\($0)/\(name)" } }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    @Test(
        .enabled(if: compiler != nil, "there is no compiler of C"),
        arguments: [
            (layers, OutputActivation.softmax, InputRange.minusOneToOne),
            ("dense 3", .sigmoid, .zeroToOne), ("dense 4 sigmoid, dense 3", .sigmoid, .zeroToOne),
        ])
    func aHeaderPredictsAsTheModelDoes(
        layers: String, output: OutputActivation, range: InputRange
    ) throws {
        let file = try Self.file(
            layers, output, range: range, classes: ["a\"??/", "Vögel 1", "c"])
        let count = 40
        let images = (0..<count * 154).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7919 >> 5) }
        let driver = """
            #include <stdio.h>
            #include "n.h"
            static float work[MODEL_2_N_WORK];
            int main(void) {
                uint8_t image[MODEL_2_N_INPUTS];
                float values[MODEL_2_N_CLASSES];
                while (fread(image, sizeof image, 1, stdin) == 1) {
                    int answer = model_2_n_predict_bytes(image, values, work);
                    printf("%d %s", answer, model_2_n_class_name(answer));
                    for (int i = 0; i < MODEL_2_N_CLASSES; i++) printf("\\n%.9g", values[i]);
                    printf("\\n");
                }
            }
            """
        let text = try Self.output(
            of: driver, with: CHeaderExport(file, name: "2 n"), input: images)
        let lines = text.split(separator: "\n")
        let answers = try file.model.classes(images: images)
        let names = ["a\"??/", "Vögel 1", "c"]
        #expect(
            stride(from: 0, to: lines.count, by: 4).map { String(lines[$0]) }
                == answers.map { "\($0) \(names[$0])" })
        let found = lines.enumerated().filter { $0.offset % 4 != 0 }.map {
            Float($0.element) ?? .nan
        }
        let expected = try file.model.probabilities(images: images)
        try #require(found.count == expected.count)
        for (value, probability) in zip(found, expected) {
            #expect(abs(value - probability) < 2e-6)
        }
    }

    /// What a program in C says that includes the header as `n.h`.
    private static func output(
        of driver: String, with header: CHeaderExport, input: [UInt8]
    ) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("phidias-header-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try header.write(to: folder.path + "/n.h")
        try Data(driver.utf8).write(to: folder.appendingPathComponent("d.c"))
        try Data(input).write(to: folder.appendingPathComponent("input"))
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.currentDirectoryURL = folder
        let flags = "-std=c99 -pedantic -O1 -Wall -Wextra -Werror"
        shell.arguments = ["-c", "'\(compiler ?? "")' \(flags) d.c -o d && ./d < input > out"]
        try shell.run()
        shell.waitUntilExit()
        try #require(shell.terminationStatus == 0)
        return try String(contentsOfFile: folder.path + "/out", encoding: .utf8)
    }

    /// Rows of numbers, of which two are predicted, with and without standardization.
    static func numbers(isScaled: Bool) throws -> ModelFile {
        let network = try Network(
            input: ImageShape(rows: 1, columns: 3), inputRange: .numbers,
            layers: try [Layer](text: "dense 5 sigmoid, dense 2"), outputActivation: .identity)
        var model = try Model(network: network, seed: 5)
        if isScaled {
            model.scalings.input = try Standardization(center: [1, 20, -3], scale: [0.5, 10, 4])
            model.scalings.output = try Standardization(center: [100, -1], scale: [7, 0.25])
        }
        return ModelFile(model: model, loss: "squared-error")
    }

    @Test(.enabled(if: compiler != nil, "there is no compiler of C"), arguments: [true, false])
    func aHeaderPredictsNumbersOnTheirOwnScale(isScaled: Bool) throws {
        let file = try Self.numbers(isScaled: isScaled)
        let rows = (0..<60).map { index -> Float in
            let wave = Float(index % 7) - 2
            return wave + Float(index % 3) * 9
        }
        let driver = """
            #include <stdio.h>
            #include "n.h"
            int main(void) {
                float work[N_WORK], row[N_INPUTS], numbers[N_OUTPUTS];
                while (fread(row, sizeof row, 1, stdin) == 1) {
                    n_predict(row, numbers, work);
                    printf("%.9g\\n%.9g\\n", numbers[0], numbers[1]);
                }
            }
            """
        let text = try Self.output(
            of: driver, with: CHeaderExport(file, name: "n"),
            input: rows.withUnsafeBytes { Array($0) })
        let found = text.split(separator: "\n").map { Float(String($0)) ?? .nan }
        let expected: [Float] = try Predictor(file.model).numbers(features: rows)
        try #require(found.count == expected.count)
        for (value, number) in zip(found, expected) {
            let bound: Float = 1e-6 * max(number.magnitude, 1)
            #expect((value - number).magnitude <= bound)
        }
    }

    @Test func aGraphOfNumbersStandardizesThem() throws {
        for (isScaled, kinds) in [
            (true, ["Sub", "Div", "Gemm", "Sigmoid", "Gemm", "Mul", "Add"]),
            (false, ["Gemm", "Sigmoid", "Gemm", "Identity"]),
        ] {
            let file = try Self.numbers(isScaled: isScaled)
            let graph = try ProtobufReader(try ONNXExport(file).bytes).messages(7)[0]
            #expect(try graph.messages(1).flatMap { $0.texts(4) } == kinds)
            #expect(try Self.values(graph, 11) == ["features: 1 [batch, 3]"])
            #expect(try Self.values(graph, 12) == ["numbers: 1 [batch, 2]"])
            #expect(
                try graph.messages(5).map { $0.texts(8)[0] } == file.model.tensors.map(\.name))
            #expect(throws: ExportError.noBytes) { try ONNXExport(file, input: .bytes).bytes }
            let text = String(decoding: try NumPyExport(file).bytes, as: UTF8.self)
            #expect(text.contains("output.scale") == isScaled)
        }
    }

    @Test func namesOfFunctionsAreThoseOfC() throws {
        let file = try Self.file("dense 3")
        for (name, expected) in [
            ("digits", "digits"), ("9 Vögel", "model_9_V_gel"), ("__x", "model_x"),
            ("a-b.c", "a_b_c"),
        ] {
            #expect(try CHeaderExport(file, name: name).name == expected)
        }
        for name in ["", "??", "_", "ö"] {
            #expect(throws: ExportError.name(name)) { try CHeaderExport(file, name: name) }
        }
    }

    @Test func aProgramOfPythonHasALineForEachLayer() throws {
        let file = try Self.file(classes: ["a", "b", "c\""])
        let text = String(
            decoding: try NumPyExport(file, fileName: "my \"model\".safetensors").bytes,
            as: UTF8.self)
        #expect(text.contains(#"/ "my \"model\".safetensors")"#))
        #expect(text.contains(#"classes = ["a", "b", "c\""]"#))
        #expect(text.split(separator: "\n").count { $0.hasPrefix("    x = ") } == 1 + 8)
    }

    // MARK: - Files

    @Test func aFileIsReplacedOnlyOnDemand() throws {
        let path = NSTemporaryDirectory() + "phidias-export-\(UUID().uuidString).onnx"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let export = ONNXExport(try Self.file("dense 3"))
        try export.write(to: path)
        #expect(throws: ExportError.exists(path: path)) { try export.write(to: path) }
        try Data().write(to: URL(fileURLWithPath: path))
        try export.write(to: path, replacing: true)
        #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) == export.bytes)
    }

    @Test func aModelThatIsNotFiniteIsRefused() throws {
        let file = try Self.file("dense 3")
        var parameters = file.model.parameters
        parameters[0].bias[1] = .nan
        let broken = ModelFile(
            model: try Model(network: file.model.network, parameters: parameters), loss: "x")
        for export in [ONNXExport(broken), try CHeaderExport(broken), NumPyExport(broken)]
            as [any ModelExport]
        {
            #expect(throws: ModelError.notFinite(layer: 0)) { try export.bytes }
        }
    }
}
