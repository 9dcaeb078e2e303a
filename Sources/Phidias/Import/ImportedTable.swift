import PhidiasKernels

/// Measurements with a class or with numbers to predict for each row.
public struct ImportedTable: Sendable, Equatable {
    /// The name of each feature. Categories have one for each text, as in `color=red`.
    public let featureNames: [String]
    /// [count][features]: the values as they are in the source; 1 for a row's own category, 0 for
    /// others.
    public let values: [Float]
    /// The class of each row, from 0; empty where there are targets.
    public let labels: [UInt8]
    /// The name of each class; empty where there are targets.
    public let classNames: [String]
    /// [count][targets]: the numbers to predict; empty where there are labels.
    public let targets: [Float]
    /// The name of each target; empty where there are labels.
    public let targetNames: [String]

    /// The number of rows.
    public var count: Int { featureNames.isEmpty ? 0 : values.count / featureNames.count }

    /// The rows as a data set.
    /// - Parameter path: where they come from, for errors.
    /// - Throws: `DataError`.
    public func dataset(path: String) throws(DataError) -> Dataset {
        let columns = featureNames.count
        let data =
            targetNames.isEmpty
            ? try Dataset(
                features: values, columns: columns, labels: labels, classes: classNames.count,
                classNames: ClassLabels.named(classNames), path: path)
            : try Dataset(
                features: values, columns: columns, targets: targets,
                targetCount: targetNames.count, path: path)
        // Columns without names are counted from 1.
        let names = [featureNames, targetNames].map { names in
            names == (0..<names.count).map { String($0 + 1) } ? [] : names
        }
        guard names.contains(where: { !$0.isEmpty }) else { return data }
        return try data.named(ColumnNames(features: names[0], targets: names[1]), path: path)
    }

    /// Reads a table in a text file.
    /// - Throws: `TableError` with line and column; `DataError`.
    public init(path: String, _ options: TableOptions = TableOptions()) throws {
        let table = try TableFile(path)
        let columns = try TableColumns(table, options)
        self = try TableMeasurements(table, columns, options).read()
    }

    init(
        featureNames: [String], values: [Float], labels: [UInt8], classNames: [String],
        targets: [Float], targetNames: [String]
    ) {
        self.featureNames = featureNames
        self.values = values
        self.labels = labels
        self.classNames = classNames
        self.targets = targets
        self.targetNames = targetNames
    }
}

/// How a column becomes features.
private enum FeatureColumn {
    /// The number itself; what replaces a missing one.
    case number(mean: Float?)
    /// One feature for each text, and the share of each among the rows, which replaces a missing
    /// one.
    case categories([String: Int], shares: [Float])

    var width: Int {
        switch self {
        case .number: 1
        case .categories(let places, _): places.count
        }
    }
}

/// Measurements from a table in a file.
struct TableMeasurements {
    private let table: TableFile
    private let columns: TableColumns
    private var features: [FeatureColumn] = []
    private var names: [String] = []
    /// What was found by looking, in sentences.
    private(set) var notes: [String]

    /// - Throws: `TableError` with line and column.
    init(_ table: TableFile, _ columns: TableColumns, _ options: TableOptions) throws {
        self.table = table
        self.columns = columns
        notes = columns.notes
        for column in columns.targets {
            try table.checkNumbers(in: column, "is not a number, and a target must be one")
        }
        let texts = columns.features.filter { table.columns[$0].isText }
        for column in columns.features {
            let summary = table.columns[column]
            if summary.missing > 0, !options.fillsMissing {
                throw TableError.missing(
                    path: table.path, line: summary.missingLine, column: table.title(column))
            }
            guard summary.texts == 0 || summary.isText else {
                throw TableError.field(
                    path: table.path, line: summary.textLine, column: table.title(column),
                    reason: "is not a number, as most of the column are")
            }
            guard summary.texts + summary.numbers > 0 else {
                throw TableError.field(
                    path: table.path, line: summary.missingLine, column: table.title(column),
                    reason: "all values of the column are missing; leave it out")
            }
        }
        let categories = try table.categories(in: texts)
        for column in columns.features {
            let name = table.name(column)
            if let place = texts.firstIndex(of: column) {
                let found = categories[place]
                features.append(found.column)
                names += found.texts.map { "\(name)=\($0)" }
                if table.columns[column].missing > 0 { noteMissing(column) }
            } else {
                let isFilled = table.columns[column].missing > 0
                let mean = isFilled ? try table.single(table.columns[column].mean, column) : nil
                features.append(.number(mean: mean))
                names.append(name)
                if isFilled { noteMissing(column) }
            }
        }
        guard names.count <= Network.largestLayer else {
            throw TableError.choice(
                path: table.path, reason: "more than \(Network.largestLayer) features")
        }
    }

