import Foundation
import Phidias
import Testing

/// Folders of IDX files as people have them.
@Suite struct IDXImportTests {
    static func idx(_ type: UInt8, _ sizes: [Int], _ bytes: [UInt8]) -> [UInt8] {
        [0, 0, type, UInt8(sizes.count)]
            + sizes.flatMap { size in NumPyBuilder.little(size, 4).reversed() } + bytes
    }

    static let pixels: [UInt8] = [0, 10, 20, 30, 40, 255, 1, 2, 3, 4, 5, 6]
    static let images = idx(8, [2, 2, 3], pixels)
    static let labels = idx(8, [2], [1, 0])

    /// A folder with training files, and test files if there are four.
    static func folder(_ names: [String], _ files: [[UInt8]] = [images, labels, images, labels])
        throws -> Scratch
    {
        let scratch = try Scratch()
        for (name, bytes) in zip(names, files) {
            if let folder = name.split(separator: "/").dropLast().first {
                try FileManager.default.createDirectory(
                    atPath: "\(scratch.path)/\(folder)", withIntermediateDirectories: true)
            }
            _ = try scratch.file(name, bytes)
        }
        return scratch
    }

    static func refusal(_ read: () throws -> Void) -> String {
        do {
            try read()
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    static let plain = [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ]

    /// Names whose files can be taken as they are.
    @Test(arguments: [
        plain, plain.map { "kmnist-\($0)" }, plain.map { "\($0)/\($0)" },
        plain.map { $0.replacingOccurrences(of: "-idx", with: ".idx") },
        plain.map { "a_\($0.replacingOccurrences(of: "t10k", with: "test"))" },
    ]) func foldersAreReadDirectly(names: [String]) throws {
        let scratch = try Self.folder(names)
        let pair = try DataPair(directory: scratch.path)
        #expect(pair.training.images == Self.pixels && pair.test.labels == [1, 0])
        #expect(Set(pair.checksums.keys) == Set(Self.plain))
        let found = try DataImport(scratch.path)
        #expect(found.data.images == Self.pixels && found.test?.images == Self.pixels)
        #expect(found.notes == [])
    }

    @Test func emnistIsTurned() throws {
        let labels = Self.idx(8, [2], [26, 1])
        let names = [
            "emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte",
            "emnist-letters-test-images-idx3-ubyte", "emnist-letters-test-labels-idx1-ubyte",
        ]
        let scratch = try Self.folder(names, [Self.images, labels, Self.images, labels])
        let found = try DataImport(scratch.path)
        #expect((found.data.rows, found.data.columns) == (3, 2))
        #expect(found.data.image(0) == [0, 30, 10, 40, 20, 255])
        #expect(found.data.labels == [25, 0] && found.data.classes == 26)
        #expect(found.classes.first == "A" && found.classes.last == "Z")
        #expect(
            found.notes == [
                "The classes are those of EMNIST: A to Z; label 1 becomes class 0.",
                "The images have rows and columns swapped, which is undone.",
            ])
        var options = TableOptions()
        options.isTransposed = false
        let kept = try DataImport(scratch.path, tables: options)
        #expect(kept.data.images == Self.pixels && kept.notes.count == 1)
        let said = Self.refusal { _ = try DataPair(directory: scratch.path) }
        #expect(
            said.hasSuffix(
                "the images of EMNIST have rows and columns swapped. Import the data first."))
    }

    @Test(arguments: [("balanced", 47, "t"), ("bymerge", 47, "t"), ("byclass", 62, "z")])
    func emnistHasClasses(set: String, count: Int, last: String) throws {
        let names = ["images-idx3", "labels-idx1"].map { "emnist-\(set)-train-\($0)-ubyte" }
        let scratch = try Self.folder(names, [Self.images, Self.idx(8, [2], [0, 36])])
        let found = try DataImport(scratch.path)
        #expect(found.classes.count == count && found.data.labels == [0, 36])
        #expect(found.classes.last == last && found.classes[36] == "a" && found.test == nil)
    }

