/// An array of bytes in the IDX format of MNIST: magic 00 00 08 NN, NN big-endian 32-bit sizes,
/// then the elements in C order. The content tells whether a file is plain or gzip-compressed.
public struct IDXFile: Sendable, Equatable {
    /// Sizes, slowest first: [images, rows, columns] or [labels].
    public let dimensions: [Int]
    /// All elements in C order, the last dimension fastest.
    public let elements: [UInt8]

    /// The most elements that are read from one file: 2³⁰.
    public static let largest = 1 << 30

    /// Makes a file in memory.
    /// - Parameters:
    ///   - dimensions: one to four sizes, each at least 0.
    ///   - elements: as many as the product of the sizes, and at most `largest`.
    /// - Throws: `DataError.elements` for other sizes.
    public init(dimensions: [Int], elements: [UInt8]) throws(DataError) {
        guard (1...4).contains(dimensions.count),
            dimensions.allSatisfy({ UInt32(exactly: $0) != nil }),
            elements.count <= Self.largest,
            Safetensors.elementCount(dimensions) == elements.count
        else { throw .elements(dimensions: dimensions, found: elements.count) }
        self.dimensions = dimensions
        self.elements = elements
    }

    /// Reads a file.
    /// - Throws: `DataError` with file and byte. Nothing is allocated for elements until the
    ///   header's claim has been compared with the size of the file.
    public init(path: String) throws(DataError) {
        try self.init(IDXReader(path: path))
    }

    init(_ reader: IDXReader) throws(DataError) {
        guard reader.element == .byte else {
            throw .magic(path: reader.path, found: [0, 0, reader.element.rawValue])
        }
        dimensions = reader.dimensions
        elements = try reader.elements()
    }

    /// Where the first label is in a file of labels: after magic and one size.
    static let labelsStart = 8

    private var header: [UInt8] { Self.header(.byte, dimensions) }

    private static func header(_ element: IDXReader.Element, _ dimensions: [Int]) -> [UInt8] {
        var result: [UInt8] = [0, 0, element.rawValue, UInt8(dimensions.count)]
        for size in dimensions {
            for shift in [24, 16, 8, 0] { result.append(UInt8(truncatingIfNeeded: size >> shift)) }
        }
        return result
    }

    /// The file's bytes, uncompressed.
    public var bytes: [UInt8] { header + elements }

    /// The bytes of a file of numbers.
    /// - Parameter dimensions: one to four sizes, whose product is the number of values.
    static func bytes(dimensions: [Int], _ values: [Float]) -> [UInt8] {
        var result = header(.float32, dimensions)
        result.reserveCapacity(result.count + 4 * values.count)
        for value in values {
            withUnsafeBytes(of: value.bitPattern.bigEndian) { result.append(contentsOf: $0) }
        }
        return result
    }

    /// SHA-256 of `bytes`.
    var checksum: String {
        var stream = Checksum.Stream()
        stream.update(header)
        stream.update(elements)
        return stream.value
    }
}
