/// A part of a source: images or measurements.
enum ImportedPart {
    case images(Dataset)
    case measurements(ImportedTable)

    func dataset(path: String) throws(DataError) -> Dataset {
        switch self {
        case .images(let data): data
        case .measurements(let table): try table.dataset(path: path)
        }
    }
}

/// Labelled images or measurements from one file of any kind that is read, recognised by its
/// content.
struct FileImport {
    var training: ImportedPart
    /// nil where the file has no part of its own for testing.
    var test: ImportedPart?
    /// The name of each class.
    var classNames: [String]
    /// What was found by looking, in sentences.
    var notes: [String]

    init(
        training: ImportedPart, test: ImportedPart? = nil, classNames: [String], notes: [String]
    ) {
        self.training = training
        self.test = test
        self.classNames = classNames
        self.notes = notes
    }

    /// - Throws: `TableError` with line, column or array; `DataError`; `SafetensorsError`.
    static func read(_ path: String, _ options: TableOptions) throws -> FileImport {
        let file = try InputFile(path)
        switch FileKind(try file.read(0..<min(16, file.size))) {
        case .npy: return try ArrayImport.read(try NpyFiles(file: path), options)
        case .zip: return try ArrayImport.read(try NpzFile(path: path), options)
        case .safetensors: return try ArrayImport.read(try SafetensorsArrays(path: path), options)
        case .idx: return try ArrayImport.read(try IDXArrays(file: path), options)
        case .text: return try table(path, options)
        case .other(let name): throw TableError.kind(path: path, found: name)
        }
    }

    /// Reads the files of a folder that belong together.
    /// - Returns: nil if there are none.
    static func read(folder path: String, _ options: TableOptions) throws -> FileImport? {
        if let files = try IDXArrays(folder: path, keys: options.keys) {
            var options = options
            options.keys = []
            return try ArrayImport.read(files, options)
        }
        let names = try FolderListing.names(path).filter { !$0.hasPrefix(".") }.sorted()
        let arrays = names.filter { $0.hasSuffix(".npy") }
        guard !arrays.isEmpty else { return nil }
        return try ArrayImport.read(try NpyFiles(folder: path, names: arrays), options)
    }

    private static func table(_ path: String, _ options: TableOptions) throws -> FileImport {
        let table = try TableFile(path)
        let columns = try TableColumns(table, options)
        switch try TableOptions.Content.of(table, columns, options) {
        case .images:
            let images = try TableImages(table, columns, options)
            return FileImport(
                training: .images(try images.dataset()), classNames: images.classes?.names ?? [],
                notes: images.notes)
        case .table:
            let rows = try TableMeasurements(table, columns, options)
            let read = try rows.read()
            return FileImport(
                training: .measurements(read), classNames: read.classNames, notes: rows.notes)
        }
    }
}

/// What a file is, by its first bytes.
enum FileKind: Equatable {
    case text
    case npy
    case zip
    case safetensors
    /// IDX, plain or compressed.
    case idx
    /// Something else, in words.
    case other(String)

    /// - Parameter start: the first bytes, 16 if there are so many.
    init(_ start: [UInt8]) {
        let known: [([UInt8], FileKind)] = [
            (NpyHeader.magic, .npy), ([0x50, 0x4b, 3, 4], .zip), ([0x50, 0x4b, 5, 6], .zip),
            ([0x1f, 0x8b], .idx), ([0, 0], .idx),
            ([0x89, 0x50, 0x4e, 0x47], .other("a single PNG picture")),
            ([0xff, 0xd8, 0xff], .other("a single JPEG picture")),
            ([0x89, 0x48, 0x44, 0x46], .other("an HDF5 file")),
        ]
        if let kind = known.first(where: { start.starts(with: $0.0) })?.1 {
            self = kind
        } else {
            // A header's length, which is below 2⁴⁰, and the header's first byte.
            let isSafetensors =
                start.count > 8 && start[5..<8].allSatisfy { $0 == 0 }
                && start[8] == UInt8(ascii: "{")
            self = isSafetensors ? .safetensors : .text
        }
    }
}
