import Phidias
import Testing

/// Drawings found without being told what is ink and what is paper.
@Suite struct DrawingTests {
    static func find(_ image: Image, ink: DigitFitting.Ink? = nil) throws -> [DigitFitting.Drawing]
    {
        try DigitFitting.drawings(in: image, rows: 28, columns: 28, ink: ink, name: "p")
    }

    /// A picture made of another, pixel by pixel.
    static func changed(_ image: Image, _ value: (Int, Int, Int) -> Int) -> Image {
        var pixels: [UInt8] = []
        for y in 0..<image.height {
            for x in 0..<image.width {
                let old = Int(image.pixels[y * image.width + x])
                pixels.append(UInt8(min(max(value(old, x, y), 0), 255)))
            }
        }
        return Image(unchecked: pixels, width: image.width, height: image.height, channels: 1)
    }

    /// Those that look like drawings: not most of the picture, and no lines of a pixel, which are
    /// drawn thicker.
    @Test(arguments: FittingTests.cases.filter { $0.width > 5 && $0.width < 400 })
    func onEvenPaperBothInksAreFittedAsBefore(
        drawn: FittingTests.Case
    ) throws {
        let light = FittingTests.drawing(
            drawn.shape, drawn.width, drawn.height, left: 30, top: 27, right: 33, bottom: 31)
        let expected = try DigitFitting.fit(light, rows: 28, columns: 28, name: "p")
        let dark = Self.changed(light) { value, _, _ in 255 - value }
        for (image, ink) in [(light, DigitFitting.Ink.light), (dark, .dark)] {
            for told in [nil, ink] {
                let found = try Self.find(image, ink: told)
                #expect(found.map(\.pixels) == [expected])
                #expect(found[0].ink == ink && !found[0].isWhole && !found[0].isShaded)
            }
        }
    }

    /// Light that falls from a side, a shadow with an edge, and lines: dark ink stays what it is.
    @Test func shadeAndLinesAreRemoved() throws {
        let block = FittingTests.drawing(
            "block", 90, 130, left: 60, top: 40, right: 70, bottom: 60, paper: 220, ink: 90)
        // A seven by a pen of 13 pixels.
        let plain = Self.changed(block) { value, x, y in
            let (u, v) = ((Double(x) - 59.5) / 90, (Double(y) - 39.5) / 130)
            return value == 220 || v < 0.1 || abs(u - (1 - 0.6 * v)) < 0.07 ? value : 220
        }
        let expected = try #require(try Self.find(plain).first)
        let ruled = Self.changed(plain) { value, _, y in y % 23 == 11 ? min(value, 195) : value }
        func shaded(_ image: Image) -> Image {
            Self.changed(image) { value, x, y in
                value * (500 - x) / 500 * (x + y > 190 ? 6 : 10) / 10
            }
        }
        for (image, lines) in [(shaded(plain), false), (shaded(ruled), true)] {
            let found = try Self.find(image)
            #expect(found.count == 1)
            #expect(found[0].ink == .dark && found[0].isShaded)
            #expect((found[0].lines > 0) == lines)
            let difference = zip(found[0].pixels, expected.pixels).reduce(0) {
                $0 + abs(Int($1.0) - Int($1.1))
            }
            let ink = expected.pixels.reduce(0) { $0 + Int($1) }
            #expect(difference < ink / 8, "\(difference) of \(ink)")
        }
    }

