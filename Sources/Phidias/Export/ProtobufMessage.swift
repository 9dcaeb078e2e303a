/// A message of protocol buffers as it is written: numbered fields, one after the other. Large
/// arrays are kept as they are until all is written.
package struct ProtobufMessage: Sendable {
    private enum Part: Sendable {
        case bytes([UInt8])
        case floats([Float])
    }

    private var parts: [Part] = []
    /// The bytes that the message has.
    package private(set) var count = 0

    package init() {}

    /// How a field's value is stored.
    private enum Wire: UInt64 {
        case varint = 0, eightBytes = 1, length = 2, fourBytes = 5
    }

    /// - Parameter integer: negative ones have ten bytes.
    package mutating func add(_ field: Int, integer: Int) {
        key(field, .varint)
        varint(UInt64(bitPattern: Int64(integer)))
    }

    package mutating func add(_ field: Int, double: Double) {
        key(field, .eightBytes)
        append(Self.littleEndian(double.bitPattern))
    }

    package mutating func add(_ field: Int, float: Float) {
        key(field, .fourBytes)
        append(Self.littleEndian(float.bitPattern))
    }

    package mutating func add(_ field: Int, text: String) { add(field, bytes: Array(text.utf8)) }

    package mutating func add(_ field: Int, bytes: [UInt8]) {
        key(field, .length)
        varint(UInt64(bytes.count))
        append(bytes)
    }

    /// The numbers' bytes, little-endian: of a `bytes` field, or of packed floats.
    package mutating func add(_ field: Int, floats: [Float]) {
        key(field, .length)
        varint(UInt64(4 * floats.count))
        parts.append(.floats(floats))
        count += 4 * floats.count
    }

    package mutating func add(_ field: Int, doubles: [Double]) {
        add(field, bytes: doubles.flatMap { Self.littleEndian($0.bitPattern) })
    }

    package mutating func add(_ field: Int, message: ProtobufMessage) {
        key(field, .length)
        varint(UInt64(message.count))
        for part in message.parts {
            switch part {
            case .bytes(let bytes): append(bytes)
            case .floats: parts.append(part)
            }
        }
        count += message.parts.reduce(0) {
            if case .floats(let values) = $1 { $0 + 4 * values.count } else { $0 }
        }
    }

    /// All of the message.
    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for part in parts {
                switch part {
                case .bytes(let bytes):
                    _ = buffer[filled...].update(fromContentsOf: bytes)
                    filled += bytes.count
                case .floats(let values):
                    for value in values {
                        raw.storeBytes(
                            of: value.bitPattern.littleEndian, toByteOffset: filled,
                            as: UInt32.self)
                        filled += 4
                    }
                }
            }
        }
    }

    // MARK: - Parts

    private mutating func key(_ field: Int, _ wire: Wire) {
        precondition((1..<1 << 29).contains(field), "a field has the number \(field)")
        varint(UInt64(field) << 3 | wire.rawValue)
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    private mutating func varint(_ value: UInt64) {
        var (rest, bytes) = (value, [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(bytes + [UInt8(rest)])
    }

    private mutating func append(_ bytes: [UInt8]) {
        count += bytes.count
        if case .bytes(var last)? = parts.last {
            parts.removeLast()
            last += bytes
            parts.append(.bytes(last))
        } else {
            parts.append(.bytes(bytes))
        }
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
