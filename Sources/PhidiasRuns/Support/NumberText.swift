import Charts
import FoundationEssentials
import Glibc

extension Double {
    /// With a fixed number of decimals; a dash for what is not finite.
    package func fixed(_ places: Int) -> String {
        isFinite ? String(printing: "%.\(places)f", self) : "–"
    }

    /// A share in percent with two decimals, without the sign; a dash for what is not finite.
    package var percent: String { (100 * self).fixed(2) }

    /// The text, or all digits where it has rounded a number below 1 to 1.
    package func belowOne(_ text: String) -> String {
        self < 1 && text.hasPrefix("1") ? "\(self)" : text
    }

    /// With a number of significant digits; a dash for what is not finite.
    package func digits(_ count: Int = 4) -> String {
        guard isFinite, self != 0 else { return fixed(0) }
        var places = count - 1, size = abs(self)
        while size >= 10 && places > 0 {
            size /= 10
            places -= 1
        }
        while size < 1 && places < 12 {
            size *= 10
            places += 1
        }
        return fixed(places)
    }
}

extension Int {
    /// The nearest whole number toward zero that there is: NaN gives 0, and what is too large or too
    /// small for an integer the largest or smallest one.
    package init(clamping value: Double) {
        if let exact = Int(exactly: value.rounded(.towardZero)) {
            self = exact
        } else {
            self = value.isNaN ? 0 : value < 0 ? .min : .max
        }
    }

    /// `1 thread`, `2 threads`.
    package func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }

    /// With a comma between every three digits.
    package var grouped: String {
        let digits = String(magnitude)
        var text = self < 0 ? "-" : ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }
}

extension String {
    /// Filled up with spaces to a number of characters.
    package func padded(_ width: Int, left: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, width - count))
        return left ? spaces + self : self + spaces
    }

    /// Columns of a terminal, and of every table and report.
    package static let textWidth = 80

    /// Broken between words into lines of at most `width` characters where words allow it. A number
    /// stays with its percent sign, and line feeds stay where they are.
    /// - Parameters:
    ///   - indent: spaces in front of the first line.
    ///   - hanging: spaces in front of the others; as many as in front of the first where it is nil.
    package func wrapped(
        at width: Int = textWidth, indent: Int = 0, hanging: Int? = nil
    ) -> String {
        split(separator: "\n", omittingEmptySubsequences: false)
            .map { Self.wrap($0, width, indent, hanging ?? indent) }.joined(separator: "\n")
    }

    /// The same for a list with commas, whose items are broken only where they are long.
    package func wrappedAtCommas(indent: Int = 0, hanging: Int) -> String {
        let items = split(separator: ", ", omittingEmptySubsequences: false).map {
            $0.count < Self.textWidth / 2 ? String($0).replacing(" ", with: "\u{a0}") : String($0)
        }
        return items.joined(separator: ", ").wrapped(indent: indent, hanging: hanging)
            .replacing("\u{a0}", with: " ")
    }

    private static func wrap(_ line: Substring, _ width: Int, _ indent: Int, _ hanging: Int)
        -> String
    {
        var words: [String] = []
        for word in line.split(separator: " ") {
            if word.hasPrefix("%"), !words.isEmpty {
                words[words.count - 1] += " " + word
            } else {
                words.append(String(word))
            }
        }
        var lines: [String] = []
        for word in words {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                let spaces = lines.isEmpty ? indent : hanging
                lines.append(String(repeating: " ", count: spaces) + word)
            }
        }
        return lines.joined(separator: "\n")
    }

    /// As a word of a command that a shell takes.
    package var shellQuoted: String {
        wholeMatch(of: /[A-Za-z0-9_.,:=+@%\/-]+/) != nil
            ? self : "'\(replacing("'", with: "'\\''"))'"
    }
}
