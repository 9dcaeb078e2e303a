extension GrayField {
    /// Paints over thin lines, darker than the paper, that cross the whole picture from left to
    /// right or from top to bottom, up to a sixteenth askew: those of ruled and squared paper. Ink
    /// that crosses a line stays.
    /// - Returns: How many rows and columns of pixels they begin at.
    mutating func removeLines() -> Int {
        let across = removeRows()
        var other = turned
        let down = other.removeRows()
        if down > 0 { self = other.turned }
        return across + down
    }

    /// A line is found by its darkness in the middle of as many parts of its length.
    private static let sections = 16
    /// The sections that must show it.
    private static let enough = 13

    private mutating func removeRows() -> Int {
        let sections = Self.sections
        guard width >= 4 * sections, height >= 4 * sections else { return 0 }
        let radius = max(min(width, height) / 120, 1)
        // What is dark and thin up and down.
        let paper = turned.closedRows(radius: radius).turned
        let thin = paper - self
        let levels = thin.medians()
        let all = levels.flatMap { $0 }
        let typical = Self.quantile(all, 50)
        let spread = Self.quantile(all.map { abs($0 - typical) }, 50)
        let least = typical + max(4 * spread, 3 * Self.level / 2)
        let lines = rows(darkerThan: least, levels)
        for (top, slope) in lines {
            for x in 0..<width {
                let section = min(x * sections / width, sections - 1)
                let middle = top + slope * x / width
                for y in max(middle - radius, 0)..<max(min(middle + radius + 1, height), 0) {
                    let i = y * width + x
                    guard thin.values[i] < 4 * max(levels[section][y], least) else { continue }
                    values[i] = max(values[i], paper.values[i])
                }
            }
        }
        return lines.count
    }

    /// The median of each row in each section of its length.
    private func medians() -> [[Int32]] {
        (0..<Self.sections).map { section in
            let begin = section * width / Self.sections
            let end = (section + 1) * width / Self.sections
            return (0..<height).map { y in
                values[y * width + begin..<y * width + end].sorted()[(end - begin) / 2]
            }
        }
    }

    /// The rows at the left edge where lines begin, and how far they go down to the right edge.
    private func rows(
        darkerThan least: Int32, _ levels: [[Int32]]
    ) -> [(top: Int, slope: Int)] {
        // Whether a section has the line at a row or beside it.
        let isDark = levels.map { rows in
            rows.indices.map { y in
                rows[max(y - 1, 0)...min(y + 1, height - 1)].contains { $0 > least }
            }
        }
        var best = [(count: Int, slope: Int)](repeating: (0, 0), count: height)
        let most = width / 16
        // The least askew first.
        for slope in (0...most).flatMap({ $0 == 0 ? [0] : [$0, -$0] }) {
            let steps = (0..<Self.sections).map { slope * (2 * $0 + 1) / (2 * Self.sections) }
            for y in 0..<height {
                var count = 0
                for section in 0..<Self.sections {
                    let row = y + steps[section]
                    if row >= 0, row < height, isDark[section][row] { count += 1 }
                }
                if count > best[y].count { best[y] = (count, slope) }
            }
        }
        return best.indices.filter { best[$0].count >= Self.enough }.map { ($0, best[$0].slope) }
    }
}
