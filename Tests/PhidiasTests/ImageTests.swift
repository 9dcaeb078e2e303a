import Foundation
import Phidias
import Testing

@Suite struct PNGTests {
    static let gray = Image(width: 3, height: 2, channels: 1, pixels: [0, 50, 100, 150, 200, 255])

    @Test func grayRoundTripWithText() throws {
        let bytes = try PNG.encode(Self.gray, text: ["Title": "φ", "Layer": "0"])
        #expect(try PNG.decodeGray(bytes, path: "p") == Self.gray)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("iTXtTitle"))
        #expect(text.contains("φ"))
        #expect(bytes == (try PNG.encode(Self.gray, text: ["Title": "φ", "Layer": "0"])))
    }

    @Test func coloursBecomeGray() throws {
        let rgb = Image(width: 1, height: 1, channels: 3, pixels: [255, 255, 255])
        #expect(try PNG.decodeGray(PNG.encode(rgb), path: "p").pixels == [255])
    }

    @Test func badFilesAreErrors() throws {
        let good = try PNG.encode(Self.gray)
        #expect(throws: ImageError.notPNG(path: "p")) { try PNG.decodeGray([1, 2, 3], path: "p") }
        #expect(throws: ImageError.notPNG(path: "p")) { try PNG.decodeGray([], path: "p") }
        for length in [8, 20, 40, good.count - 13] {
            #expect(throws: ImageError.self, "\(length)") {
                try PNG.decodeGray(Array(good.prefix(length)), path: "p")
            }
        }
        var huge = good
        huge.replaceSubrange(16..<24, with: [0, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0xff])
        // The checksum of the header no longer fits, or the size is refused: never an allocation.
        #expect(throws: ImageError.self) { try PNG.decodeGray(huge, path: "p") }
    }

    @Test func largeImagesAreRefused() throws {
        let wide = Image(width: 4097, height: 1, channels: 1, pixels: [UInt8](repeating: 0, count: 4097))
        #expect(throws: ImageError.tooLarge(path: "p", width: 4097, height: 1)) {
            try PNG.decodeGray(PNG.encode(wide), path: "p")
        }
    }
}

@Suite struct FilterImageTests {
    @Test func pixelsAreWhereTheyBelong() throws {
        var picture = FilterImage()
        picture.scale = 2
        picture.columns = 2
        picture.colorMap = .gray
        let image = try picture.draw(weights: [1, -1, 0, 0.5, 0, 0], rows: 1, width: 2)
        #expect(image.width == 2 * (2 * 2 + 2) + 2)
        #expect(image.height == 2 * (1 * 2 + 2) + 2)
        func pixel(_ x: Int, _ y: Int) -> UInt8 { image.pixels[y * image.width + x] }
        #expect(pixel(0, 0) == 64)
        #expect(pixel(2, 2) == 255)
        #expect(pixel(4, 3) == 0)
        #expect(pixel(8, 2) == 128)
        #expect(pixel(10, 2) == 255, "scaled by its own largest weight")
        #expect(pixel(2, 6) == 128, "an all-zero filter is at the middle")
        picture.scaling = .global
        let global = try picture.draw(weights: [1, -1, 0, 0.5, 0, 0], rows: 1, width: 2)
        #expect(global.pixels[2 * image.width + 10] == 191)
    }

    @Test func divergingMapIsSymmetricInLightness() {
        func luminance(_ c: SIMD3<UInt8>) -> Double {
            let red = 0.2126 * Double(c.x)
            let green = 0.7152 * Double(c.y)
            return red + green + 0.0722 * Double(c.z)
        }
        #expect(FilterImage.color(0, .diverging) == SIMD3(247, 247, 247))
        for step in 1...10 {
            let value = Float(step) / 10
            let (low, high) = (FilterImage.color(-value, .diverging), FilterImage.color(value, .diverging))
            #expect(abs(luminance(low) - luminance(high)) < 14)
            #expect(low.z > low.x && high.x > high.z)
        }
    }

