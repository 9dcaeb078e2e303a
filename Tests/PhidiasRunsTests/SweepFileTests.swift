import Foundation
import Phidias
import PhidiasRuns
import Testing

/// sweep.json and results.jsonl: what is written is read, and nothing else.
@Suite struct SweepFileTests {
    static func result(_ fold: Int, diverged: Bool = false) -> SweepResult {
        SweepResult(
            cell: .init(
                settings: [.init(name: "momentum", value: "golden")], seed: .max, fold: fold),
            outcome: diverged
                ? .diverged(.init(step: 7, layer: 1, what: "weight"))
                : .finished(
                    training: .init(loss: 0.1 + 0.2, accuracy: 1),
                    validation: .init(loss: .infinity, accuracy: 0.5),
                    test: .init(loss: 3, accuracy: 0), weightsSHA256: "ab"),
            trainingSeconds: 1.5, seconds: 2)
    }

    static func bytes(_ results: [SweepResult]) -> [UInt8] {
        Array(results.map { $0.json.text() + "\n" }.joined().utf8)
    }

    @Test func resultsAreReadAsTheyWereWritten() throws {
        let results = [Self.result(0), Self.result(1, diverged: true), Self.result(2)]
        let found = try SweepResultsFile.parse(Self.bytes(results), path: "r")
        #expect(found.results == results)
        #expect(found.length == Self.bytes(results).count)
    }

    @Test func aTornLastLineIsLeftOut() throws {
        let whole = Self.bytes([Self.result(0)])
        let all = Self.bytes([Self.result(0), Self.result(1)])
        for length in whole.count..<all.count {
            let found = try SweepResultsFile.parse(Array(all[..<length]), path: "r")
            #expect(found.results.count == 1 && found.length == whole.count, "\(length)")
        }
    }

    @Test(arguments: [
        ("\"fold\":1", "\"fold\":-1", "not the result"),
        ("\"fold\":1", "\"fold\":0", "earlier line"),
        ("\"version\":1", "\"version\":2", "version 2"), ("\"version\":1,", "", "not the result"),
        ("\"test_loss\":3.0,", "", "not the result"),
        ("\"diverged\"", "\"what\"", "not the result"),
        ("\"step\":7", "\"step\":0", "not the result"),
        ("\"test_accuracy\":0.0", "\"test_accuracy\":1.5", "not the result"),
        ("\"timing\"", "timing", "byte"),
    ]) func otherLinesAreErrorsWithTheirByte(old: String, new: String, reason: String) throws {
        let first = Self.bytes([Self.result(0, diverged: old.contains("test"))])
        let rest = String(
            decoding: Self.bytes([Self.result(1, diverged: !old.contains("test"))]), as: UTF8.self)
        #expect(rest.contains(old), "\(rest)")
        let bytes = first + Array(rest.replacing(old, with: new).utf8)
        let error = #expect(throws: SweepFileError.self) {
            try SweepResultsFile.parse(bytes, path: "r")
        }
        #expect((error?.byte ?? 0) >= first.count)
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func longLinesAndOtherTextsAreErrors() {
        let long = Array(repeating: UInt8(ascii: " "), count: 1 << 17) + [10]
        for bytes in [long, [0xff, 10], [10], Array("{}\n".utf8), Array("[]\n".utf8)] {
            #expect(throws: SweepFileError.self) {
                try SweepResultsFile.parse(bytes, path: "r")
            }
        }
    }

    @Test func theDocumentIsReadAsItWasWritten() throws {
        let document = SweepDocument(
            axes: [.init(name: "hidden", values: ["128", "300,100"])], program: "1",
            checksums: ["b": "2", "a": "1"])
        let text = document.json.text(pretty: true)
        #expect(try SweepDocument(bytes: Array(text.utf8), path: "s") == document)
        for (old, new, reason) in [
            ("\"format_version\": 1", "\"format_version\": 9", "version 9 is not"),
            ("phidias-sweep", "phidias-run", "not the record of a sweep"),
            ("\"128\"", "128", "a setting"), ("\"2\"\n", "2\n", "a checksum"),
            ("\"settings\"", "\"setting\"", "missing"), ("{", "[", "byte"),
        ] {
            let error = #expect(throws: SweepFileError.self) {
                try SweepDocument(bytes: Array(text.replacing(old, with: new).utf8), path: "s")
            }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
    }
}
