import Phidias
import Testing

@Suite struct ContactSheetTests {
    private static func gray(_ width: Int, _ height: Int) -> Image {
        Image(
            unchecked: [UInt8](repeating: 96, count: 3 * width * height), width: width,
            height: height, channels: 3)
    }

    private static func sheet(
        _ numbers: [Int], _ width: Int, _ height: Int, columns: Int? = nil
    ) throws -> Image {
        var sheet = try ContactSheet(
            count: numbers.count, width: width, height: height, columns: columns,
            largest: numbers.max() ?? 0)
        for number in numbers { sheet.add(gray(width, height), number: number) }
        return sheet.image
    }

    /// Pixels of the frames' gray.
    private static func framed(_ sheet: Image) -> Int {
        (0..<sheet.width * sheet.height).count { sheet.pixels[3 * $0] == 96 }
    }

    @Test func smallFramesAreEnlarged() throws {
        // Those of a convolution: 34 pixels become 238.
        let small = try Self.sheet([0, 600, 1200, 1800], 34, 34)
        #expect(Self.framed(small) == 4 * 238 * 238)
        let large = try Self.sheet([0, 600, 1200, 1800], 400, 300)
        #expect(Self.framed(large) == 4 * 400 * 300)
    }

    /// Where the frames are 700 pixels wide, so large is a dot.
    @Test func numbersAreAsLargeAsTheSheetNeeds() throws {
        let numbers = [0, 4690, 12_345, 1_000_000]
        let sheet = try Self.sheet(numbers, 700, 350, columns: 2)
        let dot = 4, margin = 12, caption = 28
        #expect(sheet.width == 2 * 700 + 3 * margin)
        #expect(sheet.height == 2 * (350 + caption) + 3 * margin)
        for (place, number) in numbers.enumerated() {
            let left = margin + place % 2 * (700 + margin)
            let top = margin + place / 2 * (350 + caption + margin) + 350 + 2 * dot
            let digits = String(number).compactMap(\.wholeNumberValue)
            for (index, digit) in digits.enumerated() {
                // A gap of two dots before each three digits, from 10,000 on.
                let ends =
                    number < 10_000 ? 0 : (digits.count - 1) / 3 - (digits.count - 1 - index) / 3
                let glyph = Glyph(
                    sheet, left: left + dot * (4 * index + 2 * ends), top: top, dot: dot)
                #expect(glyph.text == Glyph.digits[digit], "\(number): \(glyph.text)")
            }
        }
    }

    @Test func numbersAreNoWiderThanTheirFrame() throws {
        // 21 dots: three pixels each would be as wide as the sheet.
        let sheet = try Self.sheet([0, 12_345], 40, 240, columns: 2)
        let margin = (sheet.width - 80) / 3, second = 2 * margin + 40
        let black = (0..<sheet.width * sheet.height).filter { sheet.pixels[3 * $0] == 0 }
            .map { $0 % sheet.width }.filter { $0 >= margin + 40 }
        #expect(black.min() == second && black.max() == second + 20)
    }

    @Test func aSheetTooLargeIsRefusedBeforeItIsDrawn() {
        #expect(throws: ImageError.self) {
            try ContactSheet(count: 60, width: 4096, height: 4096, largest: 60)
        }
    }
}
