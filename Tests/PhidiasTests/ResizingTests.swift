import Phidias
import Testing

/// Pictures in other sizes, by averaging areas in whole numbers.
@Suite struct ResizingTests {
    static func image(_ width: Int, _ height: Int, _ pixels: [UInt8]) throws -> Image {
        try Image(width: width, height: height, channels: 1, pixels: pixels)
    }

    @Test func pixelsAreMeansOfAreas() throws {
        let four = try Self.image(4, 2, [0, 10, 20, 30, 40, 50, 60, 71])
        #expect(try four.resized(width: 2, height: 1).pixels == [25, 45])
        #expect(try four.resized(width: 1, height: 1, fit: .stretch).pixels == [35])
        // Three columns over two: each of the new ones covers one and a half.
        let three = try Self.image(3, 1, [0, 90, 240])
        #expect(try three.resized(width: 2, height: 1, fit: .stretch).pixels == [30, 190])
        // Two over three: the middle one covers half of each.
        let two = try Self.image(2, 1, [0, 101])
        #expect(try two.resized(width: 3, height: 1, fit: .stretch).pixels == [0, 51, 101])
        #expect(try two.resized(width: 4, height: 2).pixels == [0, 0, 101, 101, 0, 0, 101, 101])
        #expect(try four.resized(width: 4, height: 2) == four)
    }

    @Test func channelsAreResizedByThemselves() throws {
        let image = try Image(
            width: 2, height: 1, channels: 3, pixels: [0, 100, 200, 10, 120, 255])
        let one = try image.resized(width: 1, height: 1, fit: .stretch)
        #expect(one.pixels == [5, 110, 228])
        #expect(image.planes == [0, 10, 100, 120, 200, 255])
    }

    /// The mean of all pixels stays, to within rounding, whatever the sizes.
    @Test func nothingIsLostOrMade() throws {
        var seed: UInt32 = 1
        let pixels = (0..<37 * 23).map { _ in
            seed = seed &* 1_664_525 &+ 1_013_904_223
            return UInt8(seed >> 24)
        }
        let image = try Self.image(37, 23, pixels)
        let mean = Double(pixels.reduce(0) { $0 + Int($1) }) / Double(pixels.count)
        for (width, height) in [(28, 28), (1, 1), (36, 22), (50, 40), (7, 64)] {
            let small = try image.resized(width: width, height: height, fit: .stretch)
            let sum = small.pixels.reduce(0) { $0 + Int($1) }
            // Each pixel is rounded by at most a half.
            #expect(abs(Double(sum) / Double(small.pixels.count) - mean) <= 0.5)
        }
    }

    @Test func croppingCutsEitherSide() throws {
        let wide = try Self.image(6, 2, [9, 1, 2, 3, 4, 9, 9, 5, 6, 7, 8, 9])
        #expect(try wide.resized(width: 2, height: 1, fit: .crop).pixels == [4, 6])
        let high = try Self.image(1, 5, [9, 9, 3, 9, 9])
        #expect(try high.resized(width: 1, height: 1, fit: .crop).pixels == [3])
    }

    @Test func paddingKeepsProportionsAndAddsTheBorder() throws {
        let wide = try Self.image(4, 2, [10, 20, 30, 40, 50, 60, 70, 80])
        // All pixels lie on an edge: their mean is 45.
        #expect(
            try wide.resized(width: 2, height: 2, fit: .pad).pixels == [35, 55, 45, 45])
        let high = try Self.image(1, 3, [10, 99, 20])
        #expect(
            try high.resized(width: 3, height: 3, fit: .pad).pixels
                == [43, 10, 43, 43, 99, 43, 43, 20, 43])
    }

    @Test func otherSizesAreErrors() throws {
        let image = try Self.image(1, 1, [1])
        for (width, height) in [(0, 1), (1, 0), (-1, 1), (4097, 1), (1, 4097)] {
            #expect(throws: ImageError.fittedSize(rows: height, columns: width)) {
                try image.resized(width: width, height: height)
            }
        }
        let empty = try Image(width: 0, height: 0, channels: 1, pixels: [])
        #expect(throws: ImageError.self) { try empty.resized(width: 1, height: 1) }
    }
}
