/// An array of bytes in the IDX format of MNIST: magic 00 00 08 NN, NN big-endian 32-bit sizes,
/// then the elements in C order. Plain or gzip-compressed, told apart by content.
public struct IDXFile: Sendable, Equatable {
    /// Sizes, slowest first: [images, rows, columns] or [labels].
    public let dimensions: [Int]
    /// All elements in C order, the last dimension fastest.
    public let elements: [UInt8]

    /// Most elements that are read from one file: 2³⁰.
    public static let largest = 1 << 30

    /// - Precondition: there are as many elements as the product of the dimensions.
    public init(dimensions: [Int], elements: [UInt8]) {
        precondition(
            dimensions.reduce(1, *) == elements.count,
            "\(elements.count) elements for sizes \(dimensions)")
        self.dimensions = dimensions
        self.elements = elements
    }

    /// - Throws: `DataError` with file and byte. Nothing is allocated for elements before the
    ///   header's claim was compared with the size of the file.
    public init(path: String) throws(DataError) {
        let bytes = try FileBytes.read(path, limit: Self.largest + 1024)
        try self.init(bytes: bytes, path: path)
    }

    package init(bytes: [UInt8], path: String) throws(DataError) {
        guard Gzip.isCompressed(bytes) else {
            let (dimensions, start) = try Self.header(bytes, path: path)
            let count = dimensions.reduce(1, *)
            guard bytes.count >= start + count else {
                throw .truncated(path: path, expected: start + count, found: bytes.count)
            }
            guard bytes.count == start + count else {
                throw .oversized(path: path, expected: start + count)
            }
            self.dimensions = dimensions
            elements = Array(bytes[start...])
            return
        }
        // The first pass reads the header alone, the second fills the array it promises. Deflate
        // grows data at most 1,032-fold, so a claim beyond that is false before anything is kept.
        var head: [UInt8] = []
        try Gzip.stream(bytes, path: path) { piece in
            head.append(contentsOf: piece.prefix(64 - head.count))
            return head.count < 64
        }
        let (dimensions, start) = try Self.header(head, path: path)
        let count = dimensions.reduce(1, *)
        guard start + count <= bytes.count * 1032 + 64 else {
            throw .truncated(path: path, expected: start + count, found: bytes.count)
        }
        var elements: [UInt8] = []
        elements.reserveCapacity(count)
        var seen = 0
        try Gzip.stream(bytes, path: path) { piece in
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
        self.dimensions = dimensions
        self.elements = elements
    }

    private static func header(_ bytes: [UInt8], path: String) throws(DataError) -> ([Int], Int) {
        guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0, bytes[2] == 8, (1...4).contains(bytes[3])
        else { throw .magic(path: path, found: Array(bytes.prefix(4))) }
        let start = 4 + 4 * Int(bytes[3])
        guard bytes.count >= start else {
            throw .truncated(path: path, expected: start, found: bytes.count)
        }
        let dimensions = stride(from: 4, to: start, by: 4).map { at in
            bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        var count = 1
        for size in dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, product <= largest else {
                throw .size(path: path, dimensions: dimensions)
            }
            count = product
        }
        return (dimensions, start)
    }

    /// The file's bytes, uncompressed.
    public var bytes: [UInt8] {
        var result: [UInt8] = [0, 0, 8, UInt8(dimensions.count)]
        result.reserveCapacity(4 + 4 * dimensions.count + elements.count)
        for size in dimensions {
            for shift in [24, 16, 8, 0] { result.append(UInt8(truncatingIfNeeded: size >> shift)) }
        }
        result.append(contentsOf: elements)
        return result
    }
}
