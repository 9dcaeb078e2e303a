import Foundation
import Phidias
import Testing

/// Files of NumPy, written byte by byte.
enum NumPyBuilder {
    static func npy(
        _ type: String, _ shape: [Int], _ bytes: [UInt8], version: UInt8 = 1, fortran: Bool = false
    ) -> [UInt8] {
        let sizes = shape.map { "\($0)," }.joined(separator: " ")
        let text =
            "{'descr': '\(type)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': (\(sizes)), }\n"
        return npy(header: text, bytes, version: version)
    }

    static func npy(header: String, _ bytes: [UInt8], version: UInt8 = 1) -> [UInt8] {
        let length = header.utf8.count
        return [0x93] + Array("NUMPY".utf8) + [version, 0]
            + little(length, version == 1 ? 2 : 4) + Array(header.utf8) + bytes
    }

    static func little(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// What differs from a plain archive.
    struct Change {
        var isDeflated = false, isLarge = false
        var crc: UInt32 = 0
        var flags = 0, method: Int?
        var size: Int?
    }

    /// An archive; deflated means a single stored block.
    static func zip(_ members: KeyValuePairs<String, [UInt8]>, _ change: Change = Change())
        -> [UInt8]
    {
        var file: [UInt8] = [], directory: [UInt8] = []
        for (name, content) in members {
            var packed = content
            if change.isDeflated {
                packed = [1] + little(content.count, 2) + little(~content.count, 2) + content
            }
            let sum = Int(PNGBuilder.crc(content) ^ change.crc)
            let size = change.size ?? content.count
            let method = change.method ?? (change.isDeflated ? 8 : 0)
            let large = 0xffff_ffff
            let facts =
                little(20, 2) + little(change.flags, 2) + little(method, 2) + little(0, 4)
                + little(sum, 4)
            let sizes =
                change.isLarge
                ? little(large, 4) + little(large, 4) : little(packed.count, 4) + little(size, 4)
            let extra =
                change.isLarge
                ? little(1, 2) + little(24, 2) + little(size, 8) + little(packed.count, 8)
                    + little(file.count, 8) : []
            directory += little(0x0201_4b50, 4) + little(20, 2) + facts + sizes
            directory += little(name.utf8.count, 2) + little(extra.count, 2) + little(0, 10)
            directory += little(change.isLarge ? large : file.count, 4) + Array(name.utf8) + extra
            file += little(0x0403_4b50, 4) + facts + sizes + little(name.utf8.count, 2)
            file += little(0, 2) + Array(name.utf8) + packed
        }
        let start = file.count
        file += directory
        if change.isLarge {
            let end = file.count
            file += little(0x0606_4b50, 4) + little(44, 8) + little(45, 2) + little(45, 2)
            file += little(0, 8) + little(1, 8) + little(1, 8) + little(directory.count, 8)
            file += little(start, 8)
            file += little(0x0706_4b50, 4) + little(0, 4) + little(end, 8) + little(1, 4)
            return file + little(0x0605_4b50, 4) + little(0, 4) + little(0xffff, 2)
                + little(0xffff, 2) + little(0xffff_ffff, 4) + little(0xffff_ffff, 4) + little(0, 2)
        }
        return file + little(0x0605_4b50, 4) + little(0, 4) + little(members.count, 2)
            + little(members.count, 2) + little(directory.count, 4) + little(start, 4)
            + little(0, 2)
    }
}

/// Arrays of NumPy and of safetensors.
@Suite struct ArrayImportTests {
    typealias Builder = NumPyBuilder

    static func read(_ bytes: [UInt8], _ change: (inout TableOptions) -> Void = { _ in }) throws
        -> DataImport
    {
        try TableImportTests.read(bytes, change)
    }

    static func refusal(_ bytes: [UInt8], _ change: (inout TableOptions) -> Void = { _ in })
        -> String
    {
        TableImportTests.refusal(bytes, change)
    }

