import PhidiasKernels

/// An IDX file whose header, but not yet its elements, has been read and compared with its size: so
/// files can be compared with each other before memory is allocated for them.
struct IDXReader {
    /// What an element is; the file's third byte.
    enum Element: UInt8 {
        case byte = 0x08
        case int8 = 0x09
        /// This and the following are big-endian.
        case int16 = 0x0b
        case int32 = 0x0c
        case float32 = 0x0d
        case float64 = 0x0e

        /// In bytes.
        var size: Int {
            switch self {
            case .byte, .int8: 1
            case .int16: 2
            case .int32, .float32: 4
            case .float64: 8
            }
        }

        var name: String {
            switch self {
            case .byte: "bytes"
            case .int8: "signed bytes"
            case .int16: "16-bit integers"
            case .int32: "32-bit integers"
            case .float32: "32-bit floats"
            case .float64: "64-bit floats"
            }
        }
    }

    let dimensions: [Int]
    let element: Element
    var path: String { file.path }
    private let file: InputFile
    /// The whole file, if it is compressed.
    private let packed: [UInt8]?
    /// The position of the first element, after the header, and the bytes of all elements.
    private let start, count: Int

    /// The longest header: magic and four sizes.
    private static let longestHeader = 20

    init(path: String) throws(DataError) {
        file = try InputFile(path, limit: IDXFile.largest + 1024)
        var head = try file.read(0..<min(Self.longestHeader, file.size))
        let available: Int
        if Gzip.isCompressed(head) {
            let bytes = try file.read(0..<file.size)
            head = []
            try Gzip.stream(bytes, path: path) { piece in
                head.append(contentsOf: piece.prefix(Self.longestHeader - head.count))
                return head.count < Self.longestHeader
            }
            packed = bytes
            // Deflate grows data at most 1,032-fold: a claim beyond that is false.
            available = bytes.count * 1032
        } else {
            packed = nil
            available = file.size
        }
        (dimensions, element, start) = try Self.header(head, path: path)
        count = dimensions.reduce(element.size, *)
        guard available >= start + count else {
            throw .truncated(path: path, expected: start + count, found: file.size)
        }
        guard packed != nil || available == start + count else {
            throw .oversized(path: path, expected: start + count)
        }
    }

    /// The elements of a file of numbers.
    func floats() throws(DataError) -> [Float] {
        let bytes = try elements()
        try Memory.check(bytes.count, for: path)
        return bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                Float(
                    bitPattern: UInt32(
                        bigEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
            }
        }
    }

    /// The bytes of the elements.
    func elements() throws(DataError) -> [UInt8] {
        guard let packed else { return try file.read(start..<start + count) }
        try Memory.check(count, for: path)
        var elements: [UInt8] = []
        elements.reserveCapacity(count)
        var seen = 0
        try Gzip.stream(packed, path: path) { piece in
            let skip = min(max(start - seen, 0), piece.count)
            let room = count - elements.count
            elements.append(contentsOf: piece.dropFirst(skip).prefix(room))
            seen += piece.count
            return seen <= start + count
        }
        guard seen >= start + count else {
            throw .truncated(path: path, expected: start + count, found: seen)
        }
        guard seen == start + count else { throw .oversized(path: path, expected: start + count) }
        return elements
    }

    private static func header(
        _ bytes: [UInt8], path: String
    ) throws(DataError) -> ([Int], Element, Int) {
        guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0,
            let element = Element(rawValue: bytes[2]), (1...4).contains(bytes[3])
        else { throw .magic(path: path, found: Array(bytes.prefix(4))) }
        let start = 4 + 4 * Int(bytes[3])
        guard bytes.count >= start else {
            throw .truncated(path: path, expected: start, found: bytes.count)
        }
        let dimensions = stride(from: 4, to: start, by: 4).map { at in
            bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        var count = element.size
        for size in dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, product <= IDXFile.largest else {
                throw .size(path: path, dimensions: dimensions)
            }
            count = product
        }
        return (dimensions, element, start)
    }
}
