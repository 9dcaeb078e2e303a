import Foundation
import PhidiasKernels

/// Training and test images from one source.
public struct DataPair: Sendable {
    /// The training images. Read from a folder, they have the image size and classes of the test
    /// images.
    public let training: Dataset
    /// The test images.
    public let test: Dataset
    /// The SHA-256 of each file's content, by name; of the images' bytes if there is no file.
    public let checksums: [String: String]
    /// The file of the training labels, and where its first label is; nil where there is none.
    let labelsFile: (path: String, start: Int)?

    /// Data that is already in memory; the checksums go into the record of a run.
    public init(training: Dataset, test: Dataset, checksums: [String: String]) {
        self.training = training
        self.test = test
        self.checksums = checksums
        labelsFile = nil
    }

    /// Loads the four files of an MNIST-like folder, each plain or with `.gz`, and the names of the
    /// classes in `classes.json`, a JSON array of texts, where there is one.
    /// - Parameters:
    ///   - directory: the folder.
    ///   - classes: the number of classes; nil for as many as there are names, or without names as the
    ///     largest label of the training images needs.
    /// - Throws: `DataError` that names the file and says what to do. All headers are compared
    ///   before any pixel is read.
    public init(directory: String, classes: Int? = nil) throws(DataError) {
        try Self.check(directory)
        let training = try DataFiles(directory, .training)
        let test = try DataFiles(directory, .test)
        guard training.shape == test.shape else {
            throw .pixels(
                path: test.images.path, expected: training.shape.pixels,
                found: test.shape.pixels)
        }
        let names = try ClassNames.read(directory)
        if let names, let classes, names.count != classes {
            throw .classNames(
                path: "\(directory)/\(ClassNames.file)",
                reason: "there are \(names.count) names for \(classes) classes")
        }
        let first = try training.load(classes: classes ?? names?.count, names: names)
        let second = try test.load(classes: first.data.classes, names: names)
        (self.training, self.test) = (first.data, second.data)
        checksums = first.checksums.merging(second.checksums) { $1 }
        labelsFile = (training.labels.path, IDXFile.labelsStart)
    }

    /// Loads the two files of test images alone.
    /// - Parameters:
    ///   - directory: with files as `init(directory:)` reads them.
    ///   - classes: that labels may have. The names of `classes.json` are those of the classes if they
    ///     are as many.
    /// - Throws: `DataError`.
    public static func test(directory: String, classes: Int) throws(DataError) -> Dataset {
        try check(directory)
        let names = try ClassNames.read(directory)
        return try DataFiles(directory, .test).load(
            classes: classes, names: names?.count == classes ? names : nil
        ).data
    }

    private static func check(_ directory: String) throws(DataError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else {
            throw .missing(
                path: directory,
                reason: "there is no such folder")
        }
        guard isDirectory.boolValue else {
            throw .missing(path: directory, reason: "not a folder")
        }
        guard access(directory, R_OK | X_OK) == 0 else {
            throw .missing(path: directory, reason: InputFile.reason(errno))
        }
        do {
            try FolderSwitch.settleToRead(directory)
        } catch {
            throw .io(
                path: directory, reason: "a replacement of the data was interrupted; \(error)")
        }
    }

    /// Writes the four files into a folder, plain, and beside them `classes.json` where the classes
    /// have names. Files that were there are replaced in one step.
    /// - Parameters:
    ///   - directory: made where it is missing.
    ///   - replacing: whether files of that name may be replaced.
    /// - Throws: `DataError.exists`; `.pixels` if training and test images have not one size,
    ///   `.classNames` if their classes have not the same names; `.elements` if a part has more bytes than are read; `.memory`; `FileError`.
    public func write(to directory: String, replacing: Bool = false) throws {
        guard training.shape == test.shape else {
            throw DataError.pixels(
                path: "The test images", expected: training.shape.pixels, found: test.shape.pixels)
        }
        guard training.classNames == test.classNames else {
            throw DataError.classNames(
                path: "The test images", reason: "the training images' classes are named otherwise")
        }
        let lock = try FolderLock(making: directory)
        defer { withExtendedLifetime(lock) {} }
        let parts = [(training, DataFiles.Part.training), (test, .test)]
        let isFlat = training.shape.channels == 1
        // Files of the other sort would be found before the new ones, or be left of the old.
        func names(isFlat: Bool) -> [String] {
            parts.flatMap { $0.1.names(isFlat: isFlat).flatMap(DataFiles.spellings) }
        }
        let others = names(isFlat: !isFlat) + [ClassNames.file]
        let paths = (names(isFlat: isFlat) + others).map { "\(directory)/\($0)" }
        if !replacing, let path = paths.first(where: { access($0, F_OK) == 0 }) {
            throw DataError.exists(path: path)
        }
        // A file's bytes are a copy, one at a time, and its header.
        try Memory.check(max(training.images.count, test.images.count) + 20, for: directory)
        try FolderSwitch.replace(in: directory, removing: others) { root in
            for (data, part) in parts {
                let names = part.names(isFlat: isFlat)
                let sizes = isFlat ? [] : [data.shape.channels]
                let images = try IDXFile(
                    dimensions: [data.count] + sizes + [data.rows, data.columns],
                    elements: data.images)
                let labels = try IDXFile(dimensions: [data.count], elements: data.labels)
                try DurableFile.write(images.bytes, to: "\(root)/\(names[0])")
                try DurableFile.write(labels.bytes, to: "\(root)/\(names[1])")
            }
            if let names = training.classNames {
                try DurableFile.write(ClassNames.json(names), to: "\(root)/\(ClassNames.file)")
            }
        }
    }
}

