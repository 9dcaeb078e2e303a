import PhidiasKernels

extension Safetensors {
    /// Reads a file: first its header, and the tensors only after the whole header has been checked
    /// against the file's size.
    /// - Parameter limit: the size of the largest file that is read, in bytes.
    /// - Throws: `SafetensorsError`, `DataError`.
    package init(path: String, limit: Int) throws {
        let file = try InputFile(path, limit: limit)
        let prefix = try file.read(0..<min(8, file.size))
        let start = 8 + (try Self.headerLength(prefix, fileBytes: file.size, file: path))
        let header = try Self.parseHeader(
            try file.read(8..<start)[...], dataBytes: file.size - start, file: path)
        // Asked for as a whole: a part may be there, and the next not.
        try Memory.check(file.size - start, for: path)
        self.init(
            metadata: header.metadata,
            tensors: try header.entries.map { entry in
                NamedTensor(
                    name: entry.name, shape: entry.shape,
                    values: try file.readFloats(start + entry.begin..<start + entry.end))
            })
    }

    /// Reads the bytes of a file.
    /// - Parameter path: The file, for errors.
    /// - Throws: `SafetensorsError`. Nothing is allocated for the tensors until the whole header
    ///   has been checked against the number of bytes.
    package init(bytes: [UInt8], path: String) throws(SafetensorsError) {
        let start = 8 + (try Self.headerLength(bytes, fileBytes: bytes.count, file: path))
        let header = try Self.parseHeader(
            bytes[8..<start], dataBytes: bytes.count - start, file: path)
        self.init(
            metadata: header.metadata,
            tensors: header.entries.map { entry in
                entry.tensor(from: bytes[start + entry.begin..<start + entry.end])
            })
    }

    /// The same, after memory for a copy of the tensors has been asked for.
    /// - Throws: `SafetensorsError`, `DataError.memory`.
    init(copying bytes: [UInt8], path: String) throws {
        try Memory.check(bytes.count, for: path)
        try self.init(bytes: bytes, path: path)
    }

    /// The headers of all tensors of a file, whatever numbers they hold, and where the data begins.
    /// - Throws: `SafetensorsError`, `DataError`.
    static func headers(of file: InputFile) throws -> (entries: [Entry], start: Int) {
        let prefix = try file.read(0..<min(8, file.size))
        let start = 8 + (try headerLength(prefix, fileBytes: file.size, file: file.path))
        let header = try parseHeader(
            try file.read(8..<start)[...], dataBytes: file.size - start, file: file.path,
            dataType: nil)
        return (header.entries, start)
    }

    /// The position of a tensor in the data.
    struct Entry {
        var name: String
        var dataType: String
        var shape: [Int]
        var begin: Int
        var end: Int

        fileprivate func tensor(from bytes: ArraySlice<UInt8>) -> NamedTensor {
            let values = [Float](unsafeUninitializedCapacity: bytes.count / 4) { values, count in
                bytes.withUnsafeBytes { bytes in
                    while count < bytes.count / 4 {
                        let bits = bytes.loadUnaligned(fromByteOffset: 4 * count, as: UInt32.self)
                        values[count] = Float(bitPattern: UInt32(littleEndian: bits))
                        count += 1
                    }
                }
            }
            return NamedTensor(name: name, shape: shape, values: values)
        }
    }

