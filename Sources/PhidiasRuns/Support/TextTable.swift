/// Columns of text that line up at their right ends, or some of them at their left.
package struct TextTable {
    private var rows: [[String]]
    private let left: Set<Int>
    private let indent: String

    /// - Parameter left: columns that line up at their left ends.
    package init(_ heads: [String], left: Set<Int> = [], indent: String = "  ") {
        (rows, self.left, self.indent) = ([heads], left, indent)
    }

    package init(_ heads: String...) { self.init(heads) }

    package mutating func add(_ cells: String...) { add(cells) }

    package mutating func add(_ cells: [String]) { rows.append(cells) }

    package var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { row[$0].padded(widths[$0], left: !left.contains($0)) }
            return (indent + cells.joined(separator: "  ")).trimmingTrailingSpaces
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        String(self[..<(lastIndex { $0 != " " }.map { index(after: $0) } ?? startIndex)])
    }
}
