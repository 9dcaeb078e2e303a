import PhidiasKernels

/// Rows of numbers as a model takes them, one after the other: of a table, or of an IDX file of numbers.
package struct NumberRows {
    private enum Source {
        case table(TableRows)
        case numbers([Float], columns: Int)
    }

    private let source: Source

    /// - Parameters:
    ///   - path: a text file with a table, or an IDX file of 32-bit floats [rows, columns].
    ///   - names: the model's; nil where it has none.
    ///   - inputs: the numbers of a row that it takes.
    /// - Throws: `TableError`, `DataError`.
    package init(path: String, names: ColumnNames?, inputs: Int) throws {
        let file = try InputFile(path)
        let start = try file.read(0..<min(2, file.size))
        guard start == [0, 0] || start == [0x1f, 0x8b] else {
            source = .table(try TableRows(path: path, names: names, inputs: inputs))
            return
        }
        let reader = try IDXReader(path: path)
        guard reader.element == .float32 else {
            throw DataError.magic(path: path, found: [0, 0, reader.element.rawValue])
        }
        guard reader.dimensions.count == 2 else {
            throw DataError.dimensions(path: path, expected: 2, found: reader.dimensions.count)
        }
        guard reader.dimensions[1] == inputs else {
            throw DataError.columns(path: path, expected: inputs, found: reader.dimensions[1])
        }
        source = .numbers(try reader.floats(), columns: inputs)
    }

    /// Reads all rows.
    /// - Parameter body: is given each row's numbers, or what is wrong with them. What it throws ends
    ///   the rest.
    /// - Throws: `DataError` where the file changed while it was read.
    package func forEach(_ body: (Result<[Float], TableError>) throws -> Void) throws {
        switch source {
        case .table(let rows): try rows.forEach(body)
        case .numbers(let values, let columns):
            for first in stride(from: 0, to: values.count, by: columns) {
                try body(.success(Array(values[first..<first + columns])))
            }
        }
    }
}

/// The rows of a table, by the names of its columns.
private struct TableRows {
    private let table: TableFile
    private let features: [Feature]
    /// The texts that the model knows, by column.
    private let known: [Int: Set<String>]

    /// Where a feature comes from.
    private enum Feature {
        /// The number in a column.
        case number(Int)
        /// 1 where a column has this text, else 0.
        case category(Int, String)
    }

    /// - Parameters:
    ///   - path: a text file with a table.
    ///   - names: the model's; nil where it has none.
    ///   - inputs: the numbers of a row that it takes.
    /// - Throws: `TableError`, `DataError`.
    init(path: String, names: ColumnNames?, inputs: Int) throws {
        table = try TableFile(path)
        if let header = table.names, let names, !names.features.isEmpty {
            features = try names.features.map { try Self.feature($0, in: header, path) }
        } else {
            guard table.columns.count == inputs else {
                throw TableError.choice(
                    path: path,
                    reason:
                        "\(table.columns.count) columns, but the model takes \(inputs), and there are no names by which to find them"
                )
            }
            features = (0..<inputs).map { .number($0) }
        }
        known = features.reduce(into: [:]) { known, feature in
            if case .category(let column, let text) = feature {
                known[column, default: []].insert(text)
            }
        }
    }

    /// A column of the feature's name, or that of which it is a category, as in `color=red`.
    private static func feature(
        _ name: String, in header: [String], _ path: String
    ) throws(TableError) -> Feature {
        if let column = header.firstIndex(of: name) { return .number(column) }
        for (column, own) in header.enumerated() where name.hasPrefix("\(own)=") {
            return .category(column, String(name.dropFirst(own.count + 1)))
        }
        // A column without a name has its number.
        if let column = Int(name), header.indices.contains(column - 1), header[column - 1].isEmpty {
            return .number(column - 1)
        }
        throw .choice(path: path, reason: "no column '\(name)', which the model takes")
    }

    func forEach(_ body: (Result<[Float], TableError>) throws -> Void) throws {
        try table.forEachRow { record in
            try body(Result { () throws(TableError) in try values(record) })
        }
    }

    private func values(_ record: TextRecord) throws(TableError) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(features.count)
        for (column, texts) in known where table.value(record, column) != .missing {
            guard texts.contains(try table.text(record, column)) else {
                throw .field(
                    path: table.path, line: record.line, column: table.title(column),
                    reason: "is none of the texts that the model knows")
            }
        }
        for feature in features {
            switch feature {
            case .number(let column): values.append(try number(record, column))
            case .category(let column, let text):
                if table.value(record, column) == .missing { throw missing(record, column) }
                values.append(try table.text(record, column) == text ? 1 : 0)
            }
        }
        return values
    }

    private func number(_ record: TextRecord, _ column: Int) throws(TableError) -> Float {
        switch table.value(record, column) {
        case .missing: throw missing(record, column)
        case .number(let value): return try table.single(value, column, line: record.line)
        case .text:
            throw .field(
                path: table.path, line: record.line, column: table.title(column),
                reason: "is not a number")
        }
    }

    private func missing(_ record: TextRecord, _ column: Int) -> TableError {
        .missing(path: table.path, line: record.line, column: table.title(column))
    }
}
