import Phidias
import Testing

@Suite struct FittingTests {
    /// A drawing: whether there is ink at a place, both from 0 to 1.
    static let shapes: [String: @Sendable (Double, Double) -> Bool] = [
        "block": { _, _ in true },
        "disc": { x, y in (x - 0.5) * (x - 0.5) + (y - 0.5) * (y - 0.5) <= 0.25 },
        "seven": { x, y in y < 0.2 || abs(x - (1 - 0.6 * y)) < 0.12 },
        "triangle": { x, y in x <= y },
        "ring": { x, y in
            let r = (x - 0.5) * (x - 0.5) + (y - 0.5) * (y - 0.5)
            return r <= 0.25 && r >= 0.1
        },
    ]

    /// A shape of `width` by `height` pixels on paper with margins.
    static func drawing(
        _ shape: String, _ width: Int, _ height: Int, left: Int, top: Int, right: Int = 3,
        bottom: Int = 2, paper: UInt8 = 0, ink: UInt8 = 255
    ) -> Image {
        let fullWidth = left + width + right
        let fullHeight = top + height + bottom
        var pixels = [UInt8](repeating: paper, count: fullWidth * fullHeight)
        let isInk = shapes[shape] ?? { _, _ in false }
        for y in 0..<height {
            for x in 0..<width
            where isInk((Double(x) + 0.5) / Double(width), (Double(y) + 0.5) / Double(height)) {
                pixels[(top + y) * fullWidth + left + x] = ink
            }
        }
        return Image(unchecked: pixels, width: fullWidth, height: fullHeight, channels: 1)
    }

    struct Case: Sendable {
        var shape: String
        var width: Int
        var height: Int
    }

    static let cases = shapes.keys.sorted().flatMap { shape in
        [(100, 60), (61, 97), (400, 400), (17, 17), (13, 6), (5, 40), (20, 20)].map {
            Case(shape: shape, width: $0.0, height: $0.1)
        }
    }

    @Test(arguments: cases) func drawingsFillTheBoxAndAreCentredByMass(drawn: Case) throws {
        let image = Self.drawing(drawn.shape, drawn.width, drawn.height, left: 30, top: 7)
        let fitted = try DigitFitting.fit(image, rows: 28, columns: 28, name: "p")
        #expect(fitted.count == 784)
        var (mass, massX, massY) = (0.0, 0.0, 0.0)
        var (columns, rows): (Set<Int>, Set<Int>) = ([], [])
        for y in 0..<28 {
            for x in 0..<28 where fitted[y * 28 + x] > 0 {
                let value = Double(fitted[y * 28 + x])
                mass += value
                massX += value * (Double(x) + 0.5)
                massY += value * (Double(y) + 0.5)
                columns.insert(x)
                rows.insert(y)
            }
        }
        // Half a pixel, and what the rounding to bytes adds.
        #expect(abs(massX / mass - 14.5) <= 0.51)
        #expect(abs(massY / mass - 14.5) <= 0.51)
        #expect(max(columns.count, rows.count) == 20)
        #expect(min(columns.count, rows.count) >= 1)
        // Proportions, of what has ink, to within a pixel.
        let ratio = Double(drawn.width) / Double(drawn.height)
        if drawn.shape == "block" {
            #expect(columns.count == max(1, Int((20 * min(ratio, 1)).rounded())))
            #expect(rows.count == max(1, Int((20 * min(1 / ratio, 1)).rounded())))
        }
    }

    @Test func shrinkingAveragesAreas() throws {
        // 40 × 40 to 20 × 20: each pixel is the mean of 2 × 2, of which the pattern inks 0, 1, 2
        // or 4, so the levels are exact.
        var pixels = [UInt8](repeating: 0, count: 2500)
        func inked(_ x: Int, _ y: Int) -> Int { (x / 2 * 7 + y / 2 * 3) % 4 }
        for y in 0..<40 {
            for x in 0..<40 {
                let count = inked(x, y)
                let corner = y % 2 * 2 + x % 2
                pixels[(y + 4) * 50 + x + 9] = count == 3 || corner < count ? 255 : 0
            }
        }
        let image = Image(unchecked: pixels, width: 50, height: 50, channels: 1)
        let fitted = try DigitFitting.fit(image, rows: 28, columns: 28, name: "p")
        let levels: [UInt8] = [0, 64, 128, 255]
        let first = try #require(fitted.firstIndex { $0 > 0 })
        // The top row's first pixel inks nothing, its second 3 of 4, that is all.
        let (left, top) = (first % 28 - 1, first / 28)
        for y in 0..<20 {
            for x in 0..<20 {
                #expect(fitted[(top + y) * 28 + left + x] == levels[inked(2 * x, 2 * y)])
            }
        }
    }

