import PhidiasRuns

/// What somebody may have meant by a word that the parser does not know: a command with nearly the
/// same spelling, or an option with these initials or this beginning, such as `--lr`.
package enum Suggestion {
    /// The parser's message with a better suggestion than its own, where there is one.
    package static func improved(_ message: String, commands: [String]) -> String {
        if let match = message.firstMatch(of: /Unknown option '--?([a-z-]+)'/),
            let option = option(String(match.1))
        {
            let own = /\.? Did you mean '[^']*'\?/
            return message.replacing(own, with: "", maxReplacements: 1).replacing(
                match.0, with: "\(match.0). Did you mean '--\(option)'?", maxReplacements: 1)
        }
        if let match = message.firstMatch(of: /Unexpected argument '([^']+)'/),
            let command = nearest(String(match.1), of: commands)
        {
            return message.replacing(
                match.0, with: "\(match.0). Did you mean '\(command)'?", maxReplacements: 1)
        }
        return message
    }

    private static func option(_ word: String) -> String? {
        let names = TrainingSetting.all.map { $0.name.replacing("_", with: "-") }
        let fits = names.filter { name in
            let parts = name.split(separator: "-")
            return String(parts.compactMap(\.first)) == word || name.hasPrefix(word)
                || parts.contains(Substring(word))
        }
        return fits.first
    }

    /// The nearest word, if it is at most two changes away.
    package static func nearest(_ word: String, of words: [String]) -> String? {
        let distances = words.map { (word: $0, distance: distance(word, $0)) }
        return distances.min { $0.distance < $1.distance }.flatMap {
            $0.distance <= 2 ? $0.word : nil
        }
    }

    /// Letters to insert, delete, replace, or exchange with their neighbors.
    private static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var table = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in 0...a.count { table[i][0] = i }
        for j in 0...b.count { table[0][j] = j }
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        for i in 1...a.count {
            for j in 1...b.count {
                table[i][j] = min(
                    table[i - 1][j] + 1, table[i][j - 1] + 1,
                    table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
                }
            }
        }
        return table[a.count][b.count]
    }
}
