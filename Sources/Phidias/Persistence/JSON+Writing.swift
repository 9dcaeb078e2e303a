extension JSON {
    /// The text: on one line without spaces, for logs with one value per line; or `pretty`, with
    /// one member or element per line and two spaces per level, for files that people read. Arrays
    /// of numbers stay on one line.
    ///
    /// Doubles get the fewest digits that read back as the same Double. JSON has no words for NaN
    /// and the infinities: they are written as `null`, so that a log stays readable by every
    /// parser when a training diverges.
    package func text(pretty: Bool = false) -> String {
        var text = ""
        write(to: &text, indent: pretty ? 0 : nil)
        return text
    }

    /// Appends the value; `indent` is the depth, or nil for the compact form.
    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.writeString(value, to: &text)
        case .array(let elements):
            let isFlat = elements.allSatisfy { $0.doubleValue != nil }
            Self.writeList(elements, "[", "]", isFlat: isFlat, indent: indent, to: &text) {
                $0.write(to: &$1, indent: $2)
            }
        case .object(let members):
            Self.writeList(members, "{", "}", isFlat: false, indent: indent, to: &text) {
                Self.writeString($0.key, to: &$1)
                $1 += $2 == nil ? ":" : ": "
                $0.value.write(to: &$1, indent: $2)
            }
        }
    }

    private static func writeList<Item>(
        _ items: [Item], _ open: String, _ close: String, isFlat: Bool, indent: Int?,
        to text: inout String, item write: (Item, inout String, Int?) -> Void
    ) {
        text += open
        let inner = indent.map { $0 + 1 }
        for (index, item) in items.enumerated() {
            if index > 0 { text += isFlat && indent != nil ? ", " : "," }
            if !isFlat { lineBreak(inner, to: &text) }
            write(item, &text, inner)
        }
        if !isFlat, !items.isEmpty { lineBreak(indent, to: &text) }
        text += close
    }

    private static func lineBreak(_ indent: Int?, to text: inout String) {
        guard let indent else { return }
        text += "\n" + String(repeating: "  ", count: indent)
    }

    private static func writeString(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{00}"..."\u{1f}", "\u{7f}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension DurableFile {
    /// Writes a document in the form that people can read.
    package static func write(_ document: JSON, to path: String) throws(FileError) {
        try write(document.text(pretty: true) + "\n", to: path)
    }
}
