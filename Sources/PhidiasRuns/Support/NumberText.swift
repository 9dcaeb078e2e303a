import Foundation

extension Double {
    /// With a fixed number of decimals.
    package func fixed(_ places: Int) -> String { String(format: "%.\(places)f", self) }

    /// A share as per cent with two places, without the sign.
    package var percent: String { (100 * self).fixed(2) }

    /// With so many significant digits.
    package func digits(_ count: Int = 4) -> String {
        guard isFinite, self != 0 else { return isNaN ? "–" : fixed(0) }
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
    /// `1 thread`, `2 threads`.
    package func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}

extension String {
    /// Filled up with spaces to a number of characters.
    package func padded(_ width: Int, left: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, width - count))
        return left ? spaces + self : self + spaces
    }

    /// Broken between words into lines of at most `width` characters where words allow it.
    package func wrapped(at width: Int) -> String {
        var lines = [""]
        for word in split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
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
