import Foundation
import Phidias
import Testing

@Suite struct DataImportTests {
    static let large = [UInt8](repeating: UInt8(ascii: "1"), count: 5 << 20)

    static func imported(_ text: String) throws -> DataImport {
        let scratch = try Scratch()
        return try DataImport(try scratch.file("a.csv", Array(text.utf8)))
    }

    /// Texts of the same two images.
    @Test(arguments: [
        "label,a,b,c,d\n1,0,10,20,255\r\n0,1,2,3,4\n",
        "1,0,10,20,255\n\n0,1,2,3,4",
        "\u{feff}1,0,10,20,255\n0,1,2,3,4\n",
        "label,0,1,2,3\n1,000,010,20,255\n0,1,2,3,4\n",
    ])
    func csvIsImported(text: String) throws {
        let data = try Self.imported(text).data
        #expect(data.labels == [1, 0])
        #expect(data.images == [0, 10, 20, 255, 1, 2, 3, 4])
        #expect((data.rows, data.columns, data.classes) == (2, 2, 2))
    }

    /// What the file holds, and what the error says of it.
    static let badCSV: [([UInt8], String)] = [
        ([], "no images"),
        (Array("label,a,b\n".utf8), "no images"),
        (Array("1,2,3,4,5\n1,2,3,4,256\n".utf8), "line 2: field 5"),
        (Array("1,2,3,4,5\n1,2,3,4,-1\n".utf8), "line 2: field 5"),
        (Array("1,2,3,4,5.0\n".utf8), "line 1: field 5"),
        (Array("1,2,3,4,\n".utf8), "line 1: field 5"),
        (Array("a,b\nc,d\n".utf8), "line 2: field 1"),
        (Array("300,2,3,4,5\n1,2,3,4,5\n".utf8), "line 1: field 1"),
        (Array("-1,2,3,4,5\n1,2,3,4,5\n".utf8), "line 1: field 1"),
        (Array("3.0,2,3,4,5\n1,2,3,4,5\n".utf8), "line 1: field 1"),
        (Array("1,2,3,4,5\n\n1,2,3,4\n".utf8), "line 3: 3 pixels"),
        (Array("1,2,3\n".utf8), "line 1: 2 pixels do not make a square"),
        (Array("a\n1\n".utf8), "line 2: 0 pixels"),
        (large, "line 1: more than"),
        (Array("1,2,3,4,5\n".utf8) + large + Array("\n".utf8), "line 2: more than"),
    ]

    @Test(arguments: badCSV.indices) func badCSVIsAnErrorWithTheLine(index: Int) throws {
        let (bytes, part) = Self.badCSV[index]
        let scratch = try Scratch()
        let path = try scratch.file("b.csv", bytes)
        let error = #expect(throws: DataError.self) { try DataImport(path) }
        #expect(error?.description.contains(part) == true, "\(error!)")
        #expect(error?.description.contains(path) == true)
        #expect(error?.exitCode == 65)
    }

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
