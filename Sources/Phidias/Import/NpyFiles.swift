import PhidiasKernels

/// Arrays of NumPy, each in a file of its own (.npy).
struct NpyFiles: ArraySource {
    let path: String
    let headers: [ArrayHeader]
    private let files: [(file: InputFile, start: Int)]

    /// One file.
    init(file path: String) throws {
        try self.init(path: path, files: [path])
    }

    /// The files of a folder.
    /// - Parameter names: which end in `.npy`.
    init(folder path: String, names: [String]) throws {
        try self.init(path: path, files: names.map { "\(path)/\($0)" })
    }

    private init(path: String, files paths: [String]) throws {
        self.path = path
        var headers: [ArrayHeader] = [], files: [(InputFile, Int)] = []
        for path in paths {
            let file = try InputFile(path)
            let prefix = try file.read(0..<min(NpyHeader.prefix, file.size))
            let end = min(try NpyHeader.end(prefix, path: path), file.size)
            let name = path.split(separator: "/").last.map { String($0.dropLast(4)) } ?? path
            let header = try NpyHeader(try file.read(0..<end), name: name, path: path)
            try Self.check(header, size: file.size, path: path)
            headers.append(header.array)
            files.append((file, header.start))
        }
        self.headers = headers
        self.files = files
    }

    static func check(_ header: NpyHeader, size: Int, path: String) throws(TableError) {
        let available = size - header.start
        guard header.array.bytes == available else {
            throw .array(
                path: path,
                reason:
                    "the header promises \(header.array.bytes) bytes of numbers, but there are \(available)"
            )
        }
    }

    func read(_ index: Int) throws -> NumberArray {
        let (file, start) = files[index]
        return NumberArray(
            header: headers[index], bytes: try file.read(start..<start + headers[index].bytes))
    }
}

/// Arrays of NumPy in a zip archive (.npz).
struct NpzFile: ArraySource {
    let path: String
    let headers: [ArrayHeader]
    private let archive: ZipArchive
    private let members: [(entry: ZipArchive.Entry, start: Int)]

    init(path: String) throws {
        self.path = path
        archive = try ZipArchive(path: path)
        var headers: [ArrayHeader] = [], members: [(ZipArchive.Entry, Int)] = []
        for entry in archive.entries where entry.name.hasSuffix(".npy") {
            let name = String(entry.name.dropLast(4))
            let place = "\(path): \(entry.name)"
            let prefix = try archive.read(entry, first: NpyHeader.prefix)
            let start = try NpyHeader.end(prefix, path: place)
            let header = try NpyHeader(
                try archive.read(entry, first: start), name: name, path: place)
            try NpyFiles.check(header, size: entry.size, path: place)
            headers.append(header.array)
            members.append((entry, header.start))
        }
        self.headers = headers
        self.members = members
    }

    func read(_ index: Int) throws -> NumberArray {
        let (entry, start) = members[index]
        var bytes = try archive.read(entry)
        bytes.removeFirst(start)
        return NumberArray(header: headers[index], bytes: bytes)
    }
}