    @Test func qmnistHasLabelsOfEightColumns() throws {
        let rows: [UInt8] = [1, 0].flatMap { label in
            [0, 0, 0, label] + [UInt8](repeating: 7, count: 28)
        }
        let names = ["qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int"]
        let scratch = try Self.folder(names, [Self.images, Self.idx(0x0c, [2, 8], rows)])
        let found = try DataImport(scratch.path)
        #expect(found.data.labels == [1, 0] && found.data.images == Self.pixels)
        #expect(found.notes.count == 1 && found.notes[0].hasSuffix("the first is the class."))
        let said = Self.refusal { _ = try DataPair(directory: scratch.path) }
        #expect(said.contains("holds 32-bit integers; those expected there are bytes. Import"))
    }

    /// A type, and its bytes for 0 and 1.
    @Test(
        arguments: [
            (8, [[0], [1]]), (9, [[0], [1]]), (0x0b, [[0, 0], [0, 1]]),
            (0x0c, [[0, 0, 0, 0], [0, 0, 0, 1]]), (0x0d, [[0, 0, 0, 0], [0x3f, 0x80, 0, 0]]),
            (0x0e, [[0, 0, 0, 0, 0, 0, 0, 0], [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]]),
        ] as [(UInt8, [[UInt8]])]) func allTypesAreImported(type: UInt8, values: [[UInt8]]) throws
    {
        let images = Self.idx(type, [2, 1, 2], [0, 1, 1, 0].flatMap { values[$0] })
        let labels = Self.idx(type, [2], [1, 0].flatMap { values[$0] })
        let scratch = try Self.folder(Self.plain, [images, labels, images, labels])
        let found = try DataImport(scratch.path)
        #expect(found.data.images == [0, 255, 255, 0] && found.data.labels == [1, 0])
        let file = try ImageRows(path: "\(scratch.path)/\(Self.plain[0])")
        #expect(file.count == 2 && file.shape == ImageShape(rows: 1, columns: 2))
    }

    @Test func oneSetIsImportedAtATime() throws {
        let sets = ["emnist-digits", "emnist-mnist"]
        let names = sets.flatMap { set in
            ["\(set)-train-images-idx3-ubyte", "\(set)-train-labels-idx1-ubyte"]
        }
        let scratch = try Self.folder(names)
        #expect(
            Self.refusal { _ = try DataImport(scratch.path) }
                .hasSuffix(
                    "has files of the sets emnist-digits, emnist-mnist; one is imported at a time.")
        )
        #expect(
            Self.refusal { _ = try DataPair(directory: scratch.path) }
                .contains("has files of several sets: emnist-digits, emnist-mnist. Import"))
        var options = TableOptions()
        options.keys = ["emnist-mnist"]
        #expect(try DataImport(scratch.path, tables: options).data.labels == [1, 0])
        options.keys = ["mnist"]
        #expect(
            Self.refusal { _ = try DataImport(scratch.path, tables: options) }.contains(
                "of the sets"))
    }

    @Test func partsThatDoNotFitAreErrors() throws {
        let one = Self.idx(8, [1], [1])
        let scratch = try Self.folder(Self.plain, [Self.images, one])
        #expect(
            Self.refusal { _ = try DataImport(scratch.path) }
                .contains(
                    "train_labels (1): there are not as many labels as train_images (2, 2, 3)"))
        let alone = try Self.folder(Self.plain, [Self.images])
        #expect(Self.refusal { _ = try DataImport(alone.path) }.contains("has no labels"))
        let wide = try Self.folder(
            Self.plain, [Self.images, Self.idx(8, [2, 3], [1, 0, 0, 0, 1, 0])])
        #expect(Self.refusal { _ = try DataImport(wide.path) }.contains("a label is one number"))
    }
}
