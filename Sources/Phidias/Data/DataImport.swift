import Foundation

/// Data in other formats, read as a data set.
public struct DataImport: Sendable {
    /// All images that were read, or the training images where there are `test` images.
    public let data: Dataset
    /// The test images, where the source says which they are; nil where nothing does.
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
    /// `test/`; or a CSV file with a label and pixels per line.
    /// - Parameters:
    ///   - source: the folder or file.
    ///   - options: how pictures become images; a CSV file needs none of them.
    /// - Throws: `DataError` or `ImportError` with file and line.
    public init(_ source: String, options: ImportOptions = ImportOptions()) throws {
        if let classes = options.classes, !(1...256).contains(classes) {
            throw DataError.classCount(path: source, classes: classes)
        }
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory)
        if exists && isDirectory.boolValue {
            try self.init(folder: source, options)
        } else {
            try self.init(csv: source, options)
        }
    }

    private init(csv path: String, _ options: ImportOptions) throws {
        var table = CSVImages(path: path)
        try table.read()
        let largest = Int(table.labels.max() ?? 0)
        if let classes = options.classes, largest >= classes,
            let line = table.labels.firstIndex(where: { Int($0) >= classes })
        {
            throw DataError.label(
                path: path, index: line, label: Int(table.labels[line]), classes: classes)
        }
        data = try Dataset(
            images: table.images, labels: table.labels, rows: table.side, columns: table.side,
            classes: max(2, largest + 1), path: path)
        classes = (0..<data.classes).map(String.init)
        (test, ignored, hidden, skipped, notes) = (nil, [], 0, [], [])
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
