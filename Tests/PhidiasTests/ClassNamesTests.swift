import Foundation
import Phidias
import Testing

/// Names of classes: which texts they may be, and where they are kept.
@Suite struct ClassNamesTests {
    static let names = ["Vögel", "cats \"&\"", "犬"]

    static func dataset(_ names: [String]?, count: Int = 6) throws -> Dataset {
        try Dataset(
            images: (0..<6 * count).map { UInt8(truncatingIfNeeded: $0) },
            labels: (0..<count).map { UInt8($0 % 3) }, rows: 2, columns: 3, classes: 3,
            classNames: names)
    }

    static func pair(_ names: [String]?) throws -> DataPair {
        DataPair(training: try dataset(names), test: try dataset(names, count: 3), checksums: [:])
    }

    /// Names of three classes, and what the error says of them.
    static let bad: [([String], String)] = [
        (["a", "b"], "there are 2 names for 3 classes"),
        (["a", "b", "c", "d"], "there are 4 names for 3 classes"),
        ([], "there are 0 names"),
        (["a", "", "c"], "the name of class 1 is empty"),
        (["a", " \u{a0}", "c"], "the name of class 1 is empty"),
        (["a", "b", "a"], "the classes 0 and 2 have the same name, 'a'"),
        (["\u{e9}", "e\u{301}", "c"], "the classes 0 and 1 have the same name"),
        (["a", "b\u{1b}[2J", "c"], "the name of class 1 holds U+001B"),
        (["a", "b", "c\n"], "the name of class 2 holds U+000A"),
        (["a\u{202e}", "b", "c"], "the name of class 0 holds U+202E"),
        (["a", "b\u{2028}", "c"], "the name of class 1 holds U+2028"),
        (["a", String(repeating: "ä", count: 129), "c"], "class 1 has more than 256 bytes"),
    ]

