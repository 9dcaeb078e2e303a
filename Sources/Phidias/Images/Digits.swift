/// The ten digits, 3 dots wide and 5 high, drawn without any font. From 10,000 on a gap sets the
/// thousands apart.
enum Digits {
    /// Dots of a digit from top to bottom.
    static let height = 5
    private static let width = 3
    /// Dots from a digit to the next, and more at a thousand.
    private static let advance = width + 1, gap = 2

    // Rows from top to bottom, the left dot first.
    private static let shapes = [
        "111101101101111", "010110010010111", "111001111100111", "111001111001111",
        "101101111001001", "111100111001111", "111100111101111", "111001010010010",
        "111101111101111", "111101111001111",
    ].map { $0.map { $0 == "1" } }

    /// Dots of a number from left to right.
    static func width(of number: Int) -> Int {
        let count = digits(number).count
        return count * advance - 1 + gap * gaps(before: count, of: count)
    }

    /// The dots of a number, each by its place from the left and from the top.
    static func dots(of number: Int) -> [(x: Int, y: Int)] {
        let digits = digits(number)
        return digits.enumerated().flatMap { place, digit in
            let left = place * advance + gap * gaps(before: place, of: digits.count)
            return shapes[digit].indices.filter { shapes[digit][$0] }
                .map { (left + $0 % width, $0 / width) }
        }
    }

    private static func digits(_ number: Int) -> [Int] {
        String(number).compactMap(\.wholeNumberValue)
    }

    /// Ends of thousands before a digit.
    private static func gaps(before place: Int, of count: Int) -> Int {
        count < 5 ? 0 : (count - 1) / 3 - (count - 1 - min(place, count - 1)) / 3
    }
}
