import Foundation
import Phidias
import Testing

/// JPEG files, and pictures of either sort recognised by their content. The files are those that the
/// fuzzer starts from.
@Suite struct JPEGTests {
    static func bytes(_ name: String) throws -> [UInt8] {
        Array(
            try Data(
                contentsOf: Project.root.appendingPathComponent(
                    "Tests/Fuzzing/Corpus/jpeg/\(name)")))
    }

    /// The file with sizes that it claims and does not have.
    static func claiming(_ width: Int, _ height: Int, _ bytes: [UInt8]) throws -> [UInt8] {
        var bytes = bytes
        let frame = try #require(
            (0..<bytes.count - 1).first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 })
        for (place, value) in [(frame + 5, height), (frame + 7, width)] {
            bytes[place] = UInt8(value >> 8)
            bytes[place + 1] = UInt8(value & 255)
        }
        return bytes
    }

    /// As another program that uses libjpeg reads them.
    @Test func picturesAreReadAsByOthers() throws {
        let gray = try ImageFile.decodeGray(Self.bytes("accept-gray"))
        #expect((gray.width, gray.height, gray.channels) == (9, 5, 1))
        #expect(Array(gray.pixels[..<9]) == [0, 17, 40, 61, 79, 99, 123, 139, 161])
        let color = try ImageFile.decodeColor(Self.bytes("accept-color"))
        #expect((color.width, color.height, color.channels) == (9, 5, 3))
        #expect(Array(color.pixels[..<9]) == [17, 2, 0, 26, 3, 0, 45, 7, 0])
        // The luma of a file in colours, and three times the gray of one without.
        let luma = try ImageFile.decodeGray(Self.bytes("accept-color"))
        #expect(Array(luma.pixels[..<9]) == [0, 4, 13, 21, 27, 35, 44, 50, 62])
        let three = try ImageFile.decodeColor(Self.bytes("accept-gray"))
        #expect(three.pixels == gray.pixels.flatMap { [$0, $0, $0] })
        for name in ["accept-progressive", "accept-444", "accept-restart"] {
            _ = try ImageFile.decodeColor(Self.bytes(name))
        }
    }

    @Test func theContentDecidesNotTheName() throws {
        let scratch = try Scratch()
        let jpeg = try scratch.file("a.png", Self.bytes("accept-gray"))
        #expect(try ImageFile.readGray(path: jpeg).width == 9)
        let png = try scratch.file(
            "b.jpg", try PNG.encode(Image(width: 2, height: 1, channels: 1, pixels: [3, 250])))
        #expect(try ImageFile.readGray(path: png).pixels == [3, 250])
        #expect(try ImageFile.read(path: png).channels == 1)
        #expect(try ImageFile.read(path: jpeg).channels == 1)
        let color = try scratch.file("c", Self.bytes("accept-color"))
        #expect(try ImageFile.read(path: color).channels == 3)
        // Gray in all but name.
        let three = try scratch.file(
            "d", try PNG.encode(Image(width: 1, height: 1, channels: 3, pixels: [7, 7, 7])))
        #expect(try ImageFile.read(path: three).pixels == [7])
    }

    @Test func picturesStandUpright() throws {
        let stored = try ImageFile.decodeGray(Self.bytes("accept-gray"))
        // Orientation 6: what is stored as the left column is the top row, from its foot; 8: as the
        // right column, from its head.
        let right = try ImageFile.decodeGray(Self.bytes("accept-turned"))
        let left = try ImageFile.decodeGray(Self.bytes("accept-turned-big"))
        for turned in [right, left] { #expect((turned.width, turned.height) == (5, 9)) }
        for y in 0..<9 {
            for x in 0..<5 {
                #expect(right.pixels[5 * y + x] == stored.pixels[9 * (4 - x) + y])
                #expect(left.pixels[5 * y + x] == stored.pixels[9 * x + 8 - y])
            }
        }
    }

    /// The letter F in all eight orientations.
    @Test func everyOrientationIsUndone() throws {
        let upright = try Image(
            width: 2, height: 3, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
        let stored: [(Int, Int, [UInt8])] = [
            (2, 3, [1, 2, 3, 4, 5, 6]), (2, 3, [2, 1, 4, 3, 6, 5]), (2, 3, [6, 5, 4, 3, 2, 1]),
            (2, 3, [5, 6, 3, 4, 1, 2]), (3, 2, [1, 3, 5, 2, 4, 6]), (3, 2, [2, 4, 6, 1, 3, 5]),
            (3, 2, [6, 4, 2, 5, 3, 1]), (3, 2, [5, 3, 1, 6, 4, 2]),
        ]
        for (index, (width, height, pixels)) in stored.enumerated() {
            let image = try Image(width: width, height: height, channels: 1, pixels: pixels)
            #expect(image.turned(index + 1) == upright, "orientation \(index + 1)")
        }
    }

    /// A file of the corpus, and what the error says.
    static let bad: [(String, String)] = [
        ("reject-cut", "damaged JPEG file: Premature end"),
        ("reject-no-end", "damaged JPEG file: Premature end"),
        ("reject-header", "damaged JPEG file"), ("reject-nothing", "damaged JPEG file"),
        ("reject-cmyk", "in CMYK"), ("reject-arithmetic", "damaged JPEG file"),
        ("reject-12-bits", "damaged JPEG file: Unsupported JPEG data precision 12"),
        ("reject-zero", "damaged JPEG file"), ("reject-code", "damaged JPEG file"),
        ("reject-scans", "damaged JPEG file"),
        ("reject-large", "is too large: 65000 × 65000 pixels"),
        ("reject-short", "is cut off: its 171 bytes are too few"),
    ]

    @Test(arguments: bad.indices) func badFilesAreErrorsWithTheFile(index: Int) throws {
        let (name, part) = Self.bad[index]
        let bytes = try Self.bytes(name)
        let error = #expect(throws: ImageError.self) {
            try ImageFile.decodeGray(bytes, name: "x.jpg")
        }
        #expect(error?.description.hasPrefix("x.jpg: ") == true)
        #expect(error?.description.contains(part) == true, "\(error!)")
        #expect(error?.exitCode == 65)
    }

    /// Cut at any place, a file is an error and never gray where it ends.
    @Test(arguments: ["accept-gray", "accept-color", "accept-progressive", "accept-restart"])
    func everyCutIsAnError(name: String) throws {
        let bytes = try Self.bytes(name)
        for count in 0..<bytes.count {
            #expect(throws: ImageError.self, "\(count)") {
                try ImageFile.decodeGray(Array(bytes[..<count]))
            }
        }
    }

    /// Nothing is allocated for what a file of some bytes cannot hold.
    @Test func claimsAreComparedWithTheBytes() throws {
        let bytes = try Self.bytes("accept-gray")
        let most = 512 * bytes.count
        let cases: [(Int, Int, String)] = [
            (65_500, 65_500, "too large"), (16_385, 1, "too large"),
            (16_384, 16_384, "more than the 67108864"), (4096, 4096, "cut off"),
            (512, bytes.count + 1, "cut off"), (512, most / 512, "remature end"),
        ]
        for (width, height, part) in cases {
            let claim = try Self.claiming(width, height, bytes)
            let error = #expect(throws: ImageError.self) { try ImageFile.decodeGray(claim) }
            #expect(error?.description.contains(part) == true, "\(error!)")
        }
    }

    /// First bytes of other formats, and what the error calls them.
    static let others: [([UInt8], String)] = [
        ([], "is empty"), (Array("GIF89a".utf8), "a GIF"), (Array("BM\0\0".utf8), "a BMP"),
        (Array("RIFF\0\0\0\0WEBPVP8 ".utf8), "a WebP"), (Array("II*\0".utf8), "a TIFF"),
        (Array("\0\0\0\u{18}ftypheic".utf8), "a HEIC"),
        (Array("\0\0\0\u{18}ftypavif".utf8), "an AVIF"),
        ([1, 2, 3], "begins with 01 02 03"),
    ]

    @Test(arguments: others.indices) func otherFormatsAreNamed(index: Int) throws {
        let (bytes, part) = Self.others[index]
        let error = #expect(throws: ImageError.self) { try ImageFile.decodeGray(bytes, name: "x") }
        #expect(error?.description.contains(part) == true, "\(error!)")
    }
}
