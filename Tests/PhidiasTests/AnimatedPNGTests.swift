import Phidias
import Testing

@Suite struct AnimatedPNGTests {
    private struct Chunk: Equatable {
        let name: String
        let data: [UInt8]

        func number(_ offset: Int, bytes: Int = 4) -> Int {
            data[offset..<offset + bytes].reduce(0) { $0 << 8 | Int($1) }
        }
    }

    /// The chunks of a file, whose checksums must be right.
    private static func chunks(_ file: [UInt8]) throws -> [Chunk] {
        try #require(Array(file.prefix(8)) == PNGBuilder.signature)
        var chunks: [Chunk] = [], place = 8
        while place < file.count {
            let length = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = place + 8 + length
            let sum = PNGBuilder.number(Int(PNGBuilder.crc(Array(file[place + 4..<end]))))
            try #require(Array(file[end..<end + 4]) == sum, "the checksum at byte \(end)")
            chunks.append(
                .init(
                    name: String(decoding: file[place + 4..<place + 8], as: UTF8.self),
                    data: Array(file[place + 8..<end])))
            place = end + 4
        }
        return chunks
    }

    private static func picture(_ seed: Int, channels: Int = 3) -> Image {
        Image(
            unchecked: (0..<channels * 40 * 30).map { UInt8(($0 * $0 * seed + $0) % 251) },
            width: 40, height: 30, channels: channels)
    }

    private static func animation(_ pictures: [Image], last: Int = 2500) throws -> [UInt8] {
        var animation = AnimatedPNG(count: pictures.count, text: ["Title": "Digits"])
        for (place, picture) in pictures.enumerated() {
            try animation.add(
                picture, milliseconds: place + 1 == pictures.count ? last : 40 + place)
        }
        return animation.finished()
    }

    /// Its parts are those of the specification, and each frame's data, as a file of its own, is the
    /// picture.
    @Test(arguments: [1, 3]) func everyFrameIsThePictureThatWasAdded(channels: Int) throws {
        let pictures = [1, 2, 5].map { Self.picture($0, channels: channels) }
        let file = try Self.animation(pictures)
        let chunks = try Self.chunks(file)
        #expect(
            chunks.map(\.name) == [
                "IHDR", "acTL", "tEXt", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND",
            ])
        #expect(chunks[1].number(0) == 3 && chunks[1].number(4) == 0, "three frames, for ever")
        let controls = chunks.filter { $0.name == "fcTL" }
        #expect(controls.map { $0.number(20, bytes: 2) } == [40, 41, 2500])
        for control in controls {
            #expect(control.data.count == 26 && control.number(22, bytes: 2) == 1000)
            #expect(control.number(4) == 40 && control.number(8) == 30)
            #expect(control.number(12) == 0 && control.number(16) == 0)
            #expect(control.data[24...] == [0, 0])
        }
        let numbered = chunks.filter { ["fcTL", "fdAT"].contains($0.name) }
        #expect(numbered.map { $0.number(0) } == [0, 1, 2, 3, 4])
        let frames = chunks.compactMap { chunk -> [UInt8]? in
            switch chunk.name {
            case "IDAT": chunk.data
            case "fdAT": Array(chunk.data.dropFirst(4))
            default: nil
            }
        }
        for (picture, data) in zip(pictures, frames) {
            let alone =
                PNGBuilder.signature + PNGBuilder.chunk("IHDR", chunks[0].data)
                + PNGBuilder.chunk("IDAT", data) + PNGBuilder.chunk("IEND", [])
            let read = channels == 1 ? try PNG.decodeGray(alone) : try PNG.decodeColor(alone)
            #expect(read == picture)
        }
        // Whoever knows no animations sees the first.
        let seen = channels == 1 ? try PNG.decodeGray(file) : try PNG.decodeColor(file)
        #expect(seen == pictures[0])
        #expect(try Self.animation(pictures) == file, "the same bytes again")
    }

    /// libpng ends a chunk of data after 8 KiB: all of them make one frame.
    @Test func largePicturesAreOneFrameEach() throws {
        // Noise, which cannot be packed: Knuth and Lewis's generator.
        var state: UInt32 = 1
        let large = (1...2).map { _ in
            Image(
                unchecked: (0..<3 * 300 * 200).map { _ in
                    state = state &* 1_664_525 &+ 1_013_904_223
                    return UInt8(state >> 24)
                }, width: 300, height: 200, channels: 3)
        }
        let chunks = try Self.chunks(try Self.animation(large, last: 60_000))
        #expect(chunks.map(\.name).suffix(5) == ["fcTL", "IDAT", "fcTL", "fdAT", "IEND"])
        #expect(chunks.contains { $0.name == "fdAT" && $0.data.count > 1 << 14 })
        #expect(chunks.last { $0.name == "fcTL" }?.number(20, bytes: 2) == 60_000)
    }
}
