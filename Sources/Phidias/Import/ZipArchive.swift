import CZlib
import PhidiasKernels

/// The directory of a zip archive, and its members, stored or deflated. Sizes of 64 bits are read;
/// encrypted and split archives are not.
struct ZipArchive {
    /// A member.
    struct Entry: Sendable, Equatable {
        let name: String
        /// Bytes in the archive, and unpacked.
        let packed, size: Int
        fileprivate let isDeflated: Bool
        fileprivate let crc: UInt32
        /// The position of its own header.
        fileprivate let offset: Int
    }

    let path: String
    let entries: [Entry]
    private let file: InputFile

    /// The most bytes of the directory.
    private static let largestDirectory = 1 << 20
    /// Deflate grows data at most 1,032-fold.
    private static let mostGrowth = 1032

    /// - Throws: `TableError` with the byte; `DataError`.
    init(path: String) throws {
        self.path = path
        file = try InputFile(path)
        let directory = try Self.directory(file)
        var fields = ZipFields(try file.read(directory), offset: directory.lowerBound, path: path)
        var entries: [Entry] = []
        while !fields.isAtEnd {
            entries.append(try Self.entry(&fields, file: file.size))
        }
        self.entries = entries
        guard Set(entries.map(\.name)).count == entries.count else {
            throw TableError.array(path: path, reason: "two members have one name")
        }
    }

    /// Where the directory lies: found from the archive's end.
    private static func directory(_ file: InputFile) throws -> Range<Int> {
        let start = max(0, file.size - 22 - 65_535)
        let tail = try file.read(start..<file.size)
        // The record of the end is 22 bytes and a comment, whose length it knows.
        guard tail.count >= 22,
            let place = (0...tail.count - 22).last(where: { place in
                tail[place...].starts(with: [0x50, 0x4b, 5, 6])
                    && place + 22 + Int(tail[place + 20]) + Int(tail[place + 21]) << 8 == tail.count
            })
        else {
            throw TableError.array(
                path: file.path,
                reason: "is no zip archive, or is cut off: its directory is missing")
        }
        var end = ZipFields(Array(tail[place...]), offset: start + place, path: file.path)
        try end.skip(4)
        let disks = (try end.number(2), try end.number(2))
        try end.skip(4)
        var size = try end.number(4), offset = try end.number(4)
        var limit = start + place
        if size == 0xffff_ffff || offset == 0xffff_ffff || disks.0 == 0xffff {
            (size, offset, limit) = try large(file, before: start + place)
        } else if disks != (0, 0) {
            throw TableError.array(path: file.path, reason: "is one part of a split archive")
        }
        guard size <= largestDirectory else {
            throw TableError.array(
                path: file.path,
                reason: "its directory has \(size) bytes; at most \(largestDirectory) are read")
        }
        guard offset >= 0, size >= 0, offset <= limit, size == limit - offset else {
            throw TableError.array(
                path: file.path,
                reason: "byte \(start + place): the directory is not where it is said to be")
        }
        return offset..<offset + size
    }

    /// The directory's size and position in 64 bits, and where that is written.
    private static func large(_ file: InputFile, before end: Int) throws -> (Int, Int, Int) {
        func failure() -> TableError {
            .array(path: file.path, reason: "byte \(end): the record of large sizes is damaged")
        }
        guard end >= 20 else { throw failure() }
        var locator = ZipFields(try file.read(end - 20..<end), offset: end - 20, path: file.path)
        guard try locator.number(4) == 0x0706_4b50 else { throw failure() }
        try locator.skip(4)
        let place = try locator.number(8)
        guard place >= 0, place <= end - 20 - 56 else { throw failure() }
        var record = ZipFields(try file.read(place..<place + 56), offset: place, path: file.path)
        guard try record.number(4) == 0x0606_4b50 else { throw failure() }
        try record.skip(36)
        return (try record.number(8), try record.number(8), place)
    }

    private static func entry(_ fields: inout ZipFields, file size: Int) throws -> Entry {
        let place = fields.position
        func failure(_ reason: String) -> TableError {
            .array(path: fields.path, reason: "byte \(place): \(reason)")
        }
        guard try fields.number(4) == 0x0201_4b50 else { throw failure("damaged zip directory") }
        try fields.skip(4)
        let flags = try fields.number(2), method = try fields.number(2)
        try fields.skip(4)
        let crc = UInt32(try fields.number(4))
        var packed = try fields.number(4), unpacked = try fields.number(4)
        let lengths = (try fields.number(2), try fields.number(2), try fields.number(2))
        try fields.skip(8)
        var offset = try fields.number(4)
        let name = String(decoding: try fields.bytes(lengths.0), as: UTF8.self)
        var extra = ZipFields(
            try fields.bytes(lengths.1), offset: fields.position - lengths.1, path: fields.path)
        try fields.skip(lengths.2)
        while !extra.isAtEnd {
            let (kind, length) = (try extra.number(2), try extra.number(2))
            var content = ZipFields(
                try extra.bytes(length), offset: extra.position - length, path: fields.path)
            guard kind == 1 else { continue }
            if unpacked == 0xffff_ffff { unpacked = try content.number(8) }
            if packed == 0xffff_ffff { packed = try content.number(8) }
            if offset == 0xffff_ffff { offset = try content.number(8) }
        }
        guard flags & 1 == 0 else { throw failure("\(name): is encrypted") }
        guard method == 0 || method == 8 else {
            throw failure(
                "\(name): is packed by method \(method); stored and deflated ones are read")
        }
        guard packed >= 0, offset >= 0, unpacked >= 0, packed <= size, offset <= size - packed,
            method == 8 ? unpacked / mostGrowth <= packed : unpacked == packed
        else { throw failure("\(name): claims \(unpacked) bytes, more than the file can hold") }
        return Entry(
            name: name, packed: packed, size: unpacked, isDeflated: method == 8, crc: crc,
            offset: offset)
    }

