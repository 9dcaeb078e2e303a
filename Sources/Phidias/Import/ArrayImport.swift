import PhidiasKernels

/// Images or measurements from the arrays of a file.
struct ArrayImport {
    private let source: any ArraySource
    private var options: TableOptions
    private let choice: ArrayChoice
    private var notes: [String]

    /// - Throws: `TableError`, `DataError`; sizes are compared before numbers are read.
    static func read(_ source: some ArraySource, _ options: TableOptions) throws -> FileImport {
        var reader = ArrayImport(
            source: source, options: options,
            choice: try ArrayChoice(source, keys: options.keys), notes: [])
        return try reader.read()
    }

    private init(
        source: any ArraySource, options: TableOptions, choice: ArrayChoice, notes: [String]
    ) {
        self.source = source
        self.options = options
        self.options.isTransposed = options.isTransposed ?? source.isTransposed
        self.choice = choice
        self.notes = source.notes + choice.notes
    }

    private var path: String { source.path }

    private mutating func read() throws -> FileImport {
        try checkOptions()
        let parts = [choice.training] + (choice.test.map { [$0] } ?? [])
        for part in parts { try check(part) }
        let values = try parts.map { try source.read($0.values) }
        let ranges = values.map(NumberRange.init)
        for (array, range) in zip(values, ranges) { try range.check(array, path: path) }
        let lowest = ranges.reduce(.infinity) { min($0, $1.lowest) }
        let highest = ranges.reduce(-.infinity) { max($0, $1.highest) }
        let areWhole = ranges.allSatisfy(\.areWhole)
        let answers = try parts.map { try source.read($0.labels) }
        let content = try content(values[0].header, lowest, highest, areWhole)
        let targets = options.targets.contains(source.headers[choice.training.labels].name)
        let classes = targets ? nil : try classes(answers)
        let labels = try classes.map { classes in
            try answers.map { try self.labels($0, classes) }
        }
        var result: [ImportedPart] = []
        if content == .images {
            if options.isTransposed == true {
                notes.append("The images have rows and columns swapped, which is undone.")
            }
            guard let classes, let labels else {
                throw TableError.choice(
                    path: path, reason: "images have labels, not numbers to predict")
            }
            let scale = try PixelScale(
                white: options.white, lowest: lowest, highest: highest, areWhole: areWhole,
                path: path)
            if options.white == nil, let note = scale.note(lowest: lowest, highest: highest) {
                notes.append(note)
            }
            for (array, labels) in zip(values, labels) {
                result.append(
                    .images(try dataset(array, labels, scale, classes.names)))
            }
        } else {
            for (place, array) in values.enumerated() {
                result.append(
                    .measurements(
                        try measurements(
                            array, labels: labels?[place] ?? [], classes?.names ?? [],
                            targets: targets ? answers[place] : nil)))
            }
        }
        return FileImport(
            training: result[0], test: result.count > 1 ? result[1] : nil,
            classNames: classes?.names ?? [], notes: notes)
    }

    private func failure(_ header: ArrayHeader, _ reason: String) -> TableError {
        .array(path: path, reason: "\(header.text): \(reason)")
    }

    private func checkOptions() throws(TableError) {
        guard options.label == nil, options.dropped.isEmpty, !options.fillsMissing else {
            throw .choice(
                path: path, reason: "an array has no columns of labels, to leave out, or to fill")
        }
    }

    /// Compares the sizes of values, labels and the other part.
    private func check(_ part: ArrayChoice.Part) throws(TableError) {
        let values = source.headers[part.values], labels = source.headers[part.labels]
        guard let count = values.shape.first, count > 0, values.shape.count > 1 else {
            throw failure(values, "has no rows of numbers")
        }
        guard labels.shape.first == count else {
            throw failure(labels, "there are not as many labels as \(values.text) has rows")
        }
        let first = source.headers[choice.training.values]
        guard values.shape.dropFirst() == first.shape.dropFirst() else {
            throw failure(values, "its rows differ from those of \(first.text)")
        }
        guard values.count <= IDXFile.largest else {
            throw failure(values, "has more than \(IDXFile.largest) numbers")
        }
    }

