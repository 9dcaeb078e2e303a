/// What each column of a table is for.
struct TableColumns {
    /// The column of labels; nil where there are none, or numbers to predict.
    private(set) var label: Int?
    /// The columns of numbers to predict.
    private(set) var targets: [Int] = []
    /// All other columns that are used, in order.
    private(set) var features: [Int] = []
    /// What was found by looking, in sentences.
    private(set) var notes: [String] = []

    /// - Throws: `TableError` if looking does not tell, or what was asked for is not there.
    init(_ table: TableFile, _ options: TableOptions) throws {
        targets = try options.targets.map { try Self.column($0, of: table) }
        var dropped = Set(try options.dropped.map { try Self.column($0, of: table) })
        guard Set(targets).count == targets.count else {
            throw TableError.choice(path: table.path, reason: "a target is named twice")
        }
        let asked = Set(targets).union(
            options.label.flatMap { Self.place($0, table) }.map { [$0] } ?? [])
        if let both = dropped.first(where: asked.contains) {
            throw TableError.choice(
                path: table.path, reason: "\(table.title(both)) is wanted and left out")
        }
        if let index = Self.rowNumbers(table), !asked.contains(index), !dropped.contains(index) {
            dropped.insert(index)
            notes.append("Left out \(table.title(index)), which numbers the rows.")
        }
        if let empty = Self.nothing(table), !asked.contains(empty), !dropped.contains(empty) {
            dropped.insert(empty)
            notes.append("Left out \(table.title(empty)), which is empty.")
        }
        let used = table.columns.indices.filter { !dropped.contains($0) && !targets.contains($0) }
        guard !used.isEmpty else {
            throw TableError.choice(path: table.path, reason: "no column is left to learn from")
        }
        if targets.isEmpty {
            label = try chooseLabel(table, used, options)
        } else if let asked = options.label, asked != .nowhere {
            throw TableError.choice(
                path: table.path, reason: "labels and numbers to predict are both asked for")
        }
        features = used.filter { $0 != label }
        guard !features.isEmpty else {
            throw TableError.choice(path: table.path, reason: "no column is left to learn from")
        }
    }

    private mutating func chooseLabel(
        _ table: TableFile, _ used: [Int], _ options: TableOptions
    ) throws -> Int? {
        switch options.label {
        case .first: return used[0]
        case .last: return used[used.count - 1]
        case .nowhere: return nil
        case .column(let text): return try Self.column(text, of: table)
        case nil:
            let column = try LabelColumn.find(in: table, used)
            notes.append("The labels are in \(table.title(column)).")
            return column
        }
    }

    private static func place(_ label: TableOptions.Label, _ table: TableFile) -> Int? {
        switch label {
        case .column(let text): try? column(text, of: table)
        default: nil
        }
    }

    /// The column of that name, or else of that number, counted from 1.
    private static func column(_ text: String, of table: TableFile) throws(TableError) -> Int {
        let names = table.names ?? []
        let named = names.indices.filter { names[$0] == text }
        if named.count > 1 {
            throw .column(
                path: table.path, asked: text, reason: "\(named.count) columns have that name")
        }
        if let column = named.first { return column }
        if let number = Int(text), table.columns.indices.contains(number - 1) { return number - 1 }
        let known = names.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
        throw .column(
            path: table.path, asked: text,
            reason: names.isEmpty
                ? "there are no names, and the columns 1 to \(table.columns.count)"
                : "there is none; there are \(known)\(names.count > 12 ? " and others" : "")")
    }

    /// A last column without name and values: each line ends with a delimiter.
    private static func nothing(_ table: TableFile) -> Int? {
        guard table.columns.count > 1, let last = table.columns.indices.last,
            table.names?[last].isEmpty ?? true
        else { return nil }
        let summary = table.columns[last]
        return summary.numbers + summary.texts == 0 ? last : nil
    }

    /// A first column that counts the rows and is named so, or not at all.
    private static func rowNumbers(_ table: TableFile) -> Int? {
        let known = ["", "id", "index", "imageid", "image_id", "row", "unnamed: 0"]
        guard table.columns.count > 1, let name = table.names?[0],
            known.contains(name.lowercased()), table.columns[0].countsRows
        else { return nil }
        return 0
    }
}

/// The search for the column of labels.
enum LabelColumn {
    private static let names = [
        "label", "labels", "class", "classes", "target", "targets", "species", "digit", "y",
        "category", "diagnosis", "outcome", "variety",
    ]

    /// Whether a column of that name has labels.
    static func isLabelName(_ name: String) -> Bool { names.contains(name.lowercased()) }

    /// Whether all names are one word with different numbers: pixel0, 1x1, 783.
    static func areNumbered(_ names: [String]) -> Bool {
        guard let first = names.first.map(stem) else { return false }
        return names.count > 1
            && names.allSatisfy { stem($0) == first && $0.contains(where: \.isNumber) }
    }

    private static func stem(_ name: String) -> String { name.filter(\.isLetter) }

    /// - Parameter used: the columns to choose from, at least one.
    /// - Throws: `TableError.whichLabel`, `.noLabels` if looking does not tell.
    static func find(in table: TableFile, _ used: [Int]) throws -> Int {
        if table.classNames != nil { return table.columns.count - 1 }
        if let names = table.names {
            let named = used.filter { isLabelName(names[$0]) }
            if named.count == 1 { return named[0] }
            guard named.isEmpty else { throw unclear(table, named, "could be it") }
            if areNumbered(used.map { names[$0] }) {
                throw TableError.noLabels(
                    path: table.path,
                    seen:
                        "its \(used.count) columns are '\(names[used[0]])' to '\(names[used[used.count - 1]])'"
                )
            }
            let others = used.filter { column in
                areNumbered(used.filter { $0 != column }.map { names[$0] })
            }
            if others.count == 1, used.count > 3 { return others[0] }
        }
        let texts = used.filter { table.columns[$0].isText }
        if texts.count == 1, texts[0] == used[0] || texts[0] == used[used.count - 1] {
            return texts[0]
        }
        guard texts.isEmpty else {
            throw unclear(
                table, texts, texts.count == 1 ? "is text, and stands amid others" : "are texts")
        }
        guard table.names == nil else {
            throw TableError.whichLabel(
                path: table.path, seen: "the header names neither label, class nor target")
        }
        return try findAtTheEnds(table, used)
    }

    /// Without header and texts: the first column or the last, if only one of them can be it.
    private static func findAtTheEnds(_ table: TableFile, _ used: [Int]) throws -> Int {
        let ends = [used[0], used[used.count - 1]]
        let values = try table.differentValues(in: ends)
        let possible = zip(ends, values).filter { $1.couldBeLabels }
        if possible.count == 1 || used.count == 1 { return possible.first?.0 ?? ends[0] }
        let seen = zip(ends, values).map { "\(table.title($0)) has \($1.text)" }
        throw TableError.whichLabel(
            path: table.path, seen: "there is no header; \(seen.joined(separator: ", "))")
    }

    private static func unclear(_ table: TableFile, _ columns: [Int], _ what: String) -> TableError
    {
        let list = columns.prefix(8).map { table.title($0) }.joined(separator: ", ")
        return .whichLabel(
            path: table.path, seen: "\(list)\(columns.count > 8 ? " and others" : "") \(what)")
    }
}
