import FoundationEssentials
import Glibc
import Phidias

/// Where images to classify come from: a picture, a folder of pictures, or a file of many images: IDX,
/// a table (.csv, .tsv, .txt), or NumPy's array.
/// What a file is its content tells; that it is a table, its name.
public struct ImageSource: Sendable {
    /// The file or folder.
    public let path: String

    /// - Parameter path: a file or a folder.
    public init(_ path: String) { self.path = path }

    /// An image, or what is there in its place.
    public enum Item {
        /// A picture that has not been read.
        case picture(path: String)
        /// An image of a file of many, in the bytes that the network takes.
        case image(name: String, pixels: [UInt8])
        /// What was found out about a file of many, as a sentence.
        case note(String)
        /// What can't be read.
        case failure(path: String, any PhidiasError)
    }

    /// Folders within folders that are entered.
    private static let deepest = 32

    /// Passes what there is, one after the other, without keeping it: pictures of a folder in the
    /// order of their names, those of its subfolders with them; images as they lie in the file.
    /// - Parameters:
    ///   - shape: of the images, which files of many must have.
    ///   - body: is given each. What it throws ends the rest.
    public func forEach(shape: ImageShape, _ body: (Item) throws -> Void) throws {
        switch try readable({ try kind() }, body) {
        case .folder:
            var count = 0
            try pictures(in: path, depth: 0) { item in
                count += 1
                try body(item)
            }
            if count == 0 { try body(.failure(path: path, PredictionError.noPictures(path: path))) }
        case .picture: try body(.picture(path: path))
        case .idx:
            guard let file = try readable({ try images(shape) }, body) else { return }
            let length = shape.count
            for index in 0..<file.dimensions[0] {
                let pixels = Array(file.elements[index * length..<(index + 1) * length])
                try body(.image(name: "\(path) \(index + 1)", pixels: pixels))
            }
        case .rows:
            guard let rows = try readable({ try rows(shape) }, body) else { return }
            for note in rows.notes { try body(.note("\(path): \(note)")) }
            var index = 0
            try rows.forEach { pixels in
                index += 1
                try body(.image(name: "\(path) \(index)", pixels: pixels))
            }
        case nil: return
        }
    }

    /// What is read; nil if that failed, which `body` is told.
    private func readable<Value>(
        _ read: () throws -> Value, _ body: (Item) throws -> Void
    ) throws -> Value? {
        do {
            return try read()
        } catch let error as any PhidiasError {
            try body(.failure(path: path, error))
            return nil
        }
    }

    private enum Kind { case folder, picture, idx, rows }

    private func kind() throws -> Kind {
        var isDirectory = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
            isDirectory
        {
            return .folder
        }
        let file = try InputFile(path)
        let start = try file.read(0..<min(16, file.size))
        if ImageRows.isKnown(start, name: path) { return .rows }
        let isIDX = start.count >= 4 && start[0] == 0 && start[1] == 0
        return isIDX || start.starts(with: [0x1f, 0x8b]) ? .idx : .picture
    }

    /// The pictures of a folder. Hidden names, those of `__MACOSX`, and files that are not named as
    /// pictures are left out; folders that are links are not entered, as they may lead back.
    private func pictures(
        in folder: String, depth: Int, _ body: (Item) throws -> Void
    ) throws {
        let names = try readable({ try FolderListing.names(folder) }, body) ?? []
        for name in names.sorted() where !name.hasPrefix(".") && name != "__MACOSX" {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            let lower = name.lowercased()
            if [".png", ".jpg", ".jpeg"].contains(where: lower.hasSuffix) {
                try body(.picture(path: path))
            } else if depth < Self.deepest,
                (try? FileManager.default.attributesOfItem(atPath: path))?[.type]
                    as? FileAttributeType == .typeDirectory
            {
                try pictures(in: path, depth: depth + 1, body)
            }
        }
    }

    private func rows(_ shape: ImageShape) throws -> ImageRows {
        let rows = try ImageRows(path: path)
        guard rows.shape == shape else {
            throw DataError.pixels(
                path: path, expected: shape.description, found: rows.shape.description)
        }
        return rows
    }

    private func images(_ shape: ImageShape) throws -> IDXFile {
        let file = try IDXFile(path: path)
        let sizes = [shape.channels, shape.rows, shape.columns]
        let found = Array(file.dimensions.dropFirst())
        guard found == sizes || shape.channels == 1 && found == Array(sizes.dropFirst()) else {
            throw DataError.pixels(
                path: path, expected: shape.pixels,
                found: found.map(String.init).joined(separator: " × "))
        }
        return file
    }
}
