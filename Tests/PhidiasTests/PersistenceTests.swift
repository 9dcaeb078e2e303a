import Foundation
import Phidias
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "[1,2,3]", #"{"a":[{"b":null}],"c":"é\n\"\\"}"#, "-0.5", "1e-07", "[]", "{}",
        #""😀""#,
    ])
    func textSurvives(text: String) throws {
        let value = try JSON(parsing: text.utf8)
        #expect(try JSON(parsing: value.text().utf8) == value)
        #expect(try JSON(parsing: value.text(pretty: true).utf8) == value)
    }

    @Test(arguments: [
        "", "nul", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "01", "1.", "+1", "\"\u{1}\"", "\"\\x\"",
        "\"\\ud800\"", "[1] 2", "{a:1}", "\"", "1e999", "[", String(repeating: "[", count: 100_000),
        "\"\\u12g4\"", "\"\\u+123\"",
    ])
    func whatIsNoJSONIsAnError(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text.utf8) }
    }

    @Test func brokenUTF8IsAnError() {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xff, 0x22] as [UInt8]) }
    }

    @Test func escapesAreRead() throws {
        #expect(try JSON(parsing: #""\ud83d\ude00\u00e9\/""#.utf8) == .string("😀é/"))
    }
}

@Suite struct SafetensorsTests {
    static func file(_ header: String, data: Int) -> [UInt8] {
        let length = UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
            + Array(header.utf8) + [UInt8](repeating: 0, count: data)
    }

    static func entry(_ name: String, _ from: Int, _ to: Int, shape: String, type: String = "F32") -> String {
        #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(from),\#(to)]}"#
    }

    @Test func roundTrip() throws {
        let file = Safetensors(
            metadata: [.init(key: "k", value: .string("v"))],
            tensors: [
                NamedTensor(name: "b", shape: [2, 2], values: [1, -0.0, .leastNonzeroMagnitude, 4]),
                NamedTensor(name: "a", shape: [0], values: []),
                NamedTensor(name: "c", shape: [], values: [7]),
            ])
        let bytes = file.bytes
        #expect((bytes.count - 20) % 8 == 0, "the header is padded")
        let read = try Safetensors(bytes: bytes, path: "f")
        #expect(read.metadata == file.metadata)
        #expect(Set(read.tensors.map(\.name)) == ["a", "b", "c"])
        #expect(read.bytes.count == bytes.count)
    }

    /// What is wrong, and the file.
    static let bad: [(String, [UInt8])] = [
        ("no length", [1, 2, 3]),
        ("length beyond the file", file("{}", data: 0).dropLast().map { $0 }),
        ("huge length", [UInt8](repeating: 255, count: 8) + [UInt8](repeating: 0, count: 100)),
        ("no object", file("[]", data: 0)),
        ("no JSON", file("{]", data: 0)),
        ("space first", file(" {}", data: 0)),
        ("truncated", file("{\(entry("a", 0, 8, shape: "[2]"))}", data: 4)),
        ("trailing", file("{\(entry("a", 0, 8, shape: "[2]"))}", data: 9)),
        ("overlap", file("{\(entry("a", 0, 8, shape: "[2]")),\(entry("b", 4, 12, shape: "[2]"))}", data: 12)),
        ("hole", file("{\(entry("a", 0, 8, shape: "[2]")),\(entry("b", 12, 16, shape: "[1]"))}", data: 16)),
        ("twice", file("{\(entry("a", 0, 8, shape: "[2]")),\(entry("a", 8, 16, shape: "[2]"))}", data: 16)),
        ("backwards", file("{\(entry("a", 8, 0, shape: "[2]"))}", data: 8)),
        ("negative", file("{\(entry("a", -8, 0, shape: "[2]"))}", data: 8)),
        ("dtype", file("{\(entry("a", 0, 8, shape: "[1]", type: "F64"))}", data: 8)),
        ("shape", file("{\(entry("a", 0, 8, shape: "[3]"))}", data: 8)),
        ("shape of text", file("{\(entry("a", 0, 8, shape: "[\"2\"]"))}", data: 8)),
        ("overflow", file("{\(entry("a", 0, 8, shape: "[4611686018427387904,4611686018427387904]"))}", data: 8)),
        ("metadata", file(#"{"__metadata__":{"a":1}}"#, data: 0)),
    ]

    @Test(arguments: bad.indices) func badFilesAreErrors(index: Int) {
        let (name, bytes) = Self.bad[index]
        let error = #expect(throws: ModelFileError.self, "\(name)") {
            try Safetensors(bytes: bytes, path: "some.safetensors")
        }
        #expect(error?.description.hasPrefix("some.safetensors: byte ") == true)
        #expect(error?.exitCode == 65)
    }
}

@Suite struct ModelFileTests {
    @Test func modelSurvivesAFile() throws {
        let network = try Network(
            rows: 3, columns: 4, inputRange: .minusOneToOne, hidden: [5, 2], activation: .relu,
            classes: 3, outputActivation: .softmax)
        let model = Model(network: network, seed: 4)
        let scratch = try Scratch()
        let path = scratch.path + "/m.safetensors"
        try ModelFile(model: model, loss: "synaptic").write(to: path)
        let read = try ModelFile(path: path)
        #expect(read.model == model)
        #expect(read.loss == "synaptic")
        #expect(read.model.weightsSHA256 == model.weightsSHA256)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["m.safetensors"])
    }

    @Test func filesThatAreNoModelAreErrors() throws {
        let model = Model(network: try Network(rows: 2, columns: 2, hidden: [], classes: 2), seed: 1)
        let good = ModelFile(model: model, loss: "synaptic").bytes
        let text = String(decoding: good, as: UTF8.self)
        #expect(text.contains("phidias"))
        for (from, to) in [
            ("\"phidias\"", "\"phidiaz\""), ("\"format_version\":\"1\"", "\"format_version\":\"9\""),
            ("layers.0.bias", "layers.1.bias"), ("dense", "dunno"), ("0..1", "0..2"),
        ] {
            var bytes = good
            let needle = Array(from.utf8)
            let at = try #require((0..<bytes.count - needle.count).first { Array(bytes[$0..<$0 + needle.count]) == needle })
            bytes.replaceSubrange(at..<at + needle.count, with: Array(to.utf8))
            #expect(throws: ModelFileError.self, "\(from)") { try ModelFile(bytes: bytes, path: "m") }
        }
        var infinite = good
        infinite.replaceSubrange(infinite.count - 4..<infinite.count, with: [0, 0, 0x80, 0x7f])
        #expect(throws: ModelFileError.self) { try ModelFile(bytes: infinite, path: "m") }
    }

    @Test func failedWritesLeaveNothing() throws {
        let scratch = try Scratch()
        let model = Model(network: try Network(rows: 2, columns: 2, hidden: [], classes: 2), seed: 1)
        let error = #expect(throws: FileError.self) {
            try ModelFile(model: model, loss: "synaptic").write(to: scratch.path + "/none/m")
        }
        #expect(error?.exitCode == 73)
    }
}
