import CZlib

/// Decompression of gzip files, one member after another, in pieces.
package enum Gzip {
    /// Whether the bytes begin with gzip's magic bytes.
    static func isCompressed(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b
    }

    /// Passes the decompressed bytes to `body` piece by piece, until it returns false.
    package static func stream(
        _ bytes: [UInt8], path: String, body: (UnsafeBufferPointer<UInt8>) -> Bool
    ) throws(DataError) {
        var stream = z_stream()
        guard
            inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
                == Z_OK
        else { throw .io(path: path, reason: "zlib has no memory") }
        defer { inflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: 1 << 16)
        var failure: DataError?
        bytes.withUnsafeBufferPointer { input in
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.avail_in = UInt32(clamping: input.count)
            output.withUnsafeMutableBufferPointer { out in
                while true {
                    stream.next_out = out.baseAddress
                    stream.avail_out = UInt32(out.count)
                    let status = inflate(&stream, Z_NO_FLUSH)
                    let at = input.count - Int(stream.avail_in)
                    let made = out.count - Int(stream.avail_out)
                    if made > 0, !body(UnsafeBufferPointer(rebasing: out[..<made])) { return }
                    switch status {
                    case Z_STREAM_END:
                        if stream.avail_in == 0 { return }
                        guard stream.next_in[0] == 0x1f, inflateReset(&stream) == Z_OK else {
                            failure = .gzip(
                                path: path, byte: at, reason: "something else follows its end")
                            return
                        }
                    case Z_OK: continue
                    case Z_BUF_ERROR:
                        failure = .gzip(path: path, byte: at, reason: "the file ends too early")
                        return
                    default:
                        let text = stream.msg.map { String(cString: $0) } ?? "code \(status)"
                        failure = .gzip(path: path, byte: at, reason: text)
                        return
                    }
                }
            }
        }
        if let failure { throw failure }
    }
}
