import PhidiasKernels

/// The rows of a table as a model of rows of numbers takes them, one after the other.
package struct TableRows {
    private let table: TableFile
    private let features: [Feature]

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
    package init(path: String, names: ColumnNames?, inputs: Int) throws {
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

    /// Reads all rows.
    /// - Parameter body: is given each row's line, and its numbers or what is wrong with them. What it
    ///   throws ends the rest.
    /// - Throws: `TableError` where the table ends otherwise than it was found.
    package func forEach(
        _ body: (_ line: Int, _ row: Result<[Float], TableError>) throws -> Void
    ) throws {
        try table.forEachRow { record in
            let row = Result { () throws(TableError) in try values(record) }
            try body(record.line, row)
        }
    }

    private func values(_ record: TextRecord) throws(TableError) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(features.count)
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
        case .number(let value) where Float(value).isFinite: return Float(value)
        case .number:
            throw .field(
                path: table.path, line: record.line, column: table.title(column),
                reason: "is too large for a 32-bit number")
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
