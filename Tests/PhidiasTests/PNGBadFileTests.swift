import Phidias
import Testing

@Suite struct PNGBadFileTests {
    static let good = PNGBuilder(gray: [[10, 20, 30], [40, 50, 60]])

    struct Bad: Sendable, CustomTestStringConvertible {
        var name: String
        var file: [UInt8]
        var reason: String
        var testDescription: String { name }

        /// `reason` is part of the message.
        init(_ name: String, _ file: [UInt8], _ reason: String) {
            self.name = name
            self.file = file
            self.reason = reason
        }

        init(_ name: String, _ reason: String, _ change: (inout PNGBuilder) -> Void) {
            var builder = good
            change(&builder)
            self.init(name, builder.bytes, reason)
        }
    }

    static func assembled(_ chunks: [(String, [UInt8])]) -> [UInt8] {
        PNGBuilder.signature + chunks.flatMap { PNGBuilder.chunk($0.0, $0.1) }
    }

    static func changed(_ place: Int, _ value: UInt8) -> [UInt8] {
        var file = good.bytes
        file[place] = value
        return file
    }

    static let pixels = PNGBuilder.zlib(PNGBuilder.filtered(good.rows))

    static let corpus: [Bad] = [
        Bad("empty", [], "empty"),
        Bad("JPEG", [0xff, 0xd8, 0xff, 0xe0, 0, 0x10, 0x4a, 0x46, 0x49, 0x46], "ff d8 ff e0"),
        Bad("short text", Array("hi".utf8), "68 69"),
        Bad("through a text transfer", Array(good.bytes.filter { $0 != 0x0d }), "not a PNG"),
        Bad("signature alone", PNGBuilder.signature, "ends early"),
        Bad("another chunk first", assembled([("IDAT", pixels), ("IEND", [])]), "IHDR"),
        Bad("no width", "0 × 2") { $0.width = 0 },
        Bad("no height", "3 × 0") { $0.height = 0 },
        Bad("too wide", "4097 × 2 pixels, at most 4096 × 4096") { $0.width = 4097 },
        Bad("too high", "3 × 4097") { $0.height = 4097 },
        Bad("largest sizes of all", "4294967295 × 4294967295") {
            $0.width = 0xffff_ffff
            $0.height = 0xffff_ffff
        },
        Bad("claims more than it can hold", "too few for the 4096 × 4096") {
            $0.width = 4096
            $0.height = 4096
        },
        Bad("claims more than it holds", "damaged") { $0.height = 3 },
        Bad(
            "holds more than it claims",
            assembled([
                ("IHDR", PNGBuilder.chunks(good.bytes)?[0].data ?? []),
                (
                    "IDAT",
                    PNGBuilder.zlib(
                        PNGBuilder.filtered(good.rows) + [UInt8](repeating: 0, count: 100))
                ),
                ("IEND", []),
            ]), "unpacks to more than the 30 bytes that 3 × 2 pixels can have"),
        Bad("no such depth", "damaged") { $0.depth = 3 },
        Bad("no such colour type", "damaged") { $0.colorType = 5 },
        Bad("depth and colour type don't go together", "damaged") {
            $0.colorType = 2
            $0.depth = 4
        },
        Bad("wrong checksum of the size", changed(19, 2), "CRC"),
        Bad("wrong checksum of the pixels", changed(55, 0), "data check"),
        Bad("wrong checksum of the chunk", changed(60, good.bytes[60] ^ 1), "CRC"),
        Bad("palette missing", "damaged") { $0.colorType = 3 },
        Bad("no such filter", "filter") {
            $0.rows[0] = [1, 2, 3, 9, 4, 5, 6]; $0.rows.removeLast()
        },
        Bad(
            "no pixels", assembled([("IHDR", good.header), ("IEND", [])]), "damaged"),
        Bad(
            "pixels aren't zlib",
            assembled([("IHDR", good.header), ("IDAT", [1, 2, 3]), ("IEND", [])]),
            "damaged"),
        Bad("no end", assembled([("IHDR", good.header), ("IDAT", pixels)]), "ends early"),
        Bad("unknown necessary chunk", "damaged") { $0.extra = [("ABCD", [1])] },
    ]

    @Test(arguments: corpus) func isAnErrorThatSaysWhat(bad: Bad) {
        let error = #expect(throws: ImageError.self) {
            try PNG.decodeGray(bad.file, name: "some.png")
        }
        let message = error?.description ?? ""
        #expect(message.hasPrefix("some.png: "), "\(message)")
        #expect(message.contains(bad.reason), "\(message)")
        #expect(error?.exitCode == 65)
    }

    @Test func theBuilderMakesGoodFiles() throws {
        #expect(try PNG.decodeGray(Self.good.bytes, name: "p").pixels == [10, 20, 30, 40, 50, 60])
    }

    @Test func everyPartOfAFileIsAnError() {
        let file = Self.good.bytes
        for count in file.indices {
            #expect(throws: ImageError.self, "\(count) of \(file.count) bytes") {
                try PNG.decodeGray(Array(file.prefix(count)), name: "p")
            }
        }
    }

    @Test func noChangedBytesBringItDown() {
        let file = Self.good.bytes
        for place in file.indices {
            for flip: UInt8 in [0x01, 0x20, 0x80, 0xff] {
                var changed = file
                changed[place] ^= flip
                // Checksums may catch it or not; what is read has the size that it says.
                guard let image = try? PNG.decodeGray(changed, name: "p") else { continue }
                #expect(image.pixels.count == image.width * image.height)
            }
        }
    }

    @Test func hugeCommentsAreNotRead() throws {
        var builder = Self.good
        builder.extra = [("tEXt", [UInt8](repeating: 65, count: 5 << 20))]
        #expect(try PNG.decodeGray(builder.bytes, name: "p").width == 3)
    }

    @Test func unreadableFilesAreErrors() throws {
        let scratch = try Scratch()
        func code(_ path: String) -> Int32? {
            #expect(throws: (any Error).self) { try PNG.readGray(path: path) }
                .flatMap { $0 as? any PhidiasError }?.exitCode
        }
        #expect(code(scratch.path + "/none.png") == 66)
        #expect(code(scratch.path) != nil)
        #expect(code(try scratch.file("text.png", Array("hello, world".utf8))) == 65)
        #expect(code(try scratch.file("empty.png", [])) == 65)
    }
}