    static let labels = Builder.npy("|u1", [2], [1, 0])
    static let pixels: [UInt8] = [0, 10, 20, 255, 1, 2, 3, 4]
    static let images = Builder.npy("|u1", [2, 2, 2], pixels)

    static func archive(_ images: [UInt8], _ labels: [UInt8] = labels) -> [UInt8] {
        Builder.zip(["x.npy": images, "y.npy": labels])
    }

    @Test(arguments: [
        Builder.Change(), Builder.Change(isDeflated: true),
        Builder.Change(isDeflated: true, isLarge: true), Builder.Change(isLarge: true),
    ]) func archivesAreRead(change: Builder.Change) throws {
        let found = try Self.read(
            Builder.zip(["x.npy": Self.images, "note.txt": [1], "y.npy": Self.labels], change))
        #expect(found.data.images == Self.pixels && found.data.labels == [1, 0])
        #expect((found.data.rows, found.data.columns, found.data.classes) == (2, 2, 2))
        #expect(found.test == nil && found.notes == [])
    }

    /// A type, its bytes for 0, 1, 0, 1, and the pixels.
    static func numbers(_ type: String) -> [UInt8] {
        let width = Int(String(type.last ?? "1")) ?? 1
        let one: [UInt8] =
            switch type {
            case "<f4": Builder.little(0x3f80_0000, 4)
            case "<f8": Builder.little(0x3ff0_0000_0000_0000, 8)
            default: Builder.little(1, width)
            }
        let isBig = type.hasPrefix(">")
        return [0, 1, 0, 1].flatMap { value in
            value == 0
                ? [UInt8](repeating: 0, count: width) : isBig ? Array(one.reversed()) : one
        }
    }

    @Test(
        arguments: [
            "|b1", "|u1", "|i1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", ">i4", "<u8",
            ">u8",
            "<i8", ">i8", "<f4", "<f8", "=u4",
        ], [1, 2, 3] as [UInt8])
    func allTypesAreRead(type: String, version: UInt8) throws {
        let bytes = Self.numbers(type)
        let found = try Self.read(
            Self.archive(
                Builder.npy(type, [4, 1, 1], bytes, version: version),
                Builder.npy(type, [4, 1], bytes)))
        #expect(found.data.images == [0, 255, 0, 255] && found.data.labels == [0, 1, 0, 1])
    }

    @Test func channelsBecomePlanes() throws {
        let values = (1...24).map { UInt8($0) }
        func images(_ shape: [Int], _ change: (inout TableOptions) -> Void = { _ in }) throws
            -> Dataset
        {
            try Self.read(Self.archive(Builder.npy("|u1", shape, values)), change).data
        }
        let last = try images([2, 2, 2, 3]) { $0.channels = 3 }
        #expect(last.shape == ImageShape(channels: 3, rows: 2, columns: 2))
        #expect(last.image(0) == [1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12])
        let first = try images([2, 2, 1, 6])
        #expect(first.shape == ImageShape(channels: 2, rows: 1, columns: 6))
        #expect(first.images == values)
        let flat = try images([2, 12]) { $0.channels = 3 }
        #expect(flat.images == last.images)
        let turned = try images([2, 3, 4]) { $0.isTransposed = true }
        #expect((turned.rows, turned.columns) == (4, 3))
        #expect(turned.image(0) == [1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12])
    }

    @Test func partsAreFoundByTheirNames() throws {
        let other = Builder.npy("|u1", [1, 2, 2], [9, 9, 9, 9])
        let label = Builder.npy("<i8", [1, 1], [2] + [UInt8](repeating: 0, count: 7))
        for names in [
            ["x_train", "y_train", "x_test", "y_test"],
            ["train_images", "train_labels", "test_images", "test_labels"],
        ] {
            let file = Builder.zip([
                "\(names[0]).npy": Self.images, "\(names[3]).npy": label,
                "\(names[1]).npy": Self.labels, "\(names[2]).npy": other, "val_images.npy": other,
            ])
            let found = try Self.read(file)
            #expect(found.data.labels == [1, 0] && found.test?.labels == [2])
            #expect(found.test?.images == [9, 9, 9, 9])
            #expect(found.data.classes == 3 && found.test?.classes == 3)
            #expect(found.notes == ["Left out: val_images."])
            let chosen = try Self.read(file) { $0.keys = [names[2], names[3], names[0], names[1]] }
            #expect(chosen.data.labels == [2] && chosen.test?.labels == [1, 0])
        }
    }

