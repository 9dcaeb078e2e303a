import Foundation
import Phidias
import Testing

@Suite struct DataImportTests {
    /// A folder of classes, each with images of the given widths, 3 high and filled with the width.
    static func folder(_ classes: KeyValuePairs<String, [Int]>) throws -> Scratch {
        let scratch = try Scratch()
        for (name, widths) in classes {
            let path = scratch.path + "/" + name
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (index, width) in widths.enumerated() {
                let pixels = [UInt8](repeating: UInt8(width + index), count: 3 * width)
                try PNG.write(
                    try Image(width: width, height: 3, channels: 1, pixels: pixels),
                    to: "\(path)/\(index).PNG")
            }
        }
        return scratch
    }

    @Test func foldersAreImportedWithTheirNames() throws {
        let scratch = try Self.folder(["b": [5], "ä": [5], "a": [5, 5], ".hidden": [9]])
        let other = try scratch.file("a/notes.txt", [1])
        let source = try DataImport(scratch.path)
        #expect(source.classes == ["a", "b", "ä"])
        #expect(source.ignored == [other])
        #expect(source.data.labels == [0, 0, 1, 2])
        #expect((source.data.rows, source.data.columns, source.data.classes) == (3, 5, 3))
        #expect(source.data.image(1) == [UInt8](repeating: 6, count: 15))
    }

    @Test func numberedFoldersAreTheirNumbers() throws {
        let scratch = try Self.folder(["10": [4], "2": [4], "0": [4]])
        let source = try DataImport(scratch.path)
        #expect(source.data.labels == [0, 2, 10])
        #expect(source.data.classes == 11)
        // 01 and 1 are two classes, so they count as names.
        let names = try Self.folder(["01": [4], "1": [4]])
        #expect(try DataImport(names.path).data.labels == [0, 1])
    }

    @Test func badFoldersAreErrorsWithTheFile() throws {
        let many = try Scratch()
        for index in 0...256 {
            try FileManager.default.createDirectory(
                atPath: "\(many.path)/\(index)", withIntermediateDirectories: true)
        }
        let cases: [(Scratch, String)] = [
            (try Self.folder(["a": [5], "b": []]), "/b, which stands for a class"),
            (try Self.folder(["a": [5]]), "has 1 subfolders"),
            (many, "has 257 subfolders"),
        ]
        for (scratch, part) in cases {
            let error = #expect(throws: DataError.self) { try DataImport(scratch.path) }
            #expect(error?.description.contains(part) == true, "\(error!)")
            #expect(error?.exitCode == 65)
        }
    }
}
