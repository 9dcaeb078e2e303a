import Phidias
import Testing

@Suite struct PNGTests {
    static let gray = Image(
        unchecked: [0, 1, 2, 3, 4, 50, 60, 70, 80, 90, 251, 252, 253, 254, 255], width: 5,
        height: 3, channels: 1)

    // MARK: - Writing

    @Test func grayRoundTrip() throws {
        #expect(try PNG.decodeGray(PNG.encode(Self.gray), name: "p") == Self.gray)
    }

    @Test func colourRoundTripByLuma() throws {
        let image = try Image(
            width: 4, height: 1, channels: 3,
            pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 200, 30])
        let read = try PNG.decodeGray(PNG.encode(image), name: "p")
        // 0.299 · 255 = 76.245, 0.587 · 255 = 149.685, 0.114 · 255 = 29.07; 123.81.
        #expect(read.pixels == [76, 150, 29, 124])
    }

    @Test func textsAreChunksBeforeThePixels() throws {
        let text: KeyValuePairs = ["Title": "Filters\nof 1", "Model": "φ, größer", "Empty": ""]
        let file = try PNG.encode(Self.gray, text: text)
        let chunks = try #require(PNGBuilder.chunks(file))
        #expect(chunks.map(\.name) == ["IHDR", "tEXt", "iTXt", "tEXt", "IDAT", "IEND"])
        #expect(chunks[1].data == Array("Title\0Filters\nof 1".utf8))
        // Not compressed, no language, no translated key.
        #expect(chunks[2].data == Array("Model\0\0\0\0\0φ, größer".utf8))
        #expect(chunks[3].data == Array("Empty\0".utf8))
        #expect(try PNG.decodeGray(file, name: "p") == Self.gray)
    }

    @Test func theSamePictureGivesTheSameBytes() throws {
        let first = try PNG.encode(Self.gray, text: ["Title": "φ"])
        #expect(try PNG.encode(Self.gray, text: ["Title": "φ"]) == first)
        let chunks = try #require(PNGBuilder.chunks(first))
        #expect(!chunks.contains { $0.name == "tIME" })
    }

    @Test(arguments: ["", " a", "a ", "a  b", "é", "a\n", String(repeating: "k", count: 80)])
    func badKeysAreErrors(key: String) {
        let error = #expect(throws: ImageError.self) {
            try PNG.encode(Self.gray, text: [key: "value"])
        }
        #expect(error?.exitCode == 70)
    }

    @Test func valuesWithNULAreErrors() {
        #expect(throws: ImageError.text(key: "Title", reason: "it holds a NUL")) {
            try PNG.encode(Self.gray, text: ["Title": "a\0b"])
        }
    }

    @Test func writingLeavesOneFile() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/p.png"
        try PNG.write(Self.gray, text: ["Title": "t"], to: path)
        #expect(try PNG.readGray(path: path) == Self.gray)
        #expect(try scratch.names == ["p.png"])
        #expect(throws: FileError.self) { try PNG.write(Self.gray, to: scratch.path + "/no/p.png") }
    }

    // MARK: - Reading every kind

    struct Kind: Sendable, CustomTestStringConvertible {
        var name: String
        var file: [UInt8]
        var onBlack: [UInt8]
        var onWhite: [UInt8]
        var testDescription: String { name }

        init(_ name: String, _ builder: PNGBuilder, _ onBlack: [UInt8], onWhite: [UInt8]? = nil) {
            self.name = name
            file = builder.bytes
            self.onBlack = onBlack
            self.onWhite = onWhite ?? onBlack
        }
    }

    static func builder(
        _ width: Int, _ height: Int, depth: Int = 8, type: Int, _ rows: [[UInt8]],
        extra: [(name: String, data: [UInt8])] = []
    ) -> PNGBuilder {
        var builder = PNGBuilder(
            width: width, height: height, depth: depth, colorType: type, rows: rows)
        builder.extra = extra
        return builder
    }

    static let palette: [UInt8] = [255, 0, 0, 10, 20, 30, 255, 255, 255]

    static let kinds: [Kind] = [
        Kind("1 bit", builder(3, 1, depth: 1, type: 0, [[0b1010_0000]]), [255, 0, 255]),
        Kind("2 bits", builder(4, 1, depth: 2, type: 0, [[0b0001_1011]]), [0, 85, 170, 255]),
        Kind("4 bits", builder(2, 1, depth: 4, type: 0, [[0x3f]]), [51, 255]),
        Kind("8 bits", builder(2, 1, type: 0, [[7, 200]]), [7, 200]),
        // 128 and 127.5 of 65535 / 257.
        Kind(
            "16 bits", builder(2, 1, depth: 16, type: 0, [[0x80, 0x80, 0xff, 0xff]]), [128, 255]),
        Kind("16 bits are rounded", builder(1, 1, depth: 16, type: 0, [[0x00, 0xff]]), [1]),
        Kind("RGB", builder(2, 1, type: 2, [[255, 0, 0, 10, 20, 30]]), [76, 18]),
        Kind(
            "RGB of 16 bits", builder(1, 1, depth: 16, type: 2, [[0, 0, 255, 255, 0, 0]]), [150]),
        Kind(
            "palette", builder(3, 1, type: 3, [[2, 0, 1]], extra: [("PLTE", palette)]),
            [255, 76, 18]),
        Kind(
            "palette with transparency",
            builder(
                3, 1, type: 3, [[2, 0, 1]],
                extra: [("PLTE", palette), ("tRNS", [0, 255, 51])]),
            [51, 0, 18], onWhite: [255, 255, 18]),
        Kind(
            "gray with alpha", builder(3, 1, type: 4, [[200, 0, 200, 255, 100, 51]]),
            [0, 200, 20], onWhite: [255, 200, 224]),
        Kind(
            "RGB with alpha", builder(2, 1, type: 6, [[255, 0, 0, 0, 255, 0, 0, 255]]),
            [0, 76], onWhite: [255, 76]),
        Kind(
            "one transparent gray", builder(2, 1, type: 0, [[9, 200]], extra: [("tRNS", [0, 9])]),
            [0, 200], onWhite: [255, 200]),
        Kind(
            "gamma is ignored",
            builder(1, 1, type: 0, [[100]], extra: [("gAMA", PNGBuilder.number(100_000))]), [100]),
        Kind(
            "broken profile is ignored",
            builder(1, 1, type: 2, [[9, 9, 9]], extra: [("iCCP", [1, 2, 3])]), [9]),
        Kind(
            "unknown chunk is ignored",
            builder(1, 1, type: 0, [[9]], extra: [("abCd", [UInt8](repeating: 7, count: 1000))]),
            [9]),
    ]

    @Test(arguments: kinds) func everyKindIsRead(kind: Kind) throws {
        #expect(try PNG.decodeGray(kind.file, name: "p").pixels == kind.onBlack)
        #expect(try PNG.decodeGray(kind.file, name: "p", background: 255).pixels == kind.onWhite)
    }

    @Test func interlacedPicturesAreRead() throws {
        // Adam7: each pass's first column and row, and its steps.
        let passes = [
            (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
            (0, 1, 1, 2),
        ]
        func pixel(_ x: Int, _ y: Int) -> UInt8 { UInt8(x * 20 + y) }
        var rows: [[UInt8]] = []
        for (left, top, right, down) in passes {
            for y in stride(from: top, to: 9, by: down) where left < 11 {
                rows.append(stride(from: left, to: 11, by: right).map { pixel($0, y) })
            }
        }
        var builder = PNGBuilder(width: 11, height: 9, colorType: 0, rows: rows)
        builder.interlaced = true
        let image = try PNG.decodeGray(builder.bytes, name: "p")
        #expect(image.pixels == (0..<9).flatMap { y in (0..<11).map { pixel($0, y) } })
    }

    @Test func onePixelIsAPicture() throws {
        let image = try PNG.decodeGray(PNGBuilder(gray: [[77]]).bytes, name: "p")
        #expect(try image == Image(width: 1, height: 1, channels: 1, pixels: [77]))
    }

    @Test func theLargestSideIsRead() throws {
        let side = PNG.largestSide
        let image = try Image(
            width: side, height: 1, channels: 1, pixels: [UInt8](repeating: 3, count: side))
        #expect(try PNG.decodeGray(PNG.encode(image), name: "p") == image)
    }
}
