/// The fields of one record, without quotes and without blanks around them. It is filled again for
/// each record, so that a long file needs the memory of its longest record.
struct TextRecord {
    /// The line on which the record begins.
    fileprivate(set) var line = 0
    fileprivate(set) var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }

    /// The place of a field in `bytes`.
    func range(_ field: Int) -> Range<Int> { (field == 0 ? 0 : ends[field - 1])..<ends[field] }

    /// A field as text; nil if it is not UTF-8.
    func text(_ field: Int) -> String? { String(validating: bytes[range(field)], as: UTF8.self) }

    fileprivate var isBlank: Bool { ends.count == 1 && bytes.isEmpty }

    fileprivate mutating func begin(line: Int) {
        self.line = line
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    fileprivate mutating func append(_ byte: UInt8) { bytes.append(byte) }

    fileprivate mutating func endField(trimming: Bool) {
        if trimming {
            let start = ends.last ?? 0
            while bytes.count > start, DelimitedText.isBlank(bytes[bytes.count - 1]) {
                bytes.removeLast()
            }
        }
        ends.append(bytes.count)
    }
}

/// A file of records and fields after RFC 4180, with any delimiter: fields with the delimiter, a
/// line end or a quote in them stand in quotes, and a quote in them is doubled. Blanks around a
/// field, and blank lines, are skipped. Lines end with LF, CRLF or CR. The file is read in pieces.
struct DelimitedText {
    let path: String
    let delimiter: UInt8

    /// The most fields of a record: the pixels of the largest image, labels and row numbers.
    static let mostFields = Network.largestLayer + 16
    /// The most bytes of a record.
    static let longestRecord = 16 << 20
    private static let pieceSize = 1 << 18

    private let file: InputFile
    private var piece: [UInt8] = []
    private var place = 0
    private var offset = 0
    private var line = 1

    /// - Throws: `DataError`, `TableError` if the file begins as UTF-16 text.
    init(path: String, delimiter: UInt8) throws {
        self.path = path
        self.delimiter = delimiter
        file = try InputFile(path)
        _ = try peek()
        if piece.starts(with: [0xef, 0xbb, 0xbf]) { place = 3 }
        if piece.starts(with: [0xff, 0xfe]) || piece.starts(with: [0xfe, 0xff]) {
            throw TableError.line(
                path: path, line: 1, reason: "is UTF-16 text; save it as UTF-8")
        }
    }

    /// Bytes of the file that were taken.
    var position: Int { offset - piece.count + place }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Reads the next record.
    /// - Returns: false at the end of the file.
    mutating func next(_ record: inout TextRecord) throws -> Bool {
        repeat {
            guard try peek() != nil else { return false }
            record.begin(line: line)
            try readRecord(&record)
        } while record.isBlank
        return true
    }

    private enum State { case start, plain, quoted, quoteSeen, ended }

    private mutating func readRecord(_ record: inout TextRecord) throws {
        var state = State.start
        var quoteLine = 0
        while let byte = try peek() {
            place += 1
            if state == .quoted {
                if byte == Self.quote {
                    state = .quoteSeen
                } else {
                    if try isLineEnd(byte) { line += 1 }
                    record.append(byte)
                    try check(record)
                }
                continue
            }
            if byte == delimiter {
                try endField(&record, state)
                state = .start
                continue
            }
            if byte == Self.lineFeed || byte == Self.carriageReturn {
                if byte == Self.carriageReturn, try peek() == Self.lineFeed { place += 1 }
                try endField(&record, state)
                line += 1
                return
            }
            switch state {
            case .start:
                if byte == Self.quote {
                    (state, quoteLine) = (.quoted, line)
                } else if !Self.isBlank(byte) {
                    try appendPlain(byte, &record)
                    state = .plain
                }
            case .plain: try appendPlain(byte, &record)
            case .quoteSeen where byte == Self.quote:
                record.append(byte)
                state = .quoted
            case .quoteSeen where Self.isBlank(byte), .ended where Self.isBlank(byte):
                state = .ended
            default:
                throw failure(record, "something follows its closing quote")
            }
        }
        guard state != .quoted else {
            throw TableError.line(
                path: path, line: quoteLine, reason: "a quote is opened and never closed")
        }
        try endField(&record, state)
    }

    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    /// Appends a byte outside of quotes, and those after it that are as harmless.
    private mutating func appendPlain(_ first: UInt8, _ record: inout TextRecord) throws {
        var byte = first
        while true {
            if byte == Self.quote {
                throw failure(
                    record, "a quote inside a field; put the field in quotes and double the quote")
            }
            if byte == 0 {
                throw failure(record, "a byte of value 0, which no text has")
            }
            record.append(byte)
            guard place < piece.count else { break }
            byte = piece[place]
            if byte == delimiter || byte == Self.lineFeed || byte == Self.carriageReturn { break }
            place += 1
        }
        try check(record)
    }

    private mutating func endField(_ record: inout TextRecord, _ state: State) throws {
        record.endField(trimming: state == .plain)
        guard record.count <= Self.mostFields else {
            throw TableError.line(
                path: path, line: record.line,
                reason: "more than \(Self.mostFields) fields")
        }
    }

    /// Whether a byte within quotes ends a line, of which CRLF is one.
    private mutating func isLineEnd(_ byte: UInt8) throws -> Bool {
        if byte == Self.lineFeed { return true }
        guard byte == Self.carriageReturn else { return false }
        return try peek() != Self.lineFeed
    }

    private func check(_ record: TextRecord) throws {
        guard record.bytes.count <= Self.longestRecord else {
            throw TableError.line(
                path: path, line: record.line, reason: "more than \(Self.longestRecord) bytes")
        }
    }

    private func failure(_ record: TextRecord, _ reason: String) -> TableError {
        .field(path: path, line: line, column: "field \(record.count + 1)", reason: reason)
    }

    /// The next byte, which stays the next; nil at the end.
    private mutating func peek() throws -> UInt8? {
        if place == piece.count {
            guard offset < file.size else { return nil }
            let end = min(offset + Self.pieceSize, file.size)
            piece = try file.read(offset..<end)
            (offset, place) = (end, 0)
        }
        return piece[place]
    }
}