    @Test func impossiblePicturesAreErrors() {
        #expect(throws: ImageError.noFilters) { try FilterImage().draw(weights: [], rows: 2, width: 2) }
        #expect(throws: ImageError.notFinite(filter: 1)) {
            try FilterImage().draw(weights: [1, .nan], rows: 1, width: 1)
        }
        var huge = FilterImage()
        huge.scale = 65
        #expect(throws: ImageError.self) { try huge.draw(weights: [1], rows: 1, width: 1) }
        huge.scale = 64
        #expect(throws: ImageError.self) {
            try huge.draw(weights: [Float](repeating: 0, count: 1 << 20), rows: 1024, width: 1024)
        }
        huge.columns = 0
        #expect(throws: ImageError.self) { try huge.draw(weights: [1], rows: 1, width: 1) }
    }

    @Test func autocorrelationTellsStrokesFromNoise() {
        let random = CounterRandom(seed: 1, purpose: .user)
        let noise: [Float] = (0..<15_680).map { (place: Int) in Float(random.uniform(UInt64(place)) - 0.5) }
        #expect(abs(FilterImage.autocorrelation(weights: noise, rows: 28, width: 28, window: 20)) < 0.03)
        let smooth: [Float] = (0..<784).map { (place: Int) in Float(place % 28 + place / 28) }
        #expect(FilterImage.autocorrelation(weights: smooth, rows: 28, width: 28, window: 20) > 0.99)
    }
}

@Suite struct DigitFittingTests {
    @Test(arguments: [(100, 60), (40, 200), (17, 17), (28, 30)])
    func inkIsCentredByMassInABoxOf20(width: Int, height: Int) throws {
        var pixels = [UInt8](repeating: 0, count: width * height)
        for y in height / 5..<height / 2 { for x in 2..<width / 2 { pixels[y * width + x] = 255 } }
        let image = Image(width: width, height: height, channels: 1, pixels: pixels)
        let fitted = try DigitFitting.fit(image, rows: 28, columns: 28, name: "p")
        var (mass, mx, my) = (0.0, 0.0, 0.0)
        for y in 0..<28 {
            for x in 0..<28 {
                mass += Double(fitted[y * 28 + x])
                mx += Double(fitted[y * 28 + x]) * (Double(x) + 0.5)
                my += Double(fitted[y * 28 + x]) * (Double(y) + 0.5)
            }
        }
        #expect(abs(mx / mass - 14) <= 0.5)
        #expect(abs(my / mass - 14) <= 0.5)
        let columns = (0..<28).filter { x in (0..<28).contains { fitted[$0 * 28 + x] > 0 } }.count
        let rows = (0..<28).filter { y in (0..<28).contains { fitted[y * 28 + $0] > 0 } }.count
        #expect(max(columns, rows) == 20)
    }

    @Test func imagesOfTheRightSizeAreKept() throws {
        let data = try SyntheticDigits.dataset(count: 1, seed: 1)
        let image = Image(width: 28, height: 28, channels: 1, pixels: data.images)
        #expect(try DigitFitting.fit(image, rows: 28, columns: 28, name: "p") == data.images)
        let dark = Image(width: 28, height: 28, channels: 1, pixels: data.images.map { 255 - $0 })
        #expect(try DigitFitting.fit(dark, rows: 28, columns: 28, invert: true, name: "p") == data.images)
    }

    @Test func blankImagesAreErrors() {
        for (side, value) in [(1, UInt8(255)), (1, 0), (50, 0)] {
            let image = Image(width: side, height: side, channels: 1, pixels: [UInt8](repeating: value, count: side * side))
            #expect(throws: ImageError.blank(path: "p")) {
                try DigitFitting.fit(image, rows: 28, columns: 28, name: "p")
            }
        }
    }
}
