/// A message of protocol buffers, read: the values of each field in order. For tests alone: what is
/// wrong ends the test.
struct ProtobufReader {
    enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private(set) var fields: [Int: [Value]] = [:]

    init(_ bytes: some Collection<UInt8>) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let key = try Self.varint(&rest)
            let value: Value
            switch key & 7 {
            case 0: value = .number(try Self.varint(&rest))
            case 1: value = .number(try Self.fixed(&rest, 8))
            case 2: value = .bytes(try Self.take(&rest, Int(try Self.varint(&rest))))
            case 5: value = .number(try Self.fixed(&rest, 4))
            default: throw Malformed()
            }
            fields[Int(key >> 3), default: []].append(value)
        }
    }

    struct Malformed: Error {}

    func numbers(_ field: Int) -> [Int] {
        (fields[field] ?? []).compactMap {
            if case .number(let value) = $0 { Int(bitPattern: UInt(value)) } else { nil }
        }
    }

    func bytes(_ field: Int) -> [[UInt8]] {
        (fields[field] ?? []).compactMap {
            if case .bytes(let value) = $0 { Array(value) } else { nil }
        }
    }

    func texts(_ field: Int) -> [String] {
        bytes(field).map { String(decoding: $0, as: UTF8.self) }
    }

    func messages(_ field: Int) throws -> [ProtobufReader] {
        try bytes(field).map { try ProtobufReader($0) }
    }

    private static func take(_ rest: inout ArraySlice<UInt8>, _ count: Int) throws -> ArraySlice<
        UInt8
    > {
        guard count >= 0, count <= rest.count else { throw Malformed() }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private static func fixed(_ rest: inout ArraySlice<UInt8>, _ count: Int) throws -> UInt64 {
        try take(&rest, count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
        var (value, shift) = (UInt64(0), UInt64(0))
        while let byte = rest.popFirst() {
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Malformed()
    }
}
