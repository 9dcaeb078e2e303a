/// What a field of a table says.
enum FieldValue: Equatable {
    case number(Double)
    case missing
    case text

    /// - Parameter comma: the decimal separator: a point or a comma.
    init(_ bytes: [UInt8], _ range: Range<Int>, comma: UInt8 = UInt8(ascii: ".")) {
        if let value = Self.number(bytes, range, comma) {
            self = .number(value)
        } else {
            self = Self.isMissing(bytes[range]) ? .missing : .text
        }
    }

    /// The number, correctly rounded; nil for anything else, and for what is not finite.
    private static func number(_ bytes: [UInt8], _ range: Range<Int>, _ comma: UInt8) -> Double? {
        var place = range.lowerBound
        let end = range.upperBound
        guard place < end else { return nil }
        let isNegative = bytes[place] == UInt8(ascii: "-")
        if isNegative || bytes[place] == UInt8(ascii: "+") { place += 1 }
        var mantissa: UInt64 = 0
        var digits = 0, exponent = 0
        var isPastComma = false
        while place < end {
            let byte = bytes[place]
            if byte == comma, !isPastComma {
                isPastComma = true
            } else {
                guard (0x30...0x39).contains(byte) else { break }
                digits += 1
                if digits > 15 { return slow(bytes[range], comma) }
                mantissa = 10 * mantissa + UInt64(byte - 0x30)
                if isPastComma { exponent -= 1 }
            }
            place += 1
        }
        guard digits > 0 else { return nil }
        guard place == end else { return slow(bytes[range], comma) }
        // A whole number below 10¹⁵ and a power of ten up to 10¹⁵ are exact, so their quotient is
        // rounded once.
        let value = exponent == 0 ? Double(mantissa) : Double(mantissa) / powers[-exponent]
        return isNegative ? -value : value
    }

    private static let powers = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    /// Numbers with exponents or many digits. The longest decimal that lies between two doubles has
    /// fewer than 800.
    private static func slow(_ field: ArraySlice<UInt8>, _ comma: UInt8) -> Double? {
        let known = "0123456789+-eE".utf8
        guard field.count <= 1100, field.allSatisfy({ known.contains($0) || $0 == comma }),
            let value = Double(
                String(
                    decoding: field.map { $0 == comma ? UInt8(ascii: ".") : $0 }, as: UTF8.self)),
            value.isFinite
        else { return nil }
        return value
    }

    private static let missingTexts = ["", "?", "na", "n/a", "nan", "null"].map { Array($0.utf8) }

    private static func isMissing(_ field: ArraySlice<UInt8>) -> Bool {
        guard field.count <= 4 else { return false }
        let lower = field.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
        return missingTexts.contains(lower)
    }
}

/// What all fields of a column say. Lines are 0 where there is none.
struct ColumnSummary {
    private(set) var numbers: UInt32 = 0
    private(set) var missing: UInt32 = 0
    private(set) var texts: UInt32 = 0
    private(set) var lowest = Double.infinity
    private(set) var highest = -Double.infinity
    /// The first line with a text, and with a missing value; rows may come in any order.
    private(set) var textLine = 0, missingLine = 0
    private var areWhole = true
    private var sum = 0.0, first = 0.0
    private var isCounting = true

    /// Whether all values are numbers.
    var isNumeric: Bool { texts == 0 && missing == 0 }
    /// Whether the column is one of texts: there are more of them than numbers.
    var isText: Bool { texts > numbers }
    /// Whether all values are whole numbers.
    var isWhole: Bool { isNumeric && areWhole }
    /// The mean of the numbers.
    var mean: Double { sum / Double(numbers) }
    /// Whether the values are 0, 1, 2… or 1, 2, 3…
    var countsRows: Bool { isWhole && isCounting && numbers > 1 && (first == 0 || first == 1) }

    mutating func add(_ value: FieldValue, line: Int) {
        switch value {
        case .number(let value):
            if numbers == 0 { first = value }
            if value != first + Double(numbers) { isCounting = false }
            numbers += 1
            sum += value
            if value < lowest { lowest = value }
            if value > highest { highest = value }
            if value != value.rounded(.towardZero) { areWhole = false }
        case .missing:
            missing += 1
            if missingLine == 0 || line < missingLine { missingLine = line }
        case .text:
            texts += 1
            if textLine == 0 || line < textLine { textLine = line }
        }
    }
}
