import PhidiasKernels

/// Images from the rows of a table: a column of labels, if there is one, and the pixels, row by row
/// from the top left, the values of a pixel one after the other.
struct TableImages {
    let table: TableFile
    let columns: TableColumns
    let shape: ImageShape
    let scale: PixelScale
    /// nil without labels.
    let classes: ClassLabels?
    /// What was found by looking, in sentences.
    let notes: [String]

    /// - Parameter skipsLabels: whether the column of labels, if there is one, is not read.
    /// - Throws: `TableError` with line and column, before any pixel is kept.
    init(
        _ table: TableFile, _ columns: TableColumns, _ options: TableOptions,
        skipsLabels: Bool = false
    ) throws {
        self.table = table
        self.columns = columns
        guard columns.targets.isEmpty else {
            throw TableError.choice(
                path: table.path, reason: "images have labels, not numbers to predict")
        }
        for feature in columns.features { try table.checkNumbers(in: feature, "is not a number") }
        shape = try PixelShape.of(values: columns.features.count, options, path: table.path)
        let summaries = columns.features.map { table.columns[$0] }
        let lowest = summaries.reduce(.infinity) { min($0, $1.lowest) }
        let highest = summaries.reduce(-.infinity) { max($0, $1.highest) }
        scale = try PixelScale(
            white: options.white, lowest: lowest, highest: highest,
            areWhole: summaries.allSatisfy(\.isWhole), path: table.path)
        let note = options.white == nil ? scale.note(lowest: lowest, highest: highest) : nil
        notes = columns.notes + (note.map { [$0] } ?? [])
        classes = skipsLabels ? nil : try columns.label.map { try table.classes(in: $0) }
    }

    /// Reads all images, one after the other.
    /// - Parameter body: is given a line, the bytes [channels][rows][columns], and the label.
    func forEach(_ body: (_ line: Int, _ pixels: [UInt8], _ label: UInt8) throws -> Void) throws {
        var pixels = [UInt8](repeating: 0, count: shape.count)
        try table.forEachRow { record in
            var plane = 0, place = 0
            for feature in columns.features {
                guard case .number(let value) = table.value(record, feature),
                    let byte = scale.byte(value)
                else { throw table.changed }
                pixels[plane * shape.rows * shape.columns + place] = byte
                plane += 1
                if plane == shape.channels { (plane, place) = (0, place + 1) }
            }
            var label: UInt8 = 0
            if let column = columns.label, let classes {
                label = try table.label(record, column, classes)
            }
            try body(record.line, pixels, label)
        }
    }

    /// All images.
    /// - Throws: `DataError`, `TableError` if there are no labels.
    func dataset() throws -> Dataset {
        guard let classes else {
            throw TableError.noLabels(path: table.path, seen: "no column is one of labels")
        }
        let (bytes, overflow) = table.count.multipliedReportingOverflow(by: shape.count)
        guard !overflow, bytes <= IDXFile.largest else {
            throw DataError.tooLarge(path: table.path, bytes: bytes, limit: IDXFile.largest)
        }
        try Memory.check(bytes + table.count, for: table.path)
        var images: [UInt8] = [], labels: [UInt8] = []
        images.reserveCapacity(bytes)
        labels.reserveCapacity(table.count)
        try forEach { _, pixels, label in
            images += pixels
            labels.append(label)
        }
        return try Dataset(
            images: images, labels: labels, channels: shape.channels, rows: shape.rows,
            columns: shape.columns, classes: classes.names.count,
            classNames: ClassLabels.named(classes.names), path: table.path)
    }
}

extension TableFile {
    /// The classes of a column.
    /// - Throws: `TableError.missing`, `.classes`.
    func classes(in column: Int) throws -> ClassLabels {
        if let classNames, column == columns.count - 1 { return ClassLabels(names: classNames) }
        if columns[column].missing > 0 {
            throw TableError.missing(
                path: path, line: columns[column].missingLine, column: title(column))
        }
        let values = try differentValues(in: [column])[0]
        return try ClassLabels(values, column: title(column), path: path)
    }

    /// The class of a row.
    func label(_ record: TextRecord, _ column: Int, _ classes: ClassLabels) throws -> UInt8 {
        let text = try text(record, column)
        guard let label = classes.label(value(record, column), text) else { throw changed }
        return label
    }
}