    @Test func foldersOfArraysAreRead() throws {
        let scratch = try Scratch()
        _ = try scratch.file("X_train.npy", Self.images)
        _ = try scratch.file("y_train.npy", Self.labels)
        #expect(try DataImport(scratch.path).data.images == Self.pixels)
    }

    @Test func safetensorsAreRead() throws {
        let header =
            #"{"x":{"dtype":"U8","shape":[2,2,2],"data_offsets":[0,8]},"y":{"dtype":"I16","shape":[2],"data_offsets":[8,12]}}"#
        let bytes =
            Builder.little(header.utf8.count, 8) + Array(header.utf8) + Self.pixels
            + [1, 0, 0, 0]
        let found = try Self.read(bytes)
        #expect(found.data.images == Self.pixels && found.data.labels == [1, 0])
        let half = header.replacingOccurrences(of: "I16", with: "F16")
        #expect(
            Self.refusal(
                Builder.little(half.utf8.count, 8) + Array(half.utf8) + Self.pixels
                    + [1, 0, 0, 0]
            ).contains("tensor 'y' holds F16 numbers"))
    }

    @Test func imagesWithoutLabelsAreRead() throws {
        let scratch = try Scratch()
        var images: [[UInt8]] = []
        func read(_ name: String, _ bytes: [UInt8]) throws -> ImageRows {
            let file = try ImageRows(path: try scratch.file(name, bytes))
            images = []
            try file.forEach { images.append($0) }
            return file
        }
        let array = try read("a", Self.images)
        #expect(array.count == 2 && array.shape == ImageShape(rows: 2, columns: 2))
        #expect(images == [[0, 10, 20, 255], [1, 2, 3, 4]])
        let table = try read("b", Array("pixel0,pixel1,label,pixel2,pixel3\n0,255,7,2,3\n".utf8))
        #expect(table.count == 1 && images == [[0, 255, 2, 3]])
        _ = try read("c", Array("0,1,2,255\n4,5,6,7\n".utf8))
        #expect(images == [[0, 1, 2, 255], [4, 5, 6, 7]])
    }

    static let good = Builder.npy("|u1", [2, 2, 2], pixels)

    /// The images of an archive, and what the error says.
    static let bad: [([UInt8], String)] = [
        ([1, 2, 3], "x.npy: is not an array of NumPy"),
        (Array(good.prefix(9)), "x.npy: the file ends in its header"),
        (Array(good.prefix(20)), "x.npy: the file ends in its header"),
        (good + [0], "promises 8 bytes of numbers, but there are 9"),
        (good.dropLast(), "promises 8 bytes of numbers, but there are 7"),
        (Builder.npy("|u1", [2, 2, 2], pixels, version: 4), "byte 6: version 4"),
        (Builder.npy("|O", [2], []), "Python objects"),
        (Builder.npy("<f2", [2], []), "numbers of type '<f2'"),
        (Builder.npy("|u2", [2], []), "numbers of type '|u2'"),
        (Builder.npy("|u1", [2, 2, 2], pixels, fortran: true), "Fortran's order"),
        (Builder.npy(header: "{'descr': [('a', '<u1')], 'shape': (2,)}", []), "several fields"),
        (Builder.npy(header: "{'descr': '|u1', 'shape': (2,)}", []), "needs descr"),
        (Builder.npy(header: "{'descr': '|u1'", []), "is not the dictionary"),
        (Builder.npy(header: "{'a': (-1,)}", []), "is not the dictionary"),
        (Builder.npy("|u1", [1 << 62, 4, 2], []), "claims more numbers than there can be"),
        (Builder.npy("<f8", [1 << 60, 2], []), "claims more numbers than there can be"),
        (Builder.npy("|u1", [1 << 32], []), "promises 4294967296 bytes"),
        (Builder.npy("|u1", [0, 2], []), "has no rows"),
        (Builder.npy("|u1", [2], [1, 2]), "has no rows"),
        (Builder.npy("|u1", [2, 2], [1, 2, 3, 255]), "not clear whether these are images"),
        (Builder.npy("|u1", [2, 1, 1, 2], [1, 2, 3, 4]), "could be the second size or the last"),
        (Builder.npy("|u1", [4, 2, 1], pixels), "not as many labels"),
        (Builder.npy("<f4", [2, 1, 1], [0, 0, 0xc0, 0x7f, 0, 0, 0, 0]), "row 0 is not finite"),
        (Builder.npy("|i1", [2, 1, 1], [0xff, 1]), "from -1 to 1"),
        (Builder.npy("<u2", [2, 1, 1], [0, 0, 0, 1]), "from 0 to 256"),
    ]

