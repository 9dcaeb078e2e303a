import PhidiasRuns

/// What somebody may have meant by a word that the parser does not know: a command with nearly the
/// same spelling, or an option with these initials or this beginning, such as `--lr`.
enum Suggestion {
    /// A sentence to follow the parser's message; nil where nothing fits.
    static func text(forUnknown message: String, commands: [String]) -> String? {
        guard !message.contains("Did you mean") else { return nil }
        if let match = message.firstMatch(of: /Unknown option '--?([a-z-]+)'/) {
            return option(String(match.1)).map { "Did you mean '--\($0)'?" }
        }
        if let match = message.firstMatch(of: /Unexpected argument '([^']+)'/) {
            return nearest(String(match.1), of: commands).map { "Did you mean '\($0)'?" }
        }
        return nil
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
    static func nearest(_ word: String, of words: [String]) -> String? {
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
