import FoundationEssentials
import Glibc

/// The name of an IDX file, taken apart: `emnist-letters-train-images-idx3-ubyte.gz`.
struct IDXName: Hashable {
    /// For training or for testing.
    enum Part { case training, test }
    /// Images or their labels.
    enum Content { case images, labels }

    /// What comes before the part: `emnist-letters`; often nothing.
    let set: String
    let part: Part
    let content: Content

    /// - Returns: nil for other names.
    init?(_ name: String) {
        let words = name.lowercased().split(whereSeparator: { "-._".contains($0) }).map(String.init)
        guard let place = words.lastIndex(where: { ["train", "test", "t10k"].contains($0) }),
            words.count > place + 2, words[place + 2].hasPrefix("idx")
        else { return nil }
        switch words[place + 1] {
        case "images": content = .images
        case "labels": content = .labels
        default: return nil
        }
        part = words[place] == "train" ? .training : .test
        set = words[..<place].joined(separator: "-")
    }

    /// Whether the images are EMNIST's, which have rows and columns swapped.
    var isTransposed: Bool { self.set.contains("emnist") }

    /// The IDX files of a folder by their names, unpacked ones before compressed ones. A file may
    /// lie in a folder of its own name, as programs that unpack archives leave it.
    static func files(in directory: String) throws(DataError) -> [IDXName: String] {
        var files: [IDXName: String] = [:]
        for entry in try FolderListing.names(directory).sorted() {
            guard let name = IDXName(entry), files[name] == nil else { continue }
            let path = "\(directory)/\(entry)"
            var isDirectory = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
                continue
            }
            if isDirectory {
                let inner = try FolderListing.names(path).sorted().first { IDXName($0) == name }
                if let inner { files[name] = "\(path)/\(inner)" }
            } else {
                files[name] = path
            }
        }
        return files
    }
}
