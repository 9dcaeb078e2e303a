/// The header of NumPy's format for one array: magic bytes, a version, a length, and a Python
/// dictionary with type, order and sizes.
struct NpyHeader {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// The bytes that tell the header's length.
    static let prefix = 12
    private static let longest = 1 << 16

    let array: ArrayHeader
    /// The position of the first number.
    let start: Int

    /// The position after the header of a file that begins with `bytes`.
    /// - Throws: `TableError` if this is no such file.
    static func end(_ bytes: [UInt8], path: String) throws(TableError) -> Int {
        func failure(_ reason: String) -> TableError { .array(path: path, reason: reason) }
        guard bytes.starts(with: magic) else { throw failure("is not an array of NumPy") }
        guard bytes.count >= 10 else { throw failure("the file ends in its header") }
        let version = bytes[6]
        guard (1...3).contains(version) else {
            throw failure("byte 6: version \(version) of NumPy's format; 1 to 3 are read")
        }
        let width = version == 1 ? 2 : 4
        guard bytes.count >= 8 + width else { throw failure("the file ends in its header") }
        let length = bytes[8..<8 + width].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= longest else {
            throw failure("byte 8: a header of \(length) bytes; at most \(longest) are read")
        }
        return 8 + width + length
    }

    /// - Parameters:
    ///   - bytes: the file's first bytes up to the end of the header.
    ///   - name: of the array.
    /// - Throws: `TableError`.
    init(_ bytes: [UInt8], name: String, path: String) throws(TableError) {
        let start = try Self.end(bytes, path: path)
        func failure(_ reason: String) -> TableError { .array(path: path, reason: reason) }
        guard bytes.count >= start else { throw failure("the file ends in its header") }
        var literal = PythonLiteral(bytes[(bytes[6] == 1 ? 10 : 12)..<start])
        guard let members = literal.dictionary() else {
            throw failure("byte \(literal.place): the header is not the dictionary expected there")
        }
        guard members.count == 3, case .text(let type) = members["descr"],
            case .bool(let isFortran) = members["fortran_order"],
            case .sizes(let shape) = members["shape"]
        else {
            if case .list = members["descr"] {
                throw failure("has several fields for each element; save them as arrays of numbers")
            }
            throw failure("the header needs descr, fortran_order and shape")
        }
        guard let (number, isBigEndian) = Self.type(type) else {
            throw failure(
                type.hasSuffix("O")
                    ? "holds Python objects, which are not read; save numbers"
                    : "holds numbers of type '\(type)'; those read are bool, whole numbers of 8 to 64 bits, and floats of 32 and 64 bits"
            )
        }
        guard !isFortran || shape.filter({ $0 > 1 }).count <= 1 else {
            throw failure(
                "its numbers are in Fortran's order, columns first; save numpy.ascontiguousarray of it"
            )
        }
        guard
            let array = ArrayHeader(
                name: name, shape: shape, type: number, isBigEndian: isBigEndian)
        else { throw failure("claims more numbers than there can be: \(shape)") }
        self.array = array
        self.start = start
    }

    private static func type(_ text: String) -> (NumberType, isBigEndian: Bool)? {
        let codes: [String: NumberType] = [
            "b1": .bool, "u1": .u8, "i1": .i8, "u2": .u16, "i2": .i16, "u4": .u32, "i4": .i32,
            "u8": .u64, "i8": .i64, "f4": .f32, "f8": .f64,
        ]
        guard let order = text.first, "<>|=".contains(order),
            let type = codes[String(text.dropFirst())],
            order != "|" || type.width == 1
        else { return nil }
        return (type, order == ">")
    }
}

/// The few forms of Python's literals that such a header has.
private struct PythonLiteral {
    enum Value {
        case text(String), bool(Bool), sizes([Int])
        /// Of anything.
        case list
    }

    private let bytes: ArraySlice<UInt8>
    private(set) var place: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    /// The members; nil if this is no such dictionary, or a key occurs twice.
    mutating func dictionary() -> [String: Value]? {
        guard take("{") else { return nil }
        var members: [String: Value] = [:]
        while !take("}") {
            guard let key = text(), take(":"), let value = value(),
                members.updateValue(value, forKey: key) == nil
            else { return nil }
            if case .list = value { return members }
            if !take(",") {
                guard take("}") else { return nil }
                break
            }
        }
        skip()
        return place == bytes.endIndex ? members : nil
    }

    private mutating func value() -> Value? {
        if take("[") { return .list }
        if take("(") { return sizes().map { .sizes($0) } }
        if take("True") { return .bool(true) }
        if take("False") { return .bool(false) }
        return text().map { .text($0) }
    }

    private mutating func sizes() -> [Int]? {
        var sizes: [Int] = []
        while !take(")") {
            skip()
            let digits = bytes[place...].prefix(20).prefix { (0x30...0x39).contains($0) }
            guard let size = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            place += digits.count
            _ = take("L")
            sizes.append(size)
            if !take(",") { return take(")") ? sizes : nil }
        }
        return sizes
    }

    /// A text in quotes, without escapes.
    private mutating func text() -> String? {
        skip()
        guard place < bytes.endIndex, "'\"".utf8.contains(bytes[place]),
            let end = bytes[(place + 1)...].firstIndex(of: bytes[place])
        else { return nil }
        let content = bytes[(place + 1)..<end]
        guard !content.contains(UInt8(ascii: "\\")) else { return nil }
        place = end + 1
        return String(validating: content, as: UTF8.self)
    }

    private mutating func take(_ token: String) -> Bool {
        skip()
        guard bytes[place...].starts(with: token.utf8) else { return false }
        place += token.utf8.count
        return true
    }

    private mutating func skip() {
        while place < bytes.endIndex, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) { place += 1 }
    }
}
