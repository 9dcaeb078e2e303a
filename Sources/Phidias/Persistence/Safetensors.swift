/// A named array of float32 values.
package struct NamedTensor: Sendable, Equatable {
    package let name: String
    package let shape: [Int]
    /// Row-major, as many as the product of `shape`.
    package let values: [Float]

    package init(name: String, shape: [Int], values: [Float]) {
        precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) for \(shape)")
        self.name = name
        self.shape = shape
        self.values = values
    }
}

/// The safetensors format: an 8-byte little-endian header length, a JSON header, and the data of
/// all tensors without holes or overlaps. Only F32 tensors are read.
package struct Safetensors: Sendable, Equatable {
    package var metadata: [JSON.Member]
    /// In the order of the data.
    package var tensors: [NamedTensor]

    package static let largestHeader = 100_000_000

    package init(metadata: [JSON.Member], tensors: [NamedTensor]) {
        self.metadata = metadata
        self.tensors = tensors
    }

    /// The values' bytes, little-endian, in the file's order.
    package static func data(_ tensors: [NamedTensor]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tensors.reduce(0) { $0 + 4 * $1.values.count })
        for tensor in tensors {
            for value in tensor.values {
                let bits = value.bitPattern
                for shift: UInt32 in [0, 8, 16, 24] {
                    bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
                }
            }
        }
        return bytes
    }

    package var bytes: [UInt8] {
        var members: [JSON.Member] = []
        if !metadata.isEmpty {
            members.append(JSON.Member(key: "__metadata__", value: .object(metadata)))
        }
        var offset = 0
        for tensor in tensors {
            let end = offset + 4 * tensor.values.count
            members.append(
                JSON.Member(
                    key: tensor.name,
                    value: .members([
                        "dtype": .string("F32"),
                        "shape": .array(tensor.shape.map { .integer($0) }),
                        "data_offsets": .array([.integer(offset), .integer(end)]),
                    ])))
            offset = end
        }
        var header = Array(JSON.object(members).text().utf8)
        while header.count % 8 != 0 { header.append(0x20) }
        let length = UInt64(header.count)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
        return prefix + header + Self.data(tensors)
    }

    /// - Throws: `ModelFileError.malformed` with the byte and the reason.
    package init(bytes: [UInt8], path: String) throws(ModelFileError) {
        func malformed(_ byte: Int, _ reason: String) -> ModelFileError {
            .malformed(path: path, byte: byte, reason: reason)
        }
        guard bytes.count >= 8 else {
            throw malformed(0, "\(bytes.count) bytes are too few for a safetensors file")
        }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << (8 * UInt64($1)) }
        guard length <= UInt64(Self.largestHeader), Int(length) <= bytes.count - 8 else {
            throw malformed(
                0, "a header of \(length) bytes is claimed, but the file has \(bytes.count) bytes")
        }
        let start = 8 + Int(length)
        guard length > 0, bytes[8] == UInt8(ascii: "{") else {
            throw malformed(8, "the header does not start with '{'")
        }
        let header: JSON
        do { header = try JSON(parsing: bytes[8..<start]) } catch {
            throw malformed(8 + error.byte, "the header is not JSON: \(error.reason)")
        }
        guard case .object(let members) = header else { throw malformed(8, "no object") }

        var metadata: [JSON.Member] = []
        var entries: [(name: String, shape: [Int], first: Int, last: Int)] = []
        for member in members {
            if member.key == "__metadata__" {
                guard case .object(let pairs) = member.value,
                    pairs.allSatisfy({ $0.value.stringValue != nil })
                else { throw malformed(8, "__metadata__ is not a map from text to text") }
                metadata = pairs
                continue
            }
            let entry = try Self.entry(member, malformed)
            entries.append((member.key, entry.shape, entry.first, entry.last))
        }
        entries.sort { ($0.first, $0.last) < ($1.first, $1.last) }
        var expected = 0
        let size = bytes.count - start
        for entry in entries {
            guard entry.first == expected else {
                throw malformed(
                    start + entry.first,
                    "tensor \(entry.name) starts at offset \(entry.first), expected \(expected): \(entry.first < expected ? "tensors overlap" : "there is a hole")"
                )
            }
            guard entry.last <= size else {
                throw malformed(
                    bytes.count, "the file ends inside tensor \(entry.name)")
            }
            expected = entry.last
        }
        guard expected == size else {
            throw malformed(start + expected, "\(size - expected) bytes belong to no tensor")
        }
        self.metadata = metadata
        tensors = entries.map { entry in
            let values = stride(from: start + entry.first, to: start + entry.last, by: 4).map {
                let bits =
                    UInt32(bytes[$0]) | UInt32(bytes[$0 + 1]) << 8 | UInt32(bytes[$0 + 2]) << 16
                    | UInt32(bytes[$0 + 3]) << 24
                return Float(bitPattern: bits)
            }
            return NamedTensor(name: entry.name, shape: entry.shape, values: values)
        }
    }

    private static func entry(
        _ member: JSON.Member, _ malformed: (Int, String) -> ModelFileError
    ) throws(ModelFileError) -> (shape: [Int], first: Int, last: Int) {
        let name = member.key
        guard case .object(let fields) = member.value, fields.count == 3,
            let type = member.value["dtype"]?.stringValue,
            let shape = member.value["shape"]?.arrayValue,
            let offsets = member.value["data_offsets"]?.arrayValue, offsets.count == 2,
            let first = offsets[0].integerValue, let last = offsets[1].integerValue
        else { throw malformed(8, "tensor \(name) lacks dtype, shape or data_offsets") }
        guard type == "F32" else { throw malformed(8, "tensor \(name) is \(type), not F32") }
        var bytes = 4
        var sizes: [Int] = []
        for element in shape {
            guard let size = element.integerValue, size >= 0 else {
                throw malformed(8, "tensor \(name) has a size that is no whole number")
            }
            let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
            guard !overflow else { throw malformed(8, "tensor \(name) is too large") }
            bytes = product
            sizes.append(size)
        }
        guard first >= 0, last >= first, last - first == bytes else {
            throw malformed(
                8, "tensor \(name) of \(bytes) bytes has the offsets \(first) to \(last)")
        }
        return (sizes, first, last)
    }
}
