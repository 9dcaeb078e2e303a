import Foundation
import Phidias
import Testing

@Suite struct ModelFileTests {
    @Test func modelSurvivesAFile() throws {
        let network = try Network(
            rows: 3, columns: 4, inputRange: .minusOneToOne, hidden: [5, 2], activation: .relu,
            classes: 3, outputActivation: .softmax)
        let model = try Model(network: network, seed: 4)
        let scratch = try Scratch()
        let path = scratch.path + "/m.safetensors"
        try ModelFile(model: model, loss: "synaptic").write(to: path)
        let read = try ModelFile(path: path)
        #expect(read.model == model)
        #expect(read.loss == "synaptic")
        #expect(read.model.weightsSHA256 == model.weightsSHA256)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["m.safetensors"])
    }

    @Test func filesThatAreNoModelAreErrors() throws {
        let model = try Model(
            network: try Network(rows: 2, columns: 2, hidden: [], classes: 2), seed: 1)
        let good = try ModelFile(model: model, loss: "synaptic").bytes
        let text = String(decoding: good, as: UTF8.self)
        #expect(text.contains("phidias"))
        for (from, to) in [
            ("\"phidias\"", "\"phidiaz\""),
            ("\"format_version\":\"1\"", "\"format_version\":\"9\""),
            ("layers.0.bias", "layers.1.bias"), ("dense", "dunno"), ("0..1", "0..2"),
        ] {
            var bytes = good
            let needle = Array(from.utf8)
            let at = try #require(
                (0..<bytes.count - needle.count).first {
                    Array(bytes[$0..<$0 + needle.count]) == needle
                })
            bytes.replaceSubrange(at..<at + needle.count, with: Array(to.utf8))
            #expect(throws: ModelFileError.self, "\(from)") {
                try ModelFile(bytes: bytes, name: "m")
            }
        }
        var infinite = good
        infinite.replaceSubrange(infinite.count - 4..<infinite.count, with: [0, 0, 0x80, 0x7f])
        #expect(throws: ModelFileError.self) { try ModelFile(bytes: infinite, name: "m") }
    }

    @Test func headersAreCheckedBeforeTheRestIsRead() throws {
        let scratch = try Scratch()
        // 1 GiB, all a hole; and a header longer than any model's.
        let hole = try scratch.file("hole", [])
        #expect(truncate(hole, 1 << 30) == 0)
        let long = try scratch.file("long", [0, 0, 0, 5, 0, 0, 0, 0, UInt8(ascii: "{")])
        #expect(truncate(long, 1 << 30) == 0)
        let start = ContinuousClock.now
        for path in [hole, long] {
            #expect(throws: SafetensorsError.self) { try ModelFile(path: path) }
        }
        #expect(start.duration(to: .now) < .seconds(3))
    }

    @Test func failedWritesLeaveNothing() throws {
        let scratch = try Scratch()
        let model = try Model(
            network: try Network(rows: 2, columns: 2, hidden: [], classes: 2), seed: 1)
        let error = #expect(throws: FileError.self) {
            try ModelFile(model: model, loss: "synaptic").write(to: scratch.path + "/none/m")
        }
        #expect(error?.exitCode == 73)
    }

    @Test func metadataOfOnesOwnIsKept() throws {
        let model = try Model(network: try Network(hidden: [2]), seed: 1)
        let plain = try ModelFile(model: model, loss: "synaptic").bytes
        #expect(try ModelFile(bytes: plain).metadata.isEmpty)
        var file = ModelFile(
            model: model, loss: "synaptic", metadata: ["ü": "\u{1b}[2J\n", "a": ""])
        let bytes = try file.bytes
        let read = try ModelFile(bytes: bytes)
        #expect(read.metadata == file.metadata && read.model == model && read.loss == "synaptic")
        #expect(try read.bytes == bytes, "the order is always the same")
        file.metadata = [:]
        #expect(try file.bytes == plain)
        for key in ModelFile.reservedKeys {
            file.metadata = [key: "mine"]
            #expect(throws: ModelFileError.reservedKey(key)) { try file.bytes }
        }
        let most = ModelFile.largestMetadata
        file.metadata = ["k": String(repeating: "x", count: most - 1)]
        #expect(try ModelFile(bytes: file.bytes).metadata == file.metadata)
        file.metadata["l"] = ""
        #expect(throws: ModelFileError.tooMuchMetadata(path: "The model", limit: most)) {
            try file.bytes
        }
    }
}