    @Test(arguments: bad.indices) func textsThatAreNoNamesAreErrors(index: Int) throws {
        let (names, part) = Self.bad[index]
        let error = #expect(throws: DataError.self) { try Self.dataset(names) }
        #expect(error?.description.contains(part) == true, "\(error!)")
        #expect(error?.exitCode == 65)
        let model = try Model(
            network: Network(rows: 2, columns: 3, hidden: [], classes: 3), seed: 1)
        let other = #expect(throws: ModelFileError.self) {
            try ModelFile(model: model, loss: "synaptic", classNames: names).bytes
        }
        #expect(other?.description.contains(part) == true)
    }

    @Test func partsOfTheDataKeepTheNames() throws {
        let data = try Self.dataset(Self.names)
        #expect(try data.subset([4, 1]).classNames == Self.names)
        let parts = try data.stratifiedSplit(fraction: 0.5, seed: 1)
        #expect(parts.training.classNames == Self.names)
        #expect(parts.validation.classNames == Self.names)
        #expect(try Self.dataset(nil).subset([1]).classNames == nil)
    }

    @Test func aFolderKeepsTheNamesUntilItIsReplaced() throws {
        let scratch = try Scratch()
        let file = scratch.path + "/classes.json"
        try Self.pair(Self.names).write(to: scratch.path)
        let read = try DataPair(directory: scratch.path)
        #expect(read.training.classNames == Self.names && read.test.classNames == Self.names)
        #expect(read.checksums.count == 4, "names decide no result")
        #expect(try DataPair.test(directory: scratch.path, classes: 3).classNames == Self.names)
        #expect(try DataPair.test(directory: scratch.path, classes: 4).classNames == nil)

        let without = try Self.pair(nil)
        #expect(throws: DataError.self) { try without.write(to: scratch.path) }
        #expect(FileManager.default.fileExists(atPath: file))
        try without.write(to: scratch.path, replacing: true)
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try DataPair(directory: scratch.path).training.classNames == nil)
        // A file of that name which belongs to no data set is not lost without being asked.
        let alone = try Scratch()
        let other = try alone.file("classes.json", [1])
        #expect(throws: DataError.exists(path: other)) { try without.write(to: alone.path) }
    }

    @Test func trainingAndTestImagesHaveTheSameNames() throws {
        let scratch = try Scratch()
        let pair = DataPair(
            training: try Self.dataset(Self.names), test: try Self.dataset(nil), checksums: [:])
        #expect(throws: DataError.self) { try pair.write(to: scratch.path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }

    /// What classes.json holds beside labels up to 2, and what the error says.
    static let badFiles: [(String, String)] = [
        ("", "byte 0"), ("[\"a\", \"b\", \"c\"", "byte 14"),
        ("{\"a\": 0}", "JSON array of 2 to 256 texts"), ("[\"a\"]", "JSON array of 2 to 256 texts"),
        ("[\"a\", 1, \"c\"]", "JSON array of 2 to 256 texts"),
        ("[\"a\", \"a\", \"c\"]", "the same name"),
        ("[\"a\", \"b\"]", "image 2 is 2, outside the classes 0 to 1"),
    ]

    @Test(arguments: badFiles.indices) func badFilesAreErrorsWithTheFile(index: Int) throws {
        let (text, part) = Self.badFiles[index]
        let scratch = try Scratch()
        try Self.pair(nil).write(to: scratch.path)
        _ = try scratch.file("classes.json", Array(text.utf8))
        let error = #expect(throws: DataError.self) { try DataPair(directory: scratch.path) }
        #expect(error?.description.contains(part) == true, "\(error!)")
        #expect(error?.description.hasPrefix(scratch.path + "/") == true)
        #expect(error?.exitCode == 65)
    }

    @Test func largeFilesAreNotRead() throws {
        let scratch = try Scratch()
        try Self.pair(nil).write(to: scratch.path)
        let spaces = [UInt8](repeating: 32, count: 1 << 19)
        let path = try scratch.file("classes.json", spaces + Array("[\"a\",\"b\",\"c\"]".utf8))
        #expect(
            throws: DataError.tooLarge(path: path, bytes: spaces.count + 13, limit: 1 << 19)
        ) { try DataPair(directory: scratch.path) }
    }

    @Test func modelsKeepTheNames() throws {
        let network = try Network(rows: 2, columns: 3, hidden: [], classes: 3)
        let model = try Model(network: network, seed: 1)
        let plain = ModelFile(model: model, loss: "synaptic")
        var file = ModelFile(
            model: model, loss: "synaptic", metadata: ["a": "b"], classNames: Self.names)
        let bytes = try file.bytes
        let read = try ModelFile(bytes: bytes)
        #expect(read.classNames == Self.names && read.metadata == ["a": "b"])
        #expect(try read.bytes == bytes)
        let header = try Safetensors(bytes: bytes, path: "")
        #expect(
            header.metadata.first { $0.key == "classes" }?.value
                == .string("[\"Vögel\",\"cats \\\"&\\\"\",\"犬\"]"))
        file.metadata = ["classes": "mine"]
        #expect(throws: ModelFileError.reservedKey("classes")) { try file.bytes }
        file = ModelFile(model: model, loss: "synaptic")
        #expect(try file.bytes == plain.bytes)
        #expect(try ModelFile(bytes: plain.bytes).classNames == nil)
    }

    /// Texts that somebody kept under `classes` before there were names.
    @Test(arguments: ["3", "digits", "[0-9]", "[\"a\",\"b\"]", "[\"a\",\"a\",\"b\"]", "[1,2,3]"])
    func otherTextsUnderThatKeyStayOnesOwn(text: String) throws {
        let network = try Network(rows: 2, columns: 3, hidden: [], classes: 3)
        let file = ModelFile(
            model: try Model(network: network, seed: 1), loss: "synaptic",
            metadata: ["classes": text])
        let read = try ModelFile(bytes: file.bytes)
        #expect(read.metadata == ["classes": text] && read.classNames == nil)
        #expect(try read.bytes == file.bytes)
    }

    @Test func recordsKeepTheNames() throws {
        let scratch = try Scratch()
        let network = try Network(rows: 2, columns: 3, hidden: [], classes: 3)
        var run = RunDocument(
            settings: [], network: network, program: "1", checksums: [:], threads: 1,
            kernels: "avx2")
        let path = scratch.path + "/run.json"
        try run.write(to: path)
        #expect(try !String(contentsOfFile: path, encoding: .utf8).contains("classes"))
        #expect(try RunDocument(path: path).classNames == nil)
        run.classNames = Self.names
        try run.write(to: path)
        #expect(try RunDocument(path: path) == run)
        run.classNames = ["a", "b"]
        #expect(throws: RunFileError.self) { try run.write(to: path) }
    }
}
