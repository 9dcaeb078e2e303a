import Foundation

/// Data in other formats, read as a data set.
public struct DataImport: Sendable {
    /// All images that were read.
    public let data: Dataset
    /// The name of each class in the source.
    public let classes: [String]
    /// Files of the source that were skipped because they are not PNG files.
    public let ignored: [String]

    /// Reads a folder of PNG files with one subfolder per class (classes in the order of the
    /// subfolders' names, or by number if all are numbers), or a CSV file with a label and pixels
    /// per line.
    /// - Throws: `DataError` or `ImageError` with file and line.
    public init(_ source: String) throws {
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory)
        if exists && isDirectory.boolValue {
            try self.init(folder: source)
        } else {
            try self.init(csv: source)
        }
    }

    private init(csv path: String) throws {
        var table = CSVImages(path: path)
        try table.read()
        data = try Dataset(
            images: table.images, labels: table.labels, rows: table.side, columns: table.side,
            classes: max(2, Int(table.labels.max() ?? 0) + 1), path: path)
        classes = (0..<data.classes).map(String.init)
        ignored = []
    }

    private init(folder source: String) throws {
        let (folders, numbers) = try Self.classFolders(source)
        var images: [UInt8] = []
        var labels: [UInt8] = []
        var size: (width: Int, height: Int)?
        var ignored: [String] = []
        for (folder, label) in zip(folders, numbers) {
            let before = labels.count
            for file in try Self.names(in: "\(source)/\(folder)") {
                let path = "\(source)/\(folder)/\(file)"
                guard file.lowercased().hasSuffix(".png") else {
                    ignored.append(path)
                    continue
                }
                let image = try PNG.readGray(path: path)
                let expected = size ?? (image.width, image.height)
                guard expected == (image.width, image.height) else {
                    throw DataError.pixels(
                        path: path, expected: "\(expected.width) × \(expected.height)",
                        found: "\(image.width) × \(image.height)")
                }
                size = expected
                guard images.count + image.pixels.count <= IDXFile.largest else {
                    throw DataError.tooLarge(
                        path: source, bytes: images.count + image.pixels.count,
                        limit: IDXFile.largest)
                }
                images += image.pixels
                labels.append(UInt8(label))
            }
            guard labels.count > before else {
                throw DataError.empty("\(source)/\(folder), which stands for a class")
            }
        }
        let count = max(2, (numbers.max() ?? 0) + 1)
        var classes = (0..<count).map(String.init)
        for (folder, label) in zip(folders, numbers) { classes[label] = folder }
        data = try Dataset(
            images: images, labels: labels, rows: size?.height ?? 0, columns: size?.width ?? 0,
            classes: count, classNames: classes.allSatisfy { Int($0) != nil } ? nil : classes,
            path: source)
        self.classes = classes
        self.ignored = ignored
    }

    /// The subfolders in the order of their classes, and the classes: the subfolders' names, if all
    /// are different numbers below 256.
    private static func classFolders(_ source: String) throws -> ([String], [Int]) {
        let folders = try names(in: source).filter { name in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(
                atPath: source + "/" + name, isDirectory: &isDirectory) && isDirectory.boolValue
        }
        guard (2...256).contains(folders.count) else {
            throw DataError.classes(path: source, found: folders.count)
        }
        let numbers = Set(folders.compactMap { Int($0) }.filter { (0..<256).contains($0) }).sorted()
        guard numbers.count == folders.count else { return (folders, Array(folders.indices)) }
        return (folders.sorted { (Int($0) ?? 0) < (Int($1) ?? 0) }, numbers)
    }

    /// The names in a folder that are not hidden.
    private static func names(in folder: String) throws(DataError) -> [String] {
        let names = try FolderListing.names(folder).filter { !$0.hasPrefix(".") }.sorted()
        if let name = names.first(where: { $0.contains("\u{FFFD}") }) {
            throw .io(
                path: "\(folder)/\(name)", reason: "the name is not UTF-8 text; rename the file")
        }
        return names
    }
}