    /// The content of a member, whose checksum is compared.
    /// - Throws: `TableError`, `DataError`.
    func read(_ entry: Entry) throws -> [UInt8] {
        let bytes = try content(entry, first: entry.size)
        let sum = bytes.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
        guard UInt32(truncatingIfNeeded: sum) == entry.crc else {
            throw failure(entry, "is damaged: its checksum is another")
        }
        return bytes
    }

    /// The first bytes of a member, as many as there are.
    func read(_ entry: Entry, first: Int) throws -> [UInt8] {
        try content(entry, first: min(first, entry.size))
    }

    private func failure(_ entry: Entry, _ reason: String) -> TableError {
        .array(path: "\(path): \(entry.name)", reason: reason)
    }

    private func content(_ entry: Entry, first count: Int) throws -> [UInt8] {
        guard entry.offset <= file.size - 30 else { throw failure(entry, "its header is cut off") }
        var header = ZipFields(
            try file.read(entry.offset..<entry.offset + 30), offset: entry.offset, path: path)
        guard try header.number(4) == 0x0403_4b50 else {
            throw failure(entry, "byte \(entry.offset): no member begins here")
        }
        try header.skip(22)
        let start = entry.offset + 30 + (try header.number(2)) + (try header.number(2))
        guard start <= file.size - entry.packed else { throw failure(entry, "is cut off") }
        guard entry.isDeflated else { return try file.read(start..<start + count) }
        try Memory.check(count, for: path)
        // The beginning of a member needs no more than a beginning of what it is packed as.
        let needed = count == entry.size ? entry.packed : min(entry.packed, 2 * count + 1024)
        let packed = try file.read(start..<start + needed)
        let bytes = try Self.inflate(packed, count: count, isWhole: count == entry.size)
        guard let bytes else { throw failure(entry, "is damaged: it cannot be unpacked") }
        return bytes
    }

    /// The first bytes of deflated data.
    /// - Parameter isWhole: whether that must be all of it.
    /// - Returns: nil if the data is damaged, or has not as many.
    private static func inflate(_ packed: [UInt8], count: Int, isWhole: Bool) throws -> [UInt8]? {
        var stream = z_stream()
        guard
            inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw DataError.io(path: "zip", reason: "zlib has no memory") }
        defer { inflateEnd(&stream) }
        var isRight = false
        // One byte more than expected shows that there are more.
        let bytes = [UInt8](unsafeUninitializedCapacity: count + 1) { output, filled in
            packed.withUnsafeBufferPointer { input in
                var read = 0
                while true {
                    stream.next_in = input.baseAddress.map {
                        UnsafeMutablePointer(mutating: $0 + read)
                    }
                    stream.avail_in = UInt32(clamping: input.count - read)
                    stream.next_out = output.baseAddress.map { $0 + filled }
                    stream.avail_out = UInt32(clamping: output.count - filled)
                    let before = (stream.avail_in, stream.avail_out)
                    let status = zlibInflate(&stream)
                    read += Int(before.0 - stream.avail_in)
                    filled += Int(before.1 - stream.avail_out)
                    isRight = isWhole ? filled == count && status == Z_STREAM_END : filled >= count
                    guard status == Z_OK, before != (stream.avail_in, stream.avail_out) else {
                        return
                    }
                    if filled > count { return }
                }
            }
            filled = min(filled, count)
        }
        return isRight ? bytes : nil
    }

    private static func zlibInflate(_ stream: inout z_stream) -> Int32 {
        CZlib.inflate(&stream, Z_NO_FLUSH)
    }
}

/// Little-endian numbers, one after the other.
private struct ZipFields {
    private let content: [UInt8]
    private let offset: Int
    private var place = 0
    let path: String

    init(_ content: [UInt8], offset: Int, path: String) {
        self.content = content
        self.offset = offset
        self.path = path
    }

    var isAtEnd: Bool { place == content.count }
    /// The position in the file.
    var position: Int { offset + place }

    mutating func bytes(_ count: Int) throws(TableError) -> [UInt8] {
        guard count <= content.count - place else {
            throw .array(
                path: path, reason: "byte \(position): the zip archive's directory is cut off")
        }
        place += count
        return Array(content[place - count..<place])
    }

    mutating func skip(_ count: Int) throws(TableError) { _ = try bytes(count) }

    /// A number of 2, 4 or 8 bytes; negative where an `Int` cannot hold it.
    mutating func number(_ width: Int) throws(TableError) -> Int {
        Int(
            truncatingIfNeeded: try bytes(width).reversed().reduce(UInt64(0)) {
                $0 << 8 | UInt64($1)
            })
    }
}
