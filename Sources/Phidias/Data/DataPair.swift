import FoundationEssentials
import Glibc
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

    /// Loads the four files of an MNIST-like folder, each plain or with `.gz`: images or rows of
    /// numbers, and labels or numbers to predict, as `write(to:replacing:)` names them; and the names
    /// of the classes in `classes.json`, a JSON array of texts, where there is one.
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
        let columns = try ColumnNames.read(directory)
        let first = try training.load(
            classes: classes ?? names?.count, names: names, columns: columns)
        let second = try test.load(
            classes: first.data.isRegression ? nil : first.data.classes, names: names,
            columns: columns)
        guard first.data.targetCount == second.data.targetCount else {
            throw .dimensions(
                path: test.answers.path, expected: first.data.targetCount,
                found: second.data.targetCount)
        }
        (self.training, self.test) = (first.data, second.data)
        checksums = first.checksums.merging(second.checksums) { $1 }
        labelsFile = first.data.isRegression ? nil : (training.answers.path, IDXFile.labelsStart)
    }

    /// Loads the two files of test images alone.
    /// - Parameters:
    ///   - directory: with files as `init(directory:)` reads them.
    ///   - classes: that labels may have; of numbers to predict, how many there may be. The names of
    ///     `classes.json` are those of the classes if they are as many.
    /// - Throws: `DataError`.
    public static func test(directory: String, classes: Int) throws(DataError) -> Dataset {
        try check(directory)
        let names = try ClassNames.read(directory)
        return try DataFiles(directory, .test).load(
            classes: classes, names: names?.count == classes ? names : nil,
            columns: try ColumnNames.read(directory)
        ).data
    }

    private static func check(_ directory: String) throws(DataError) {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else {
            throw .missing(
                path: directory,
                reason: "there is no such folder")
        }
        guard isDirectory else {
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

    /// Writes the four files into a folder, plain: `train-images-idx3-ubyte` or, for rows of
    /// numbers, `train-features-idx2-float`, with `train-labels-idx1-ubyte` or
    /// `train-targets-idx2-float`, and the same for `t10k`; beside them `classes.json` where the
    /// classes have names. Files that were there are replaced in one step.
    /// - Parameters:
    ///   - directory: made where it is missing.
    ///   - replacing: whether files of that name may be replaced.
    /// - Throws: `DataError.exists`; `.pixels` if training and test images have not one size,
    ///   `.classNames` if their classes have not the same names; `.elements` if a part has more
    ///   bytes than are read; `.memory`; `FileError`.
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
        let own = parts.flatMap { [$1.inputs(DataFiles.Inputs($0)), $1.answers($0.isRegression)] }
        // Files of another sort would be found before the new ones, or be left of the old.
        let all = parts.flatMap { _, part in
            DataFiles.Inputs.allCases.map(part.inputs) + [false, true].map(part.answers)
        }
        let spellings = all.flatMap(DataFiles.spellings) + [ClassNames.file, ColumnNames.file]
        let found = spellings.map { name -> String in "\(directory)/\(name)" }
            .first { access($0, F_OK) == 0 }
        if !replacing, let found { throw DataError.exists(path: found) }
        // A file's bytes are a copy, one at a time, and its header.
        let sizes = [training, test].map { $0.count * $0.pixels * ($0.isNumeric ? 4 : 1) }
        try Memory.check((sizes.max() ?? 0) + 20, for: directory)
        try FolderSwitch.replace(
            in: directory, removing: spellings.filter { !own.contains($0) }
        ) { root in
            for (data, part) in parts {
                try DurableFile.write(
                    try data.inputFile, to: "\(root)/\(part.inputs(DataFiles.Inputs(data)))")
                try DurableFile.write(
                    try data.answerFile, to: "\(root)/\(part.answers(data.isRegression))")
            }
            if let names = training.columnNames {
                try DurableFile.write(names.json, to: "\(root)/\(ColumnNames.file)")
            }
            if let names = training.classNames {
                try DurableFile.write(ClassNames.json(names), to: "\(root)/\(ClassNames.file)")
            }
        }
    }
}