    private mutating func noteMissing(_ column: Int) {
        let missing = table.columns[column].missing
        notes.append(
            "In \(table.title(column)), \(missing == 1 ? "1 missing value is" : "\(missing) missing values are") replaced by the mean of all rows."
        )
    }

    /// Reads all rows.
    /// - Throws: `TableError` with line and column; `DataError`.
    func read() throws -> ImportedTable {
        let width = names.count
        let (values, overflow) = table.count.multipliedReportingOverflow(by: width)
        guard !overflow, values <= IDXFile.largest else {
            throw DataError.tooLarge(path: table.path, bytes: values, limit: IDXFile.largest)
        }
        let classes = try columns.label.map { try table.classes(in: $0) }
        guard classes != nil || !columns.targets.isEmpty else {
            throw TableError.noLabels(path: table.path, seen: "no column is one of labels")
        }
        try Memory.check(4 * (values + table.count * columns.targets.count), for: table.path)
        var rows: [Float] = [], labels: [UInt8] = [], targets: [Float] = []
        rows.reserveCapacity(values)
        try table.forEachRow { record in
            for (column, feature) in zip(columns.features, features) {
                try append(record, column, feature, to: &rows)
            }
            if let column = columns.label, let classes {
                labels.append(try table.label(record, column, classes))
            }
            for column in columns.targets {
                guard case .number(let value) = table.value(record, column) else {
                    throw table.changed
                }
                targets.append(try table.single(value, column, line: record.line))
            }
        }
        return ImportedTable(
            featureNames: names, values: rows, labels: labels, classNames: classes?.names ?? [],
            targets: targets, targetNames: columns.targets.map(table.name))
    }

    private func append(
        _ record: TextRecord, _ column: Int, _ feature: FeatureColumn, to rows: inout [Float]
    ) throws {
        let value = table.value(record, column)
        switch feature {
        case .number(let mean):
            if case .number(let number) = value {
                rows.append(try table.single(number, column, line: record.line))
            } else if value == .missing, let mean {
                rows.append(mean)
            } else {
                throw table.changed
            }
        case .categories(let places, let shares):
            if value == .missing {
                rows += shares
            } else {
                guard let place = places[try table.text(record, column)] else {
                    throw table.changed
                }
                rows += (0..<places.count).map { $0 == place ? 1 : 0 }
            }
        }
    }
}

/// The texts of a column and how often each occurs.
private struct Categories {
    private var counts: [String: Int] = [:]

    var texts: [String] { counts.keys.sorted() }

    var column: FeatureColumn {
        let texts = texts
        let rows = counts.values.reduce(0, +)
        return .categories(
            Dictionary(uniqueKeysWithValues: texts.enumerated().map { ($1, $0) }),
            shares: texts.map { Float(Double(counts[$0] ?? 0) / Double(rows)) })
    }

    /// - Returns: whether there are not too many.
    mutating func add(_ text: String) -> Bool {
        counts[text, default: 0] += 1
        return counts.count <= DifferentValues.most
    }
}

extension TableFile {
    /// - Throws: `TableError.categories` if there are too many.
    fileprivate func categories(in columns: [Int]) throws -> [Categories] {
        var found = Array(repeating: Categories(), count: columns.count)
        guard !columns.isEmpty else { return found }
        try forEachRow { record in
            for (place, column) in columns.enumerated() where value(record, column) != .missing {
                guard found[place].add(try text(record, column)) else {
                    throw TableError.categories(
                        path: path, column: title(column), most: DifferentValues.most)
                }
            }
        }
        return found
    }
}