    @Test func drawingsComeFromLeftToRight() throws {
        var pixels = [UInt8](repeating: 230, count: 400 * 120)
        var alone: [[UInt8]] = []
        for (place, shape) in ["disc", "seven", "triangle"].enumerated() {
            let image = FittingTests.drawing(
                shape, 60, 70, left: 20, top: 20, right: 20, bottom: 20, paper: 230, ink: 30)
            alone.append(try #require(try Self.find(image).first).pixels)
            for y in 0..<image.height {
                for x in 0..<image.width {
                    pixels[y * 400 + x + 120 * place] = image.pixels[y * image.width + x]
                }
            }
        }
        let row = Image(unchecked: pixels, width: 400, height: 120, channels: 1)
        #expect(try Self.find(row).map(\.pixels) == alone)
    }

    @Test func picturesOfTheRightSizeAreNeverScaled() throws {
        // Nothing but the digit's own pixels, or exactly 255 less them.
        let digits = try SyntheticDigits.dataset(count: 500, seed: 4)
        for index in 0..<digits.count {
            let pixels = digits.image(index)
            let light = Image(unchecked: pixels, width: 28, height: 28, channels: 1)
            let dark = Self.changed(light) { value, _, _ in 255 - value }
            let found = try Self.find(light) + Self.find(dark)
            #expect(found.map(\.pixels) == [pixels, pixels])
            #expect(found.map(\.ink) == [.light, .dark] && found.allSatisfy(\.isWhole))
            #expect(try Self.find(dark, ink: .light)[0].pixels == dark.pixels)
            #expect(try Self.find(light, ink: .dark)[0].pixels == dark.pixels)
        }
    }

    @Test func picturesWithoutPaperAreLeftAlone() throws {
        // A gradient, and something bright that covers most of a dark ground.
        let gradient = Self.changed(
            FittingTests.drawing("block", 24, 24, left: 2, top: 2, right: 2, bottom: 2)
        ) { _, x, y in 4 * x + 5 * y }
        let garment = FittingTests.drawing("block", 22, 28, left: 3, top: 0, right: 3, bottom: 0)
        for image in [gradient, garment] {
            #expect(try Self.find(image)[0].pixels == image.pixels)
        }
    }

    @Test func aNetworkOfDarkInkGetsDarkInk() throws {
        let digits = try SyntheticDigits.dataset(count: 40, seed: 5)
        let turned = try Dataset(
            images: digits.images.map { 255 - $0 }, labels: digits.labels, rows: 28, columns: 28,
            classes: 10)
        #expect(digits.ground == .dark && turned.ground == .light)
        for index in 0..<digits.count {
            let light = Image(
                unchecked: digits.image(index), width: 28, height: 28, channels: 1)
            let dark = Image(unchecked: turned.image(index), width: 28, height: 28, channels: 1)
            for image in [light, dark] {
                let found = try DigitFitting.drawings(
                    in: image, rows: 28, columns: 28, ground: .light, name: "p")
                #expect(found[0].pixels == dark.pixels)
                #expect(found[0].isInverted == (image == light))
                let left = try DigitFitting.drawings(
                    in: image, rows: 28, columns: 28, ground: .varied, name: "p")
                #expect(left[0].pixels == image.pixels)
            }
        }
        let drawn = FittingTests.drawing("seven", 60, 90, left: 30, top: 30, right: 30, bottom: 30)
        let found = try DigitFitting.drawings(
            in: drawn, rows: 28, columns: 28, ground: .light, name: "p")
        #expect(found[0].pixels == (try Self.find(drawn)[0].pixels.map { 255 - $0 }))
    }

    @Test func transparencyIsPaperOfItsOwn() throws {
        let scratch = try Scratch()
        func file(_ ink: UInt8) throws -> String {
            let rows = (0..<40).map { y in
                (0..<40).flatMap { x in [ink, (10..<30).contains(y) && x > 12 ? UInt8(255) : 0] }
            }
            let builder = PNGBuilder(width: 40, height: 40, colorType: 4, rows: rows)
            return try scratch.file("ink\(ink).png", builder.bytes)
        }
        let expected = try DigitFitting.fit(path: try file(255), rows: 28, columns: 28)
        for ink: UInt8 in [0, 60, 200, 255] {
            let found = try DigitFitting.drawings(path: try file(ink), rows: 28, columns: 28)
            #expect(found.map(\.pixels) == [expected])
            #expect(found[0].ink == (ink < 128 ? .dark : .light))
        }
    }

    @Test(arguments: [(30, 20), (64, 1), (1, 64), (700, 3), (4000, 40)])
    func noiseIsNoDrawing(width: Int, height: Int) throws {
        var state: UInt32 = 1
        let pixels = (0..<width * height).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(100 + (state >> 24) % 40)
        }
        let image = Image(unchecked: pixels, width: width, height: height, channels: 1)
        // Whatever is found, it ends, and has the size.
        for drawing in (try? Self.find(image)) ?? [] { #expect(drawing.pixels.count == 784) }
    }
}