extension Dataset {
    /// Its images or features as the bytes of an IDX file.
    fileprivate var inputFile: [UInt8] {
        get throws(DataError) {
            guard !isNumeric else {
                return try Self.file([count, shape.count], features)
            }
            let channels = shape.channels == 1 ? [] : [shape.channels]
            return try IDXFile(dimensions: [count] + channels + [rows, columns], elements: images)
                .bytes
        }
    }

    /// Its labels or targets, likewise.
    fileprivate var answerFile: [UInt8] {
        get throws(DataError) {
            isRegression
                ? try Self.file([count, targetCount], targets)
                : try IDXFile(dimensions: [count], elements: labels).bytes
        }
    }

    private static func file(_ sizes: [Int], _ values: [Float]) throws(DataError) -> [UInt8] {
        guard 4 * values.count <= IDXFile.largest else {
            throw .elements(dimensions: sizes, found: values.count)
        }
        return IDXFile.bytes(dimensions: sizes, values)
    }
}

/// The files of one part, with their headers read and compared.
private struct DataFiles {
    /// What goes into a network, and the end of its file's name.
    enum Inputs: String, CaseIterable {
        /// [images][rows][columns].
        case flat = "images-idx3-ubyte"
        /// [images][channels][rows][columns].
        case channels = "images-idx4-ubyte"
        /// [rows][columns].
        case numbers = "features-idx2-float"

        init(_ data: Dataset) {
            self = data.isNumeric ? .numbers : data.shape.channels == 1 ? .flat : .channels
        }
    }

    enum Part {
        case training, test

        private var prefix: String { self == .training ? "train" : "t10k" }
        func inputs(_ kind: Inputs) -> String { "\(prefix)-\(kind.rawValue)" }
        func answers(_ isRegression: Bool) -> String {
            "\(prefix)-\(isRegression ? "targets-idx2-float" : "labels-idx1-ubyte")"
        }
    }

    let part: Part
    private let directory: String
    private let kind: Inputs
    private let isRegression: Bool
    let images, answers: IDXReader
    var shape: ImageShape {
        let sizes = images.dimensions
        return ImageShape(
            channels: kind == .channels ? sizes[1] : 1,
            rows: kind == .numbers ? 1 : sizes[sizes.count - 2],
            columns: sizes[sizes.count - 1])
    }

    init(_ directory: String, _ part: Part) throws(DataError) {
        (self.part, self.directory) = (part, directory)
        kind = Inputs.allCases.first { Self.find(directory, part.inputs($0)) != nil } ?? .flat
        isRegression =
            Self.find(directory, part.answers(false)) == nil
            && Self.find(directory, part.answers(true)) != nil
        images = try Self.open(
            directory, part.inputs(kind), dimensions: kind == .flat ? 3 : kind == .channels ? 4 : 2,
            kind == .numbers ? .float32 : .byte)
        answers = try Self.open(
            directory, part.answers(isRegression), dimensions: isRegression ? 2 : 1,
            isRegression ? .float32 : .byte)
        let counts = (images.dimensions[0], answers.dimensions[0])
        guard counts.0 == counts.1 else {
            throw .counts(path: images.path, images: counts.0, labels: counts.1)
        }
        guard !images.dimensions.contains(0), !answers.dimensions.contains(0) else {
            throw .empty(images.path)
        }
    }

    static func spellings(_ name: String) -> [String] {
        let dotted = name.replacing("-idx", with: ".idx")
        return [name, name + ".gz", dotted, dotted + ".gz"]
    }

    private static func find(_ directory: String, _ name: String) -> String? {
        for name in spellings(name) where access("\(directory)/\(name)", F_OK) == 0 {
            // Programs that unpack archives may leave a file in a folder of its own name.
            let inner = "\(directory)/\(name)/\(name)"
            return access(inner, F_OK) == 0 ? inner : "\(directory)/\(name)"
        }
        return nil
    }

