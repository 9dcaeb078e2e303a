import Foundation

/// Training and test images of one source.
public struct DataPair: Sendable {
    /// Both of the same image size and number of classes when read from a folder.
    public let training, test: Dataset
    /// SHA-256 of the content of each file, by name; of the images' bytes where there is no file.
    public let checksums: [String: String]

    /// Data that is in memory already; the checksums go into the record of a run.
    public init(training: Dataset, test: Dataset, checksums: [String: String]) {
        self.training = training
        self.test = test
        self.checksums = checksums
    }

    package static let names = [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ]

    /// Loads the four files of an MNIST-like folder, each plain or with `.gz`.
    /// - Throws: `DataError` that names the file and what to do.
    public init(directory: String) throws(DataError) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else {
            throw .missing(
                path: directory,
                reason: "no such folder; tools/fetch-mnist gets MNIST, or leave out --data")
        }
        guard isDirectory.boolValue else {
            throw .missing(path: directory, reason: "not a folder")
        }
        guard access(directory, R_OK | X_OK) == 0 else {
            throw .missing(path: directory, reason: FileBytes.reason(errno))
        }
        var files: [IDXFile] = []
        var paths: [String] = []
        var checksums: [String: String] = [:]
        for name in Self.names {
            let dotted = name.replacingOccurrences(of: "-idx", with: ".idx")
            let choices = [name, name + ".gz", dotted, dotted + ".gz"].map { directory + "/" + $0 }
            guard let path = choices.first(where: { access($0, F_OK) == 0 }) else {
                throw .missing(path: directory + "/" + name, reason: "no such file, nor with .gz")
            }
            let file = try IDXFile(path: path)
            checksums[name] = Checksum.sha256(file.bytes)
            files.append(file)
            paths.append(path)
        }
        let training = try Dataset(images: files[0], labels: files[1], paths: (paths[0], paths[1]))
        let test = try Dataset(
            images: files[2], labels: files[3], paths: (paths[2], paths[3]),
            classes: training.classes)
        guard training.rows == test.rows, training.columns == test.columns else {
            throw .pixels(
                path: paths[2], expected: "\(training.rows) × \(training.columns)",
                found: "\(test.rows) × \(test.columns)")
        }
        self.init(training: training, test: test, checksums: checksums)
    }

    /// Writes the four files into a folder, plain.
    public func write(to directory: String) throws {
        try DurableFile.makeDirectory(directory)
        for (data, prefix) in [(training, "train"), (test, "t10k")] {
            let images = IDXFile(
                dimensions: [data.count, data.rows, data.columns], elements: data.images)
            let labels = IDXFile(dimensions: [data.count], elements: data.labels)
            try DurableFile.write(images.bytes, to: "\(directory)/\(prefix)-images-idx3-ubyte")
            try DurableFile.write(labels.bytes, to: "\(directory)/\(prefix)-labels-idx1-ubyte")
        }
    }
}
