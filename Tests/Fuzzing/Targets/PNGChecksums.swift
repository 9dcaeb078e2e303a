import CZlib

/// The checksums of a PNG's chunks. A file changed at random fails at the first of them.
enum PNGChecksums {
    /// The file with right checksums; nil if they are right, or if these are no chunks.
    static func mended(_ bytes: [UInt8]) -> [UInt8]? {
        var result = bytes
        var start = 8
        while start + 12 <= bytes.count {
            let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - start - 12 else { break }
            let end = start + 8 + length
            let sum = bytes[start + 4..<end].withUnsafeBufferPointer {
                crc32(0, $0.baseAddress, UInt32($0.count))
            }
            for place in 0..<4 {
                result[end + place] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * place))
            }
            start = end + 4
        }
        return result == bytes ? nil : result
    }
}
