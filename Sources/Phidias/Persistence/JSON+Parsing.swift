import PhidiasKernels

/// Why a text is not the expected JSON, and at which byte (from 0).
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package let byte: Int
    package let reason: String

    package var description: String { "byte \(byte): \(reason)" }
}

extension JSON {
    /// Limits of a text. They are checked while reading, so that a hostile text can't make the
    /// values larger than a fixed multiple of its size.
    package struct Limits: Sendable {
        package var bytes: Int
        package var depth: Int
        package var values: Int

        package init(bytes: Int = 100_000_000, depth: Int = 64, values: Int = 4_000_000) {
            self.bytes = bytes
            self.depth = depth
            self.values = values
        }
    }

    /// Reads one value, with white space around it and nothing else.
    ///
    /// Strict: UTF-8 without byte order mark, no comments, no trailing commas, no lone surrogates,
    /// no duplicate key in an object, no number beyond Double's range.
    /// - Throws: `JSONError`.
    package init(
        parsing bytes: some Collection<UInt8>, limits: Limits = Limits()
    ) throws(JSONError) {
        guard bytes.count <= limits.bytes else {
            throw JSONError(
                byte: limits.bytes,
                reason: "the text has \(bytes.count) bytes, more than \(limits.bytes)")
        }
        // The text twice, as bytes and in pieces, and a value with its key while arrays grow.
        let memory = 2 * bytes.count + 256 * min(bytes.count / 2, limits.values)
        if bytes.count > 1 << 12, let reason = Memory.refusal(memory) {
            throw JSONError(
                byte: 0,
                reason:
                    "there is not enough memory for what it may hold, \(Memory.mebibytes(memory)): \(reason)"
            )
        }
        var parser = JSONParser(bytes: Array(bytes), limits: limits)
        self = try parser.parse()
    }
}

/// Recursive descent over the bytes.
private struct JSONParser {
    let bytes: [UInt8]
    let limits: JSON.Limits
    var position = 0
    var depth = 0
    var values = 0

    init(bytes: [UInt8], limits: JSON.Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// The byte at the position; nil at the end.
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func parse() throws(JSONError) -> JSON {
        skipSpace()
        let value = try parseValue()
        skipSpace()
        guard position == bytes.count else { throw unexpected("the end of the text") }
        return value
    }

    func failure(_ reason: String, at start: Int? = nil) -> JSONError {
        JSONError(byte: start ?? position, reason: reason)
    }

    func unexpected(_ expected: String) -> JSONError {
        guard let next else { return failure("the text ends where \(expected) was expected") }
        let found =
            (0x21...0x7e).contains(next)
            ? "'\(UnicodeScalar(next))'" : "byte 0x\(String(next, radix: 16))"
        return failure("\(found) where \(expected) was expected")
    }

    mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { position += 1 }
    }

    /// Moves past `byte` if it comes next.
    mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    mutating func parseValue() throws(JSONError) -> JSON {
        values += 1
        guard values <= limits.values else {
            throw failure("more than \(limits.values) values")
        }
        guard let next else { throw unexpected("a value") }
        switch next {
        case UInt8(ascii: "{"):
            try enter()
            defer { depth -= 1 }
            return .object(try parseObject())
        case UInt8(ascii: "["):
            try enter()
            defer { depth -= 1 }
            return .array(try parseArray())
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        default: throw unexpected("a value")
        }
    }

    /// Moves past an opening bracket and the space behind it.
    mutating func enter() throws(JSONError) {
        guard depth < limits.depth else {
            throw failure("nested more than \(limits.depth) deep")
        }
        depth += 1
        position += 1
        skipSpace()
    }

    mutating func parseArray() throws(JSONError) -> [JSON] {
        var elements: [JSON] = []
        if skip("]") { return elements }
        while true {
            elements.append(try parseValue())
            skipSpace()
            if skip("]") { return elements }
            guard skip(",") else { throw unexpected("',' or ']'") }
            skipSpace()
        }
    }

    mutating func parseObject() throws(JSONError) -> [JSON.Member] {
        var members: [JSON.Member] = []
        var keys: Set<String> = []
        if skip("}") { return members }
        while true {
            guard next == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
            let start = position
            let key = try parseString()
            guard keys.insert(key).inserted else {
                throw failure("the key \"\(key)\" appears twice", at: start)
            }
            skipSpace()
            guard skip(":") else { throw unexpected("':'") }
            skipSpace()
            members.append(JSON.Member(key: key, value: try parseValue()))
            skipSpace()
            if skip("}") { return members }
            guard skip(",") else { throw unexpected("',' or '}'") }
            skipSpace()
        }
    }

    mutating func parseWord(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let start = position
        for byte in "\(word)".utf8 {
            guard next == byte else { throw failure("not a value; is '\(word)' meant?", at: start) }
            position += 1
        }
        return value
    }

    mutating func parseNumber() throws(JSONError) -> JSON {
        let start = position
        var isInteger = true
        _ = skip("-")
        if !skip("0") { try parseDigits() }
        if skip(".") {
            isInteger = false
            try parseDigits()
        }
        if skip("e") || skip("E") {
            isInteger = false
            if !skip("+") { _ = skip("-") }
            try parseDigits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // -0 has no Int that keeps its sign.
        if isInteger, text != "-0", let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw failure("the number is out of range", at: start)
        }
        return .number(value)
    }

    mutating func parseDigits() throws(JSONError) {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw unexpected("a digit") }
    }

    mutating func parseString() throws(JSONError) -> String {
        let start = position
        position += 1
        var content: [UInt8] = []
        while true {
            guard let byte = next else { throw failure("the string has no end", at: start) }
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let string = String(validating: content, as: UTF8.self) else {
                    throw failure("the string is not valid UTF-8", at: start)
                }
                return string
            case UInt8(ascii: "\\"):
                content.append(contentsOf: String(try parseEscape()).utf8)
            case 0..<0x20:
                throw failure("a control character must be escaped")
            default:
                content.append(byte)
                position += 1
            }
        }
    }

    mutating func parseEscape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        position += 1
        guard let byte = next else { throw unexpected("an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw failure("not an escape that JSON knows", at: start)
        }
        let unit = try parseHexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // Beyond 16 bits: a high surrogate, then a low one.
        guard unit < 0xdc00, skip("\\"), skip("u") else {
            throw failure("half of a surrogate pair", at: start)
        }
        let low = try parseHexadecimal()
        guard (0xdc00...0xdfff).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00))
        else { throw failure("half of a surrogate pair", at: start) }
        return scalar
    }

    mutating func parseHexadecimal() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw unexpected("a hexadecimal digit")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