    @Test(arguments: bad.indices) func badArrayIsAnError(index: Int) {
        let (images, part) = Self.bad[index]
        let said = Self.refusal(Self.archive(images))
        #expect(said.contains(part), "\(said)")
    }

    /// What differs in an archive, and what the error says.
    @Test(arguments: [
        (Builder.Change(crc: 1), "x.npy: is damaged: its checksum"),
        (Builder.Change(isDeflated: true, crc: 1), "x.npy: is damaged: its checksum"),
        (Builder.Change(flags: 1), "x.npy: is encrypted"),
        (Builder.Change(method: 12), "is packed by method 12"),
        (Builder.Change(size: 1 << 20), "claims 1048576 bytes, more than the file can hold"),
        (Builder.Change(isDeflated: true, isLarge: true, size: 4 << 30), "claims 4294967296 bytes"),
        (Builder.Change(isLarge: true, size: -1), "claims -1 bytes"),
        (Builder.Change(isDeflated: true, size: 200), "bytes of numbers, but there are"),
    ]) func badArchiveIsAnError(change: Builder.Change, part: String) {
        let said = Self.refusal(
            Builder.zip(["x.npy": Self.images, "y.npy": Self.labels], change))
        #expect(said.contains(part), "\(said)")
    }

    @Test func damagedArchivesAreErrors() {
        let good = Self.archive(Self.images)
        for length in 0..<good.count {
            #expect(!Self.refusal(Array(good.prefix(length))).hasPrefix("accepted"), "\(length)")
        }
        for place in good.indices {
            var bytes = good
            bytes[place] ^= 0x55
            _ = Self.refusal(bytes)
        }
        #expect(Self.refusal(Builder.zip(["a.txt": [1]])).contains("there are none"))
        #expect(Self.refusal(Builder.zip(["x.npy": good, "x.npy": good])).contains("one name"))
    }

    @Test func namesThatDoNotTellAreAskedBack() {
        let file = Builder.zip(["arr_0.npy": Self.images, "arr_1.npy": Self.labels])
        #expect(Self.refusal(file).contains("arr_0 (2, 2, 2), arr_1 (2)."))
        #expect(Self.refusal(file) { $0.keys = ["arr_0", "arr_1"] } == "accepted: 2 of 1 × 2 × 2")
        #expect(Self.refusal(file) { $0.keys = ["arr_0"] }.contains("two different arrays"))
        #expect(
            Self.refusal(file) { $0.keys = ["arr_0", "b"] }.contains("no array 'b', but arr_0"))
        #expect(Self.refusal(Self.images).contains("has no labels: there is one array alone"))
        let many = Self.archive(Self.images, Builder.npy("|u1", [2, 3], [1, 0, 0, 0, 1, 0]))
        #expect(Self.refusal(many).contains("has 3 numbers for each row; a label is one number"))
    }
}