    private func content(
        _ header: ArrayHeader, _ lowest: Double, _ highest: Double, _ areWhole: Bool
    ) throws -> TableOptions.Content {
        if let content = options.content { return content }
        if !options.targets.isEmpty { return .table }
        if header.shape.count > 2 { return .images }
        return try .of(
            PixelFacts(
                count: header.shape[1], lowest: lowest, highest: highest, areWhole: areWhole,
                names: nil),
            options, path: path)
    }

    // MARK: - Labels

    /// The classes of all parts.
    private mutating func classes(_ arrays: [NumberArray]) throws(TableError) -> ClassLabels {
        var values = DifferentValues()
        for array in arrays {
            guard array.header.count == array.header.shape[0] else {
                throw failure(
                    array.header,
                    "has \(array.header.rowWidth) numbers for each row; a label is one number")
            }
            array.forEach { _, value in values.add(value) }
        }
        if let known = source.classes(values) {
            notes.append(known.note)
            return known.classes
        }
        return try ClassLabels(values, column: arrays[0].header.text, path: path)
    }

    private func labels(_ array: NumberArray, _ classes: ClassLabels) throws -> [UInt8] {
        var labels: [UInt8] = []
        labels.reserveCapacity(array.header.count)
        try array.forEach { index, value in
            guard let label = classes.label(value) else {
                throw failure(array.header, "row \(index) has no label, but \(value)")
            }
            labels.append(label)
        }
        return labels
    }

    // MARK: - Values

    private func dataset(
        _ array: NumberArray, _ labels: [UInt8], _ scale: PixelScale, _ classNames: [String]
    ) throws -> Dataset {
        let layout = try ArrayShape(array.header, options, path: path)
        let shape = layout.shape
        let images = try array.pixels(layout, scale, path: path)
        return try Dataset(
            images: images, labels: labels, channels: shape.channels, rows: shape.rows,
            columns: shape.columns, classes: classNames.count,
            classNames: ClassLabels.named(classNames), path: path)
    }

    private func measurements(
        _ array: NumberArray, labels: [UInt8], _ classNames: [String], targets: NumberArray?
    ) throws -> ImportedTable {
        let width = array.header.rowWidth
        let wide = targets.map { $0.header.rowWidth } ?? 0
        let name = targets?.header.name ?? ""
        return ImportedTable(
            featureNames: (1...width).map(String.init), values: try floats(array), labels: labels,
            classNames: classNames, targets: try targets.map(floats) ?? [],
            targetNames: wide == 1 ? [name] : (0..<wide).map { "\(name)\($0 + 1)" })
    }

    private func floats(_ array: NumberArray) throws -> [Float] {
        try Memory.check(4 * array.header.count, for: path)
        var floats: [Float] = []
        floats.reserveCapacity(array.header.count)
        try array.forEach { index, value in
            let single = Float(value)
            guard single.isFinite else {
                throw failure(
                    array.header,
                    "a number of row \(index / array.header.rowWidth) is no 32-bit number: \(value)"
                )
            }
            floats.append(single)
        }
        return floats
    }
}

extension ArrayHeader {
    /// The numbers of a row.
    fileprivate var rowWidth: Int { shape.dropFirst().reduce(1, *) }
}

extension NumberRange {
    /// - Throws: `TableError` if a number is not finite.
    func check(_ array: NumberArray, path: String) throws(TableError) {
        guard let place = notFinite else { return }
        throw .array(
            path: path,
            reason:
                "\(array.header.text): a number of row \(place / array.header.rowWidth) is not finite"
        )
    }
}

extension NumberArray {
    /// The numbers as bytes [images][channels][rows][columns].
    func pixels(_ layout: ArrayShape, _ scale: PixelScale, path: String) throws -> [UInt8] {
        if layout.isPlain, header.type == .u8, scale.white == 255 { return bytes }
        try Memory.check(header.count, for: path)
        var images = [UInt8](repeating: 0, count: header.count)
        let places = layout.places
        var start = 0, place = 0
        try forEach { _, value in
            guard let byte = scale.byte(value) else {
                throw TableError.range(path: path, lowest: value, highest: value)
            }
            images[start + places[place]] = byte
            place += 1
            if place == places.count { (start, place) = (start + place, 0) }
        }
        return images
    }
}
