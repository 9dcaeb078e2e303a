import Phidias

/// The file sweep.json: what the cells of a sweep compute, and from what data.
public struct SweepDocument: Sendable, Equatable {
    /// A setting with the values that it takes.
    public struct Axis: Sendable, Hashable {
        /// The setting, named as in records.
        public var name: String
        /// Its values, as text.
        public var values: [String]

        package init(name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }

    /// Everything that decides the results, in the order of the help.
    package var axes: [Axis]
    /// The version of the program.
    package var program: String
    /// SHA-256 of each part of the data, by name.
    package var checksums: [RunDocument.Setting]

    /// The version that is written, and read.
    package static let formatVersion = 1
    /// The largest file that is read, in bytes.
    package static let largestFile = 1 << 20

    package init(axes: [Axis], program: String, checksums: [String: String]) {
        self.axes = axes
        self.program = program
        self.checksums = RunDocument.Setting.sorted(checksums)
    }

    package subscript(name: String) -> [String]? { axes.first { $0.name == name }?.values }

    package var json: JSON {
        .members([
            "format": .string("phidias-sweep"), "format_version": .integer(Self.formatVersion),
            "phidias": .string(program),
            "settings": .object(
                axes.map { .init(key: $0.name, value: .array($0.values.map { .string($0) })) }),
            "data_sha256": RunDocument.Setting.object(checksums),
        ])
    }

    /// Writes the file whole or not at all.
    package func write(to path: String) throws(FileError) {
        try DurableFile.write(json, to: path)
    }

    /// - Throws: `DataError` if the file cannot be read, `SweepFileError`.
    package init(path: String) throws {
        try self.init(bytes: try FileBytes.read(path, limit: Self.largestFile), path: path)
    }

    package init(bytes: [UInt8], path: String) throws(SweepFileError) {
        let json: JSON
        do {
            json = try JSON(
                parsing: bytes, limits: .init(bytes: Self.largestFile, depth: 8, values: 1 << 16))
        } catch {
            throw SweepFileError(path: path, byte: error.byte, reason: error.reason)
        }
        func wrong(_ reason: String) -> SweepFileError {
            SweepFileError(path: path, byte: 0, reason: reason)
        }
        guard json["format"]?.stringValue == "phidias-sweep" else {
            throw wrong("this is not the record of a sweep")
        }
        guard let version = json["format_version"]?.integerValue else {
            throw wrong("format_version is missing or not understood")
        }
        guard version == Self.formatVersion else {
            throw wrong(
                "version \(version) is not the one that this program reads, \(Self.formatVersion)")
        }
        guard let program = json["phidias"]?.stringValue,
            let settings = json["settings"]?.objectValue,
            let sums = json["data_sha256"]?.objectValue
        else { throw wrong("phidias, settings or data_sha256 is missing or not understood") }
        let axes = settings.compactMap { member -> Axis? in
            guard let values = member.value.arrayValue else { return nil }
            let texts = values.compactMap(\.stringValue)
            return texts.count == values.count ? Axis(name: member.key, values: texts) : nil
        }
        guard axes.count == settings.count else { throw wrong("a setting is not understood") }
        guard let texts = RunDocument.Setting.read(.object(sums)) else {
            throw wrong("a checksum is not understood")
        }
        self.axes = axes
        self.program = program
        checksums = texts
    }
}

/// A file of a sweep that cannot be used.
public struct SweepFileError: PhidiasError, Equatable {
    /// The file.
    public let path: String
    /// Where in the file, counted from 0.
    public let byte: Int
    /// What is wrong there.
    public let reason: String

    package init(path: String, byte: Int, reason: String) {
        (self.path, self.byte, self.reason) = (path, byte, reason)
    }

    public var description: String {
        "\(path): byte \(byte): \(reason). Was the file written by phidias sweep?"
    }
    public var exitCode: Int32 { 65 }
}
