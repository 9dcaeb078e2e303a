import CZlib

extension PNG {
    /// Whether the chunks IDAT hold more than `limit` bytes. libpng would unpack them all, a
    /// thousand times as many as the file has. What is damaged is left for libpng to tell.
    static func unpacks(_ bytes: [UInt8], toMoreThan limit: Int) -> Bool {
        var stream = z_stream()
        guard
            inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return false }
        defer { inflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: 1 << 16)
        var (place, sum) = (signature.count, 0)
        while place + 12 <= bytes.count {
            let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            let data = place + 8..<place + 8 + length
            guard data.upperBound <= bytes.count else { return false }
            if Array(bytes[place + 4..<place + 8]) == Array("IDAT".utf8),
                !inflate(bytes, data, &stream, &output, upTo: limit, &sum)
            {
                return sum > limit
            }
            place = data.upperBound + 4
        }
        return false
    }

    /// Goes on with a chunk.
    /// - Returns: false if that was the end: of the data, or by an error or the limit.
    private static func inflate(
        _ bytes: [UInt8], _ data: Range<Int>, _ stream: inout z_stream, _ output: inout [UInt8],
        upTo limit: Int, _ sum: inout Int
    ) -> Bool {
        bytes.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { out in
                stream.next_in = UnsafeMutablePointer(
                    mutating: input.baseAddress?.advanced(by: data.lowerBound))
                stream.avail_in = UInt32(data.count)
                repeat {
                    stream.next_out = out.baseAddress
                    stream.avail_out = UInt32(out.count)
                    let status = CZlib.inflate(&stream, Z_NO_FLUSH)
                    sum += out.count - Int(stream.avail_out)
                    guard sum <= limit, status == Z_OK || status == Z_BUF_ERROR else {
                        return false
                    }
                } while stream.avail_out == 0
                return true
            }
        }
    }
}
