/// How much room text needs. Fonts differ from reader to reader: these are widths of a wide one.
enum ChartText {
    static let size = 12.0, titleSize = 15.0, valueSize = 11.0

    /// An upper estimate for text of digits, letters and few capitals.
    static func width(_ text: String, size: Double = size) -> Double {
        0.64 * size * Double(text.count)
    }

    /// The words in as few lines as keep within `width`; a longer word has a line of its own.
    static func wrapped(_ text: String, size: Double, to width: Double) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, self.width(last + " " + word, size: size) <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines.isEmpty ? [""] : lines
    }

    /// The least n such that every n-th of the labels leaves a gap to the next one.
    /// - Parameter extents: how long each label is in the direction in which they follow.
    static func stride(places: [Double], extents: [Double], gap: Double) -> Int {
        var every = 1
        while every < places.count {
            let kept = Swift.stride(from: 0, to: places.count, by: every).map { $0 }
            let free = zip(kept, kept.dropFirst()).allSatisfy { a, b in
                abs(places[b] - places[a]) >= (extents[a] + extents[b]) / 2 + gap
            }
            if free { break }
            every += 1
        }
        return every
    }
}
