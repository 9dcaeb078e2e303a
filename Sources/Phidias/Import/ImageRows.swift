/// The images of a table or of an array, without labels: for prediction.
public struct ImageRows: Sendable {
    /// Channels, height and width of an image.
    public let shape: ImageShape
    /// The number of images.
    public let count: Int
    /// What was found by looking, in sentences.
    public let notes: [String]

    private enum Source: Sendable {
        case table(TableImages)
        case bytes([UInt8])
    }
    private let source: Source

    /// Looks at a file: text whose lines are the pixels of an image, .npy, .npz or safetensors.
    /// - Parameters:
    ///   - path: the file.
    ///   - options: what looking does not tell. `label`: a column that is skipped; `keys`: the name
    ///     of the array.
    /// - Throws: `TableError`, `DataError`.
    public init(path: String, _ options: TableOptions = TableOptions()) throws {
        let file = try InputFile(path)
        switch FileKind(try file.read(0..<min(16, file.size))) {
        case .npy: try self.init(arrays: try NpyFiles(file: path), options)
        case .zip: try self.init(arrays: try NpzFile(path: path), options)
        case .safetensors: try self.init(arrays: try SafetensorsArrays(path: path), options)
        case .idx: try self.init(arrays: try IDXArrays(file: path), options)
        case .text: try self.init(table: path, options)
        case .other(let name): throw TableError.kind(path: path, found: name)
        }
    }

    /// Whether a file is an array, or is named as a table.
    /// - Parameters:
    ///   - start: its first bytes, 16 if there are so many.
    ///   - name: its path.
    package static func isKnown(_ start: [UInt8], name: String) -> Bool {
        switch FileKind(start) {
        case .npy, .zip, .safetensors: true
        case .text: [".csv", ".tsv", ".txt"].contains { name.lowercased().hasSuffix($0) }
        case .idx, .other: false
        }
    }

    private init(arrays: some ArraySource, _ options: TableOptions) throws {
        let path = arrays.path
        let array = try arrays.read(try Self.choose(arrays, options.keys))
        let layout = try ArrayShape(array.header, options, path: path)
        let range = NumberRange(array)
        try range.check(array, path: path)
        let scale = try PixelScale(
            white: options.white, lowest: range.lowest, highest: range.highest,
            areWhole: range.areWhole, path: path)
        shape = layout.shape
        count = layout.images
        let note = scale.note(lowest: range.lowest, highest: range.highest)
        notes = options.white == nil ? note.map { [$0] } ?? [] : []
        source = .bytes(try array.pixels(layout, scale, path: path))
    }

    private init(table path: String, _ options: TableOptions) throws {
        let table = try TableFile(path)
        var options = options
        // A label is skipped only where the header says that it is one.
        if options.label == nil {
            let label = table.names?.firstIndex(where: LabelColumn.isLabelName)
            options.label = label.map { .column(String($0 + 1)) } ?? .nowhere
        }
        let images = try TableImages(
            table, try TableColumns(table, options), options, skipsLabels: true)
        shape = images.shape
        count = table.count
        notes = images.notes
        source = .table(images)
    }

    /// The array of that name; else the only one, or the one that is named as images are.
    private static func choose(
        _ source: any ArraySource, _ keys: [String]
    ) throws(TableError) -> Int {
        let names = source.headers.map(\.name)
        if let key = keys.first {
            guard let place = names.firstIndex(of: key) else {
                throw .whichArrays(path: source.path, found: source.headers.map(\.text))
            }
            return place
        }
        if names.count == 1 { return 0 }
        let known = ["x_test", "test_images", "x", "images", "data"]
        let places = known.compactMap { name in names.firstIndex { $0.lowercased() == name } }
        guard let place = places.first else {
            throw .whichArrays(path: source.path, found: source.headers.map(\.text))
        }
        return place
    }

    /// Reads the images one after the other; those of a table straight from the file.
    /// - Parameter body: is given the bytes of an image, [channels][rows][columns].
    /// - Throws: what `body` throws; `DataError` if the file has changed.
    public func forEach(_ body: (_ pixels: [UInt8]) throws -> Void) throws {
        switch source {
        case .table(let images): try images.forEach { _, pixels, _ in try body(pixels) }
        case .bytes(let bytes):
            for start in stride(from: 0, to: bytes.count, by: shape.count) {
                try body(Array(bytes[start..<start + shape.count]))
            }
        }
    }
}