    /// The size in bytes of each number type of the format; only F32 becomes weights.
    private static let dataTypes: [String: Int] = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1,
        "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
        "I32": 4, "U32": 4, "F32": 4,
        "I64": 8, "U64": 8, "F64": 8, "C64": 8,
    ]

    private static func headerLength(
        _ bytes: [UInt8], fileBytes: Int, file: String
    ) throws(SafetensorsError) -> Int {
        guard fileBytes >= 8 else { throw .tooShort(file: file, bytes: fileBytes) }
        let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let available = fileBytes - 8
        guard length <= UInt64(min(available, largestHeader)) else {
            throw .headerLength(
                file: file, length: length, available: available, limit: largestHeader)
        }
        return Int(length)
    }

    /// Checks the whole header; returns the tensors in the order of the data, which they cover.
    /// - Parameter dataType: what all tensors must hold; nil: any numbers.
    private static func parseHeader(
        _ header: ArraySlice<UInt8>, dataBytes: Int, file: String, dataType: String? = "F32"
    ) throws(SafetensorsError) -> (metadata: [JSON.Member], entries: [Entry]) {
        guard header.first == UInt8(ascii: "{") else {
            throw .header(file: file, byte: 8, reason: "'{' must be the first")
        }
        let json: JSON
        do {
            json = try JSON(
                parsing: header,
                limits: .init(bytes: largestHeader, depth: 8, values: mostHeaderValues))
        } catch {
            throw .header(file: file, byte: 8 + error.byte, reason: error.reason)
        }
        var metadata: [JSON.Member] = []
        var entries: [Entry] = []
        for member in json.objectValue ?? [] {
            let (name, value) = (member.key, member.value)
            if name == metadataKey {
                metadata = try parseMetadata(value, file: file)
            } else {
                entries.append(
                    try parseEntry(
                        name, value, dataBytes: dataBytes, file: file, expected: dataType))
            }
        }
        entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
        try checkCoverage(entries, dataBytes: dataBytes, file: file)
        return (metadata, entries)
    }

    private static func parseMetadata(
        _ value: JSON, file: String
    ) throws(SafetensorsError) -> [JSON.Member] {
        guard let members = value.objectValue else {
            throw .entry(file: file, tensor: metadataKey, reason: "is not an object")
        }
        if let other = members.first(where: { $0.value.stringValue == nil }) {
            throw .entry(
                file: file, tensor: metadataKey,
                reason: "has a value that is no text: '\(other.key)'")
        }
        return members
    }

    private static func parseEntry(
        _ name: String, _ value: JSON, dataBytes: Int, file: String, expected: String?
    ) throws(SafetensorsError) -> Entry {
        func failure(_ reason: String) -> SafetensorsError {
            .entry(file: file, tensor: name, reason: reason)
        }
        guard let members = value.objectValue else { throw failure("is not an object") }
        let known = ["dtype", "shape", "data_offsets"]
        if let other = members.first(where: { !known.contains($0.key) }) {
            throw failure("has the unknown member '\(other.key)'")
        }
        guard let dataType = value["dtype"]?.stringValue else { throw failure("has no dtype") }
        guard let shape = sizes(value["shape"]) else {
            throw failure("has no shape, or one that is not a list of sizes")
        }
        guard let offsets = sizes(value["data_offsets"]), offsets.count == 2 else {
            throw failure("has no data_offsets, or some that are not two byte positions")
        }
        let (begin, end) = (offsets[0], offsets[1])
        guard begin <= end, end <= dataBytes else {
            throw .range(
                file: file, tensor: name, begin: begin, end: end, dataBytes: dataBytes)
        }
        guard let width = dataTypes[dataType] else {
            throw failure("has the unknown dtype '\(dataType)'")
        }
        guard expected == nil || dataType == expected else {
            throw .dataType(file: file, tensor: name, found: dataType)
        }
        let bytes = elementCount(shape)?.multipliedReportingOverflow(by: width)
        guard let bytes, !bytes.overflow, bytes.partialValue == end - begin else {
            throw .shape(
                file: file, tensor: name, shape: shape, dataType: dataType, bytes: end - begin)
        }
        return Entry(
            name: name, dataType: dataType, shape: shape, begin: begin, end: end)
    }

    /// A list of integers from 0; nil if it is anything else.
    private static func sizes(_ value: JSON?) -> [Int]? {
        guard let elements = value?.arrayValue else { return nil }
        let sizes = elements.compactMap(\.integerValue).filter { $0 >= 0 }
        return sizes.count == elements.count ? sizes : nil
    }

    private static func checkCoverage(
        _ entries: [Entry], dataBytes: Int, file: String
    ) throws(SafetensorsError) {
        var end = 0
        var previous = ""
        for entry in entries {
            guard entry.begin >= end else {
                throw .overlap(
                    file: file, tensor: entry.name, previous: previous, begin: entry.begin,
                    end: end)
            }
            guard entry.begin == end else { throw .hole(file: file, begin: end, end: entry.begin) }
            end = entry.end
            previous = entry.name
        }
        guard end == dataBytes else { throw .hole(file: file, begin: end, end: dataBytes) }
    }
}
