/// Columns of text that line up at their right ends, or some of them at their left.
struct TextTable {
    private var rows: [[String]]
    private let left: Set<Int>
    private let indent: String

    /// - Parameter left: columns that line up at their left ends.
    init(_ heads: [String], left: Set<Int> = [], indent: String = "  ") {
        (rows, self.left, self.indent) = ([heads], left, indent)
    }

    init(_ heads: String...) { self.init(heads) }

    mutating func add(_ cells: String...) { add(cells) }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                return left.contains(column) ? row[column] + space : space + row[column]
            }
            return (indent + cells.joined(separator: "  ")).trimmingTrailingSpaces
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        String(self[..<(lastIndex { $0 != " " }.map { index(after: $0) } ?? startIndex)])
    }
}
