import PhidiasKernels

/// A table in a text file: its columns and what they hold, found by reading the whole file once.
/// The values are read again when they are wanted, so that the table need not fit into memory.
struct TableFile {
    let path: String
    let dialect: Dialect
    /// The columns' names; nil without a header.
    private(set) var names: [String]?
    private(set) var columns: [ColumnSummary] = []
    /// The number of rows.
    private(set) var count = 0
    /// The classes' names, if the file's first line has them as scikit-learn's files do.
    private(set) var classNames: [String]?

    /// - Throws: `TableError` with the line; `DataError`.
    init(_ path: String) throws {
        self.path = path
        dialect = try Dialect(path: path)
        var text = try DelimitedText(path: path, delimiter: dialect.delimiter)
        var first = TextRecord(), record = TextRecord()
        guard try text.next(&first) else { throw DataError.empty(path) }
        guard try text.next(&record) else {
            // A single line is a row, unless it can only be names.
            try start(first.count)
            for field in 0..<first.count {
                columns[field].add(value(first, field), line: first.line)
            }
            guard columns.contains(where: { $0.texts == 0 }) else { throw DataError.empty(path) }
            count = 1
            return
        }
        let isScikit = Self.isScikit(first, columns: record.count)
        try start(isScikit ? record.count : first.count)
        repeat { try add(record) } while try text.next(&record)
        if isScikit {
            try useScikit(first)
        } else if let header = header(first) {
            names = header
        } else {
            // Added last, though it comes first: a column that counts is only dropped under a header.
            try add(first)
        }
    }

    private mutating func start(_ fields: Int) throws {
        try Memory.check(fields * MemoryLayout<ColumnSummary>.stride, for: path)
        columns = Array(repeating: ColumnSummary(), count: fields)
    }

    private mutating func add(_ record: TextRecord) throws {
        try check(record)
        for field in columns.indices { columns[field].add(value(record, field), line: record.line) }
        count += 1
    }

    private func check(_ record: TextRecord) throws {
        guard record.count == columns.count else {
            throw TableError.line(
                path: path, line: record.line,
                reason: "\(record.count) fields, but the lines before have \(columns.count)")
        }
        guard count < Int(UInt32.max) else {
            throw DataError.tooManyImages(path: path, images: count + 1)
        }
    }

    /// What a field says.
    func value(_ record: TextRecord, _ field: Int) -> FieldValue {
        FieldValue(record.bytes, record.range(field), comma: dialect.comma)
    }

    /// A field as text.
    /// - Throws: `TableError` if it is not UTF-8.
    func text(_ record: TextRecord, _ field: Int) throws(TableError) -> String {
        guard let text = record.text(field) else {
            throw .field(
                path: path, line: record.line, column: title(field), reason: "is not UTF-8 text")
        }
        return text
    }

    /// Checks that all values of a column are numbers.
    /// - Parameter otherwise: what is wrong where they are not, as the end of a sentence.
    /// - Throws: `TableError` with the line.
    func checkNumbers(in column: Int, _ otherwise: String) throws(TableError) {
        let summary = columns[column]
        if summary.missing > 0 {
            throw .missing(path: path, line: summary.missingLine, column: title(column))
        }
        guard summary.isNumeric else {
            throw .field(
                path: path, line: summary.textLine, column: title(column), reason: otherwise)
        }
    }

    /// A number of a column as 32-bit float.
    /// - Throws: `TableError` if it is too large.
    func single(_ value: Double, _ column: Int, line: Int = 1) throws(TableError) -> Float {
        let single = Float(value)
        guard single.isFinite else {
            throw .field(
                path: path, line: line, column: title(column),
                reason: "is too large for a 32-bit number")
        }
        return single
    }

    /// The column in words: "column 3 ('age')".
    func title(_ column: Int) -> String {
        "column \(column + 1)\(names.map { " ('\($0[column])')" } ?? "")"
    }

    /// The name of a column; its number, counted from 1, where it has none.
    func name(_ column: Int) -> String {
        guard let name = names?[column], !name.isEmpty else { return String(column + 1) }
        return name
    }

    /// Reads all rows again, without the header, one after the other.
    func forEachRow(_ body: (_ record: TextRecord) throws -> Void) throws {
        var text = try DelimitedText(path: path, delimiter: dialect.delimiter)
        var record = TextRecord()
        var left = count
        if names != nil || classNames != nil { _ = try text.next(&record) }
        while try text.next(&record) {
            guard record.count == columns.count, left > 0 else { throw changed }
            left -= 1
            try body(record)
        }
        guard left == 0 else { throw changed }
    }

    /// The file is not what it was when it was first read.
    var changed: DataError { .io(path: path, reason: "it changed while it was read") }
}

extension TableFile {
    /// The names in the first line; nil if it is a row. Names stand over numbers, all differ, and
    /// those that are numbers count up.
    private func header(_ first: TextRecord) -> [String]? {
        var names: [String] = []
        var numbers: [Double] = []
        var isOverNumbers = false
        for field in 0..<first.count {
            var name = String(decoding: first.bytes[first.range(field)], as: UTF8.self)
            if field == 0, name.hasPrefix("# ") { name.removeFirst(2) }
            names.append(name)
            switch value(first, field) {
            case .number(let value): numbers.append(value)
            case .missing: break
            case .text:
                if columns[field].numbers > 0, !columns[field].isText { isOverNumbers = true }
            }
        }
        let counts = zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 + 1 }
        guard counts, numbers.isEmpty || numbers.count > 1 && [0, 1].contains(numbers[0]) else {
            return nil
        }
        // Numbers alone, or beside an empty name for the rows' numbers, are names from 0.
        let isNumbered =
            numbers.first == 0 && numbers.count > 3
            && numbers.count == names.count - (names[0].isEmpty ? 1 : 0)
        // A single letter may as well be a value.
        let isLabelled = names.contains { $0.count > 1 && LabelColumn.isLabelName($0) }
        if isOverNumbers { return names }
        return (isNumbered || isLabelled) && Set(names).count == names.count ? names : nil
    }

    /// Whether a first line is that of scikit-learn's own files: the number of rows, the number of
    /// features, and the names of the classes; the class is in the last column.
    private static func isScikit(_ first: TextRecord, columns: Int) -> Bool {
        guard first.count > 3, case .number = FieldValue(first.bytes, first.range(0)),
            FieldValue(first.bytes, first.range(1)) == .number(Double(columns - 1))
        else { return false }
        return (2..<first.count).allSatisfy { FieldValue(first.bytes, first.range($0)) == .text }
    }

    private mutating func useScikit(_ first: TextRecord) throws {
        let names = try (2..<first.count).map { try text(first, $0) }
        let last = columns[columns.count - 1]
        guard value(first, 0) == .number(Double(count)) else {
            throw TableError.line(
                path: path, line: first.line,
                reason: "names another number of rows than the \(count) that follow")
        }
        guard names.count <= DifferentValues.most, last.isWhole, last.lowest >= 0,
            last.highest < Double(names.count)
        else {
            throw TableError.line(
                path: path, line: first.line,
                reason: "names \(names.count) classes, but the last column has others")
        }
        classNames = names
    }
}
