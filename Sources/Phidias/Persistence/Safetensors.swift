/// A dense array of 32-bit numbers with a name, row-major: the last index varies fastest.
package struct NamedTensor: Sendable, Equatable {
    package let name: String
    package let shape: [Int]
    /// The values, as many as the product of `shape`.
    package let values: [Float]

    package init(name: String, shape: [Int], values: [Float]) {
        precondition(
            Safetensors.elementCount(shape) == values.count,
            "\(name): \(values.count) values for the shape \(shape)")
        self.name = name
        self.shape = shape
        self.values = values
    }
}

/// Tensors and metadata in the safetensors format (github.com/huggingface/safetensors): 8 bytes
/// with the header's length, little-endian; the header, JSON from each tensor's name to its type,
/// shape and position; the tensors' bytes, little-endian, without gaps.
package struct Safetensors: Sendable, Equatable {
    /// The header's `__metadata__`: texts by key, in order. Keys are unique.
    package var metadata: [JSON.Member]
    /// The tensors in the order of their bytes in the file. Names are unique.
    package var tensors: [NamedTensor]

    /// The largest header in bytes, as in the format's own implementation.
    package static let largestHeader = 100_000_000
    /// The most JSON values of a header: a tensor needs seven.
    static let mostHeaderValues = 1 << 20

    static let metadataKey = "__metadata__"

    package init(metadata: [JSON.Member], tensors: [NamedTensor]) {
        self.metadata = metadata
        self.tensors = tensors
    }

    // MARK: - Writing

    /// The file's bytes. The header is padded with spaces, so that the data begins at a multiple of
    /// 8 bytes. The same tensors give the same bytes.
    /// - Precondition: No key or name occurs twice, and all metadata are texts.
    package var bytes: [UInt8] {
        let header = header
        let length = UInt64(header.count)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        let count = tensors.reduce(8 + header.count) { $0 + 4 * $1.values.count }
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            _ = bytes.update(fromContentsOf: prefix)
            _ = bytes[8...].update(fromContentsOf: header)
            filled = 8 + header.count
            let raw = UnsafeMutableRawBufferPointer(bytes)
            for tensor in tensors {
                for value in tensor.values {
                    raw.storeBytes(
                        of: value.bitPattern.littleEndian, toByteOffset: filled, as: UInt32.self)
                    filled += 4
                }
            }
        }
    }

    /// SHA-256 of the values' bytes, little-endian, one tensor after the other.
    package static func sha256(_ tensors: [NamedTensor]) -> String {
        var stream = Checksum.Stream()
        for tensor in tensors { stream.update(tensor.values) }
        return stream.value
    }

    private var header: [UInt8] {
        precondition(
            metadata.allSatisfy { $0.value.stringValue != nil }, "a metadata value is no text")
        precondition(Set(metadata.map(\.key)).count == metadata.count, "a key occurs twice")
        var members: [JSON.Member] = []
        if !metadata.isEmpty {
            members.append(JSON.Member(key: Self.metadataKey, value: .object(metadata)))
        }
        var names: Set<String> = [Self.metadataKey]
        var begin = 0
        for tensor in tensors {
            precondition(names.insert(tensor.name).inserted, "\(tensor.name) occurs twice")
            let end = begin + 4 * tensor.values.count
            let entry = JSON.members([
                "dtype": .string("F32"),
                "shape": .array(tensor.shape.map { .integer($0) }),
                "data_offsets": .array([.integer(begin), .integer(end)]),
            ])
            members.append(JSON.Member(key: tensor.name, value: entry))
            begin = end
        }
        let text = Array(JSON.object(members).text().utf8)
        return text + [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
    }

    /// The product of a shape's sizes; nil if one is negative or the product too large.
    static func elementCount(_ shape: [Int]) -> Int? {
        // A size of 0 hides the overflow of the others, so negative ones are checked first.
        if shape.contains(where: { $0 < 0 }) { return nil }
        if shape.contains(0) { return 0 }
        var count = 1
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            if overflow { return nil }
            count = product
        }
        return count
    }
}
