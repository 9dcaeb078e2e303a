/// Makes PNG files by hand, good and bad ones: chunk by chunk, their pixels uncompressed.
struct PNGBuilder {
    static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    var width: Int
    var height: Int
    var depth = 8
    var colorType = 0
    var interlaced = false
    /// Chunks between IHDR and IDAT.
    var extra: [(name: String, data: [UInt8])] = []
    /// The rows, each without its filter byte.
    var rows: [[UInt8]]

    /// A gray picture of 8 bits.
    init(gray rows: [[UInt8]]) {
        self.init(width: rows[0].count, height: rows.count, colorType: 0, rows: rows)
    }

    init(width: Int, height: Int, depth: Int = 8, colorType: Int, rows: [[UInt8]]) {
        self.width = width
        self.height = height
        self.depth = depth
        self.colorType = colorType
        self.rows = rows
    }

    var header: [UInt8] {
        Self.number(width) + Self.number(height)
            + [UInt8(depth), UInt8(colorType), 0, 0, interlaced ? 1 : 0]
    }

    var bytes: [UInt8] {
        let pixels = Self.filtered(rows)
        return Self.signature + Self.chunk("IHDR", header)
            + extra.flatMap { Self.chunk($0.name, $0.data) }
            + Self.chunk("IDAT", Self.zlib(pixels)) + Self.chunk("IEND", [])
    }

    /// The rows with their filter bytes: 0, none.
    static func filtered(_ rows: [[UInt8]]) -> [UInt8] {
        rows.flatMap { (row: [UInt8]) -> [UInt8] in [0] + row }
    }

    static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        return number(data.count) + body + number(Int(crc(body)))
    }

    static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// CRC-32 (ISO 3309).
    static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = ~0
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        return ~crc
    }

    /// A zlib stream of one stored block.
    static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        var (a, b) = (1, 0)
        for byte in bytes {
            a = (a + Int(byte)) % 65521
            b = (b + a) % 65521
        }
        let count = UInt16(bytes.count)
        let lengths = [count, ~count].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        return [0x78, 0x01, 0x01] + lengths + bytes + number(b << 16 | a)
    }

    /// The chunks of a file, whose checksums must be right.
    static func chunks(_ file: [UInt8]) -> [(name: String, data: [UInt8])]? {
        guard file.starts(with: signature) else { return nil }
        var chunks: [(name: String, data: [UInt8])] = []
        var rest = file.dropFirst(8)
        while !rest.isEmpty {
            guard rest.count >= 12 else { return nil }
            let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= 12 + count else { return nil }
            let body = Array(rest.dropFirst(4).prefix(4 + count))
            guard Array(rest.dropFirst(8 + count).prefix(4)) == number(Int(crc(body))) else {
                return nil
            }
            chunks.append(
                (String(decoding: body.prefix(4), as: UTF8.self), Array(body.dropFirst(4))))
            rest = rest.dropFirst(12 + count)
        }
        return chunks
    }
}