    /// The file of another set that has the part and content of a name, if it can be taken as it is.
    private static func foreign(_ directory: String, _ name: String) throws(DataError) -> String? {
        guard let wanted = IDXName(name) else { return nil }
        let all = try IDXName.files(in: directory)
        let files = all.filter { $0.key.part == wanted.part && $0.key.content == wanted.content }
        guard let (found, path) = files.first else { return nil }
        guard files.count == 1 else {
            let sets = files.keys.map(\.set).sorted().joined(separator: ", ")
            throw .otherForm(path: directory, reason: "has files of several sets: \(sets)")
        }
        guard !found.isTransposed else {
            throw .otherForm(
                path: path, reason: "the images of EMNIST have rows and columns swapped")
        }
        return path
    }

    private static func open(
        _ directory: String, _ name: String, dimensions: Int, _ element: IDXReader.Element
    ) throws(DataError) -> IDXReader {
        var path = find(directory, name)
        if path == nil { path = try foreign(directory, name) }
        guard let path else {
            throw .missing(path: directory + "/" + name, reason: "no such file, nor with .gz")
        }
        let reader = try IDXReader(path: path)
        guard reader.element == element else {
            throw .otherForm(
                path: path,
                reason: "holds \(reader.element.name); those expected there are \(element.name)")
        }
        guard reader.dimensions.count == dimensions else {
            throw .dimensions(path: path, expected: dimensions, found: reader.dimensions.count)
        }
        return reader
    }

    /// - Parameters:
    ///   - classes: the number of classes; nil: as many as the largest label requires.
    ///   - names: of the classes.
    ///   - columns: names of the columns.
    func load(
        classes: Int?, names: [String]?, columns: ColumnNames?
    ) throws(DataError) -> (data: Dataset, checksums: [String: String]) {
        let inputs = try values(images), answers = try values(answers)
        let checksums = [
            part.inputs(kind): inputs.checksum, part.answers(isRegression): answers.checksum,
        ]
        let classes = classes ?? max(2, Int(answers.bytes.max() ?? 0) + 1)
        let (targets, path) = (self.answers.dimensions.last ?? 1, self.answers.path)
        guard isRegression || (1...256).contains(classes) else {
            throw .classCount(path: path, classes: classes)
        }
        if let index = answers.bytes.firstIndex(where: { Int($0) >= classes }) {
            throw .labelByte(
                path: path, byte: IDXFile.labelsStart + index, label: Int(answers.bytes[index]),
                classes: classes)
        }
        let data: Dataset
        switch (kind == .numbers, isRegression) {
        case (false, false):
            data = try Dataset(
                images: inputs.bytes, labels: answers.bytes, channels: shape.channels,
                rows: shape.rows, columns: shape.columns, classes: classes, classNames: names,
                path: path)
        case (false, true):
            data = try Dataset(
                images: inputs.bytes, targets: answers.floats, targetCount: targets,
                channels: shape.channels, rows: shape.rows, columns: shape.columns, path: path)
        case (true, false):
            data = try Dataset(
                features: inputs.floats, columns: shape.columns, labels: answers.bytes,
                classes: classes, classNames: names, path: path)
        case (true, true):
            data = try Dataset(
                features: inputs.floats, columns: shape.columns, targets: answers.floats,
                targetCount: targets, path: path)
        }
        let place = "\(directory)/\(ColumnNames.file)"
        return (try data.named(columns, path: place), checksums)
    }

    /// The bytes or numbers of a file.
    private func values(
        _ reader: IDXReader
    ) throws(DataError) -> (bytes: [UInt8], floats: [Float], checksum: String) {
        guard reader.element == .byte else {
            let values = try reader.floats()
            let bytes = IDXFile.bytes(dimensions: reader.dimensions, values)
            return ([], values, Checksum.sha256(bytes))
        }
        let file = try IDXFile(reader)
        return (file.elements, [], file.checksum)
    }
}
