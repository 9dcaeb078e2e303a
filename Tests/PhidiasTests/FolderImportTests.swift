import Foundation
import Phidias
import Testing

/// Folders of pictures as people have them.
@Suite struct FolderImportTests {
    /// A folder with files by their paths.
    static func folder(_ files: [String: [UInt8]]) throws -> Scratch {
        let scratch = try Scratch()
        for (path, bytes) in files {
            let file = URL(fileURLWithPath: "\(scratch.path)/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
        return scratch
    }

    /// A picture of one gray but for its last pixel.
    static func gray(_ value: UInt8, width: Int = 2, height: Int = 2) throws -> [UInt8] {
        var pixels = [UInt8](repeating: value, count: width * height)
        pixels[pixels.count - 1] = 255
        return try PNG.encode(Image(width: width, height: height, channels: 1, pixels: pixels))
    }

    static func color(_ red: UInt8, _ green: UInt8, _ blue: UInt8) throws -> [UInt8] {
        try PNG.encode(
            Image(
                width: 2, height: 1, channels: 3, pixels: [red, green, blue, blue, green, red]))
    }

    static func options(_ change: (inout ImportOptions) -> Void) -> ImportOptions {
        var options = ImportOptions()
        change(&options)
        return options
    }

    @Test func bothSortsAreReadWhateverTheirNames() throws {
        let jpeg = try JPEGTests.bytes("accept-gray")
        let scratch = try Self.folder([
            "cats/1.jpg": jpeg, "cats/2": jpeg, "Vögel/3.png": jpeg,
            "Vögel/4.JPEG": try Self.gray(7, width: 9, height: 5),
        ])
        let source = try DataImport(scratch.path)
        #expect(source.classes == ["Vögel", "cats"] && source.data.classNames == source.classes)
        #expect(source.data.labels == [0, 0, 1, 1] && source.ignored.isEmpty)
        #expect(source.data.image(0) == (try ImageFile.decodeGray(jpeg).pixels))
        #expect(source.test == nil && source.notes.isEmpty && source.hidden == 0)
    }

    @Test func leavingsAreCountedAndPassedOver() throws {
        let picture = try Self.gray(1)
        let scratch = try Self.folder([
            "a/1.png": picture, "b/2.png": picture, "__MACOSX/a/._1.png": [1], ".git/x": [1],
            "a/.DS_Store": [1], "a/Thumbs.db": [1], "b/desktop.ini": [1], "b/notes.txt": [1],
            "b/more/3.png": picture, "4.png": picture,
        ])
        let source = try DataImport(scratch.path)
        #expect(source.data.labels == [0, 1] && source.hidden == 5)
        #expect(source.ignored == [scratch.path + "/b/more", scratch.path + "/b/notes.txt"])
        #expect(source.notes.count == 1)
        #expect(source.notes.first?.contains("1 picture lies beside") == true)
    }

    @Test func partsAreTakenAsTheyAre() throws {
        let (one, two) = (try Self.gray(1), try Self.gray(2))
        let names = [("train", "test"), ("Training", "testing"), ("train", "val")]
        for (train, test) in names {
            let scratch = try Self.folder([
                "\(train)/a/1.png": one, "\(train)/b/2.png": one, "\(test)/a/3.png": two,
                "\(test)/b/4.png": two, "\(test)/b/5.png": two, "__MACOSX/x": [1],
            ])
            let source = try DataImport(scratch.path)
            let images = try #require(source.test)
            #expect(source.data.labels == [0, 1] && images.labels == [0, 1, 1])
            #expect(images.image(0)[0] == 2 && images.classNames == ["a", "b"])
            #expect(source.notes.count == 1 && source.notes[0].contains("nothing is split"))
        }
    }

    @Test func whatIsNotUsedIsTold() throws {
        let one = try Self.gray(1)
        let scratch = try Self.folder([
            "x/train/a/1.png": one, "x/train/b/2.png": one, "x/test/a/3.png": one,
            "x/valid/a/4.png": one, "x/extra/5.png": one,
        ])
        let source = try DataImport(scratch.path)
        let notes = source.notes.joined(separator: "\n")
        for part in [
            "/x, the only folder", "x/valid is not used", "x/extra is not used",
            "no images of the class b",
        ] {
            #expect(notes.contains(part), "\(notes)")
        }
        // Pictures to be predicted, without labels.
        let kaggle = try Self.folder([
            "train/a/1.png": one, "train/b/2.png": one, "test/3.png": one,
        ])
        let other = try DataImport(kaggle.path)
        #expect(other.test == nil && other.data.count == 2)
        #expect(other.notes.first?.contains("its pictures have no labels") == true)
        // Buses and trains.
        let classes = try Self.folder(["bus/1.png": one, "train/2.png": one])
        #expect(try DataImport(classes.path).classes == ["bus", "train"])
    }

    @Test func classesOfBothPartsAgree() throws {
        let one = try Self.gray(1)
        let scratch = try Self.folder([
            "train/a/1.png": one, "train/b/2.png": one, "test/a/3.png": one, "test/c/4.png": one,
        ])
        let error = #expect(throws: ImportError.self) { try DataImport(scratch.path) }
        #expect(error?.description.hasPrefix(scratch.path + "/test/c: there is no class") == true)
        #expect(error?.exitCode == 65)
    }

    @Test func colorsDecideTheChannels() throws {
        let scratch = try Self.folder([
            "a/1.png": try Self.gray(9, width: 2, height: 1), "b/2.png": try Self.color(1, 2, 3),
        ])
        let own = try DataImport(scratch.path)
        #expect(own.data.shape == ImageShape(channels: 3, rows: 1, columns: 2))
        #expect(own.data.image(0) == [9, 255, 9, 255, 9, 255])
        #expect(own.data.image(1) == [1, 3, 2, 2, 3, 1])
        #expect(own.notes.count == 1 && own.notes[0].contains("/b/2.png has colours"))
        let gray = try DataImport(scratch.path, options: Self.options { $0.channels = 1 })
        #expect(gray.data.shape.channels == 1 && gray.data.image(0) == [9, 255])
        let plain = try Self.folder([
            "a/1.png": try Self.gray(9), "b/2.png": try Self.gray(8),
        ])
        let three = try DataImport(plain.path, options: Self.options { $0.channels = 3 })
        #expect(three.data.image(0) == [9, 9, 9, 255, 9, 9, 9, 255, 9, 9, 9, 255])
        #expect(throws: ImportError.self) {
            try DataImport(plain.path, options: Self.options { $0.channels = 2 })
        }
    }

    @Test func otherSizesAreAnErrorOrResized() throws {
        let scratch = try Self.folder([
            "a/1.png": try Self.gray(1), "b/2.png": try Self.gray(1, width: 8, height: 3),
            "b/3.png": try Self.gray(1, width: 5, height: 9),
        ])
        let error = #expect(throws: ImportError.self) { try DataImport(scratch.path) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix(scratch.path + "/b/2.png: the image is 8 × 3 pixels"), "\(text)")
        #expect(text.contains("widths go from 2 to 8, heights from 2 to 9"), "\(text)")
        for fit in ImageFit.allCases {
            let source = try DataImport(
                scratch.path,
                options: Self.options {
                    $0.size = .init(rows: 4, columns: 3)
                    $0.fit = fit
                })
            #expect(source.data.shape == ImageShape(rows: 4, columns: 3))
            #expect(
                source.data.image(2)
                    == (try ImageFile.decodeGray(Self.gray(1, width: 5, height: 9))
                        .resized(width: 3, height: 4, fit: fit).pixels))
        }
        for (rows, columns) in [(0, 1), (1, 4097)] {
            let error = #expect(throws: ImportError.self) {
                try DataImport(
                    scratch.path,
                    options: Self.options { $0.size = .init(rows: rows, columns: columns) })
            }
            #expect(error?.exitCode == 64)
        }
    }

    /// Bytes that are no picture, under the name of one.
    static let bad: [[UInt8]] = [[], [1, 2, 3], Array("GIF89a".utf8)]

    @Test func badFilesAreNamedOrListed() throws {
        let jpeg = try JPEGTests.bytes("accept-gray")
        for bytes in Self.bad + [Array(jpeg.dropLast(9))] {
            let scratch = try Self.folder([
                "a/1.jpg": jpeg, "a/2.jpg": bytes, "a/3.jpg": jpeg, "b/4.jpg": jpeg,
            ])
            let error = #expect(throws: ImportError.self) { try DataImport(scratch.path) }
            #expect(error?.description.hasPrefix(scratch.path + "/a/2.jpg: ") == true)
            #expect(error?.exitCode == 65)
            let source = try DataImport(
                scratch.path, options: Self.options { $0.skipsBad = true })
            #expect(source.data.labels == [0, 0, 1] && source.skipped.count == 1)
            #expect(source.skipped.first?.description.contains("/a/2.jpg: ") == true)
        }
        let empty = try Self.folder(["a/1.jpg": jpeg, "b/2.jpg": []])
        let error = #expect(throws: DataError.self) {
            try DataImport(empty.path, options: Self.options { $0.skipsBad = true })
        }
        #expect(error?.description.contains("/b, which stands for a class") == true)
    }

    @Test func blankPicturesAreTold() throws {
        let blank = try PNG.encode(Image(width: 2, height: 2, channels: 1, pixels: [3, 3, 3, 3]))
        let scratch = try Self.folder([
            "a/1.png": blank, "a/2.png": blank, "b/3.png": try Self.gray(4),
        ])
        #expect(
            try DataImport(scratch.path).notes == [
                "2 pictures have one colour and nothing else, such as \(scratch.path)/a/1.png."
            ])
    }

    @Test func classesBeyondTheGivenNumberAreRefused() throws {
        let one = try Self.gray(1)
        let scratch = try Self.folder(["0/1.png": one, "1/2.png": one, "12/3.png": one])
        let error = #expect(throws: ImportError.self) {
            try DataImport(scratch.path, options: Self.options { $0.classes = 10 })
        }
        #expect(
            error?.description
                == "\(scratch.path)/12: it stands for class 12, outside the classes 0 to 9.")
        let source = try DataImport(scratch.path, options: Self.options { $0.classes = 13 })
        #expect(source.data.classes == 13 && source.data.classNames == nil)
    }
}
