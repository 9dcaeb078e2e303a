import FoundationEssentials
import Glibc

/// Data in other formats, read as a data set.
public struct DataImport: Sendable {
    /// All images or rows that were read, or those for training where there is a `test` part.
    public let data: Dataset
    /// The images or rows for testing, where the source says which they are; nil where nothing does.
    public let test: Dataset?
    /// The name of each class in the source.
    public let classes: [String]
    /// Files and folders of the source that were passed over because they are no pictures.
    public let ignored: [String]
    /// How many hidden files and leavings of systems and archives were passed over.
    public let hidden: Int
    /// Why files were left out, with `ImportOptions.skipsBad`.
    public let skipped: [any PhidiasError]
    /// What was decided about the source, and what looks like a mistake, as sentences.
    public let notes: [String]

    /// Reads a folder of PNG and JPEG files with one subfolder per class (classes in the order of the
    /// subfolders' names, or by number if all are numbers), or with such subfolders in `train/` and
    /// `test/`; a folder of IDX or .npy files; or a file with a table or arrays.
    /// - Parameters:
    ///   - source: the folder or file.
    ///   - options: how pictures become images; of a table or arrays, the most classes.
    ///   - tables: what looking at a table or at arrays does not tell.
    /// - Throws: `DataError`, `ImportError`, `TableError` or `SafetensorsError` with file and place.
    public init(
        _ source: String, options: ImportOptions = ImportOptions(),
        tables: TableOptions = TableOptions()
    ) throws {
        if let classes = options.classes, !(1...256).contains(classes) {
            throw DataError.classCount(path: source, classes: classes)
        }
        var isDirectory = false
        let exists = FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory)
        if exists && isDirectory {
            if let files = try FileImport.read(folder: source, tables) {
                try self.init(files, options, source)
            } else {
                try self.init(folder: source, options)
            }
        } else {
            try self.init(FileImport.read(source, tables), options, source)
        }
    }

    /// What the readers of tables and arrays found.
    private init(
        _ file: FileImport, _ options: ImportOptions, _ source: String
    ) throws(DataError) {
        func checked(_ part: ImportedPart) throws(DataError) -> Dataset {
            let data = try part.dataset(path: source)
            if let classes = options.classes,
                let bad = data.labels.firstIndex(where: { Int($0) >= classes })
            {
                throw .label(
                    path: source, index: bad, label: Int(data.labels[bad]), classes: classes)
            }
            return data
        }
        data = try checked(file.training)
        if let part = file.test { test = try checked(part) } else { test = nil }
        classes = file.classNames
        (ignored, hidden, skipped) = ([], 0, [])
        notes = file.notes
    }

    private init(folder source: String, _ options: ImportOptions) throws {
        let folder = try FolderImport(source, options)
        data = try folder.dataset(folder.training)
        test = folder.layout.test == nil ? nil : try folder.dataset(folder.test)
        classes = folder.names
        (ignored, hidden, skipped) = (folder.ignored, folder.hidden, folder.skipped)
        notes = folder.notes
    }
}