    @Test func whereOnThePaperDoesNotMatter() throws {
        func fit(_ image: Image, invert: Bool = false) throws -> [UInt8] {
            try DigitFitting.fit(image, rows: 28, columns: 28, invert: invert, name: "p")
        }
        let once = try fit(Self.drawing("seven", 90, 130, left: 0, top: 0))
        #expect(try fit(Self.drawing("seven", 90, 130, left: 200, top: 31)) == once)
        #expect(once.max() == 255)
        // Nor does black ink on white, or a weak contrast.
        let inverted = Self.drawing("seven", 90, 130, left: 5, top: 9, paper: 255, ink: 0)
        #expect(try fit(inverted, invert: true) == once)
        let weak = Self.drawing("seven", 90, 130, left: 5, top: 9, paper: 100, ink: 150)
        #expect(try fit(weak) == once)
        #expect(try fit(inverted) != once)
    }

    @Test func nothingIsLostWhenTheMassIsAtTheEdge() throws {
        // A heavy bar and a thin line away from it: centring by mass would push the line out.
        var pixels = [UInt8](repeating: 0, count: 2400)
        for y in 10..<30 {
            for x in 0..<60 where x < 3 || y == 20 { pixels[y * 60 + x] = 255 }
        }
        let image = Image(unchecked: pixels, width: 60, height: 40, channels: 1)
        let fitted = try DigitFitting.fit(image, rows: 28, columns: 28, name: "p")
        let columns = Set(fitted.indices.filter { fitted[$0] > 0 }.map { $0 % 28 })
        #expect(columns.count == 20)
        #expect(columns.max() == 27)
    }

    @Test func otherNetworksGetTheirSize() throws {
        let image = Self.drawing("block", 60, 60, left: 5, top: 5)
        let fitted = try DigitFitting.fit(image, rows: 14, columns: 56, name: "p")
        #expect(fitted.count == 14 * 56)
        let inked = fitted.indices.filter { fitted[$0] > 0 }
        // Ten rows and columns around the centres 7 and 28: half a pixel is rounded up.
        #expect(Set(inked.map { $0 / 56 }) == Set(3..<13))
        #expect(Set(inked.map { $0 % 56 }) == Set(24..<34))
    }

    @Test func picturesOfTheRightSizeAreKept() throws {
        let pixels = (0..<784).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let image = Image(unchecked: pixels, width: 28, height: 28, channels: 1)
        #expect(try DigitFitting.fit(image, rows: 28, columns: 28, name: "p") == pixels)
        let inverted = try DigitFitting.fit(image, rows: 28, columns: 28, invert: true, name: "p")
        #expect(inverted == pixels.map { 255 - $0 })
    }

    @Test(arguments: [(28, UInt8(0)), (28, 255), (50, 0), (50, 255), (50, 130)])
    func flatPicturesAreBlank(side: Int, value: UInt8) throws {
        let image = try Image(
            width: side, height: side, channels: 1,
            pixels: [UInt8](repeating: value, count: side * side))
        for invert in [false, true] {
            #expect(throws: ImageError.blank(path: "p", darkest: value, brightest: value)) {
                try DigitFitting.fit(image, rows: 28, columns: 28, invert: invert, name: "p")
            }
        }
    }

    @Test func noiseOnPaperIsBlank() throws {
        let image = try Image(
            width: 50, height: 50, channels: 1, pixels: (0..<2500).map { UInt8($0 * 31 % 32) })
        #expect(throws: ImageError.blank(path: "p", darkest: 0, brightest: 31)) {
            try DigitFitting.fit(image, rows: 28, columns: 28, name: "p")
        }
    }

    @Test func tinyPicturesAndDotsAreTooSmall() {
        let pixel = Image(unchecked: [255], width: 1, height: 1, channels: 1)
        #expect(throws: ImageError.tooSmall(path: "p", width: 1, height: 1, minimum: 4)) {
            try DigitFitting.fit(pixel, rows: 28, columns: 28, name: "p")
        }
        let dot = Self.drawing("block", 3, 2, left: 30, top: 30)
        #expect(throws: ImageError.tooSmall(path: "p", width: 3, height: 2, minimum: 4)) {
            try DigitFitting.fit(dot, rows: 28, columns: 28, name: "p")
        }
    }

    @Test func transparencyIsPaper() throws {
        let scratch = try Scratch()
        // Ink of one gray with alpha, nothing elsewhere.
        func file(_ ink: UInt8) throws -> String {
            let rows = (0..<40).map { y in
                (0..<40).flatMap { x in [ink, (10..<30).contains(y) && x > 12 ? UInt8(255) : 0] }
            }
            let builder = PNGBuilder(width: 40, height: 40, colorType: 4, rows: rows)
            return try scratch.file("ink\(ink).png", builder.bytes)
        }
        let white = try DigitFitting.fit(path: try file(255), rows: 28, columns: 28)
        let black = try DigitFitting.fit(path: try file(0), rows: 28, columns: 28, invert: true)
        #expect(white == black)
        #expect(white.filter { $0 == 255 }.count == 20 * 15)
    }
}
