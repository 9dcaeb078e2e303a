/// A JSON value (RFC 8259) whose objects keep their order. The parser is strict: duplicate keys,
/// trailing data, lone surrogates and nesting beyond `maximumDepth` are errors.
package indirect enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([Member])

    package struct Member: Sendable, Equatable {
        package let key: String
        package let value: JSON

        package init(key: String, value: JSON) {
            self.key = key
            self.value = value
        }
    }

    package static let maximumDepth = 64

    package static func members(_ pairs: KeyValuePairs<String, JSON>) -> JSON {
        .object(pairs.map { Member(key: $0.key, value: $0.value) })
    }

    package subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    package var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var integerValue: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    package var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    package var arrayValue: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// Compact text, or with line breaks and two spaces a level. A number that is not finite,
    /// which JSON cannot say, becomes null.
    package func text(pretty: Bool = false) -> String {
        var result = ""
        write(to: &result, indent: pretty ? 0 : nil)
        return result
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? String(value) : "null"
        case .string(let value): Self.quote(value, into: &text)
        case .array(let values):
            // Rows of numbers stay on one line.
            let flat = values.allSatisfy { if case .object = $0 { false } else { true } }
            Self.list("[", "]", values, flat ? nil : indent, into: &text) { value, inner, text in
                value.write(to: &text, indent: inner)
            }
        case .object(let members):
            Self.list("{", "}", members, indent, into: &text) { member, inner, text in
                Self.quote(member.key, into: &text)
                text += inner == nil ? ":" : ": "
                member.value.write(to: &text, indent: inner)
            }
        }
    }

    private static func list<T>(
        _ open: String, _ close: String, _ items: [T], _ indent: Int?, into text: inout String,
        write: (T, Int?, inout String) -> Void
    ) {
        text += open
        let inner = indent.map { $0 + 1 }
        for (position, item) in items.enumerated() {
            if position > 0 { text += "," }
            if let inner { text += "\n" + String(repeating: "  ", count: inner) }
            write(item, inner, &text)
        }
        if let indent, !items.isEmpty { text += "\n" + String(repeating: "  ", count: indent) }
        text += close
    }

    private static func quote(_ value: String, into text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// Where a text stops being JSON.
package struct JSONError: Error, Equatable {
    package let byte: Int
    package let reason: String
}
