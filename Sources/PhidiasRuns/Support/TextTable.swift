/// Columns of text that line up at their right ends, or some of them at their left.
package struct TextTable {
    /// Lines of each head, which stand at the foot of the heads' rows.
    private let heads: [[String]]
    private var rows: [[String]] = []
    private let left: Set<Int>
    private let indent: String

    /// - Parameters:
    ///   - heads: a line feed in one of them begins a second line.
    ///   - left: columns that line up at their left ends.
    package init(_ heads: [String], left: Set<Int> = [], indent: String = "  ") {
        self.heads = heads.map {
            $0.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        }
        (self.left, self.indent) = (left, indent)
    }

    package init(_ heads: String...) { self.init(heads) }

    package mutating func add(_ cells: String...) { add(cells) }

    package mutating func add(_ cells: [String]) { rows.append(cells) }

    package var text: String { lines.joined(separator: "\n") }

    /// Characters of the longest line.
    package var width: Int { lines.map(\.count).max() ?? 0 }

    private var lines: [String] {
        let height = heads.map(\.count).max() ?? 0
        let headRows = (0..<height).map { line in
            heads.map { head in
                let place = line - (height - head.count)
                return place < 0 ? "" : head[place]
            }
        }
        let all = headRows + rows
        let widths = heads.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = row.indices.map { row[$0].padded(widths[$0], left: !left.contains($0)) }
            return (indent + cells.joined(separator: "  ")).trimmingTrailingSpaces
        }
    }

    // MARK: - Lists

    /// Columns that names have in a list.
    package static let nameWidth = 16

    /// A line for each name with its text; further lines of a text stand below its first.
    package static func list(_ items: KeyValuePairs<String, String>) -> String {
        items.map { name, text in
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.enumerated().map { index, line in
                (index == 0 ? name : "").padded(nameWidth) + line
            }.joined(separator: "\n")
        }.joined(separator: "\n")
    }
}

extension String {
    /// Broken into lines that fit beside the names of a list.
    package var besideName: String {
        wrapped(at: String.textWidth - TextTable.nameWidth)
    }

    fileprivate var trimmingTrailingSpaces: String {
        String(self[..<(lastIndex { $0 != " " }.map { index(after: $0) } ?? startIndex)])
    }
}