/// The files of one part, with their headers read and compared.
private struct DataFiles {
    enum Part {
        case training, test

        /// Images, then labels. Images of several channels have four sizes: [images][channels]
        /// [rows][columns].
        func names(isFlat: Bool) -> [String] {
            let prefix = self == .training ? "train" : "t10k"
            return [
                "\(prefix)-images-idx\(isFlat ? 3 : 4)-ubyte", "\(prefix)-labels-idx1-ubyte",
            ]
        }
    }

    let part: Part
    private let isFlat: Bool
    let images, labels: IDXReader
    var shape: ImageShape {
        let sizes = images.dimensions
        return ImageShape(
            channels: isFlat ? 1 : sizes[1], rows: sizes[sizes.count - 2],
            columns: sizes[sizes.count - 1])
    }

    init(_ directory: String, _ part: Part) throws(DataError) {
        self.part = part
        let isMissing = { Self.find(directory, part.names(isFlat: $0)[0]) == nil }
        isFlat = !isMissing(true) || isMissing(false)
        let names = part.names(isFlat: isFlat)
        images = try Self.open(directory, names[0], dimensions: isFlat ? 3 : 4)
        labels = try Self.open(directory, names[1], dimensions: 1)
        let counts = (images.dimensions[0], labels.dimensions[0])
        guard counts.0 == counts.1 else {
            throw .counts(path: images.path, images: counts.0, labels: counts.1)
        }
        guard !images.dimensions.contains(0) else { throw .empty(images.path) }
    }

    static func spellings(_ name: String) -> [String] {
        let dotted = name.replacingOccurrences(of: "-idx", with: ".idx")
        return [name, name + ".gz", dotted, dotted + ".gz"]
    }

    private static func find(_ directory: String, _ name: String) -> String? {
        spellings(name).map { directory + "/" + $0 }.first { access($0, F_OK) == 0 }
    }

    private static func open(
        _ directory: String, _ name: String, dimensions: Int
    ) throws(DataError) -> IDXReader {
        guard let path = find(directory, name) else {
            throw .missing(path: directory + "/" + name, reason: "no such file, nor with .gz")
        }
        let reader = try IDXReader(path: path)
        guard reader.dimensions.count == dimensions else {
            throw .dimensions(path: path, expected: dimensions, found: reader.dimensions.count)
        }
        return reader
    }

    /// - Parameters:
    ///   - classes: the number of classes; nil: as many as the largest label requires.
    ///   - names: of the classes.
    func load(
        classes: Int?, names: [String]?
    ) throws(DataError) -> (data: Dataset, checksums: [String: String]) {
        let content = (try IDXFile(images), try IDXFile(labels))
        let count = classes ?? max(2, Int(content.1.elements.max() ?? 0) + 1)
        guard (1...256).contains(count) else {
            throw .classCount(path: labels.path, classes: count)
        }
        if let index = content.1.elements.firstIndex(where: { Int($0) >= count }) {
            throw .labelByte(
                path: labels.path, byte: IDXFile.labelsStart + index,
                label: Int(content.1.elements[index]), classes: count)
        }
        let data = try Dataset(
            images: content.0.elements, labels: content.1.elements, channels: shape.channels,
            rows: shape.rows, columns: shape.columns,
            classes: count, classNames: names,
            path: labels.path)
        let files = part.names(isFlat: isFlat)
        return (data, [files[0]: content.0.checksum, files[1]: content.1.checksum])
    }
}
