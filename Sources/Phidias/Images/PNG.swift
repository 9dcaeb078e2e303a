import CLibPNG

/// PNG files through libpng.
public enum PNG {
    /// Largest width and height that is read.
    public static let largestSide = 4096
    /// Largest file that is read, in bytes.
    static let largestFile = 64 << 20

    /// Reads an image as gray: colours by their luminance, transparency over white.
    /// - Throws: `ImageError`, or `DataError` if the file cannot be read.
    public static func readGray(path: String) throws -> Image {
        try decodeGray(try FileBytes.read(path, limit: largestFile), path: path)
    }

    package static func decodeGray(_ bytes: [UInt8], path: String) throws(ImageError) -> Image {
        guard bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) else {
            throw .notPNG(path: path)
        }
        var error = phidias_png_error()
        var width: UInt32 = 0
        var height: UInt32 = 0
        guard phidias_png_size(bytes, bytes.count, &width, &height, &error) == 0 else {
            throw .png(path: path, reason: text(error))
        }
        guard width <= largestSide, height <= largestSide else {
            throw .tooLarge(path: path, width: Int(width), height: Int(height))
        }
        var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height))
        guard
            phidias_png_read_gray(bytes, bytes.count, &pixels, width, height, &error) == 0
        else { throw .png(path: path, reason: text(error)) }
        return Image(width: Int(width), height: Int(height), channels: 1, pixels: pixels)
    }

    /// The file's bytes, with text chunks in the given order.
    package static func encode(_ image: Image, text pairs: KeyValuePairs<String, String> = [:])
        throws(ImageError) -> [UInt8]
    {
        var error = phidias_png_error()
        var sink = phidias_png_sink()
        defer { free(sink.bytes) }
        var keys = pairs.map { strdup($0.key) }
        var values = pairs.map { strdup($0.value) }
        defer { (keys + values).forEach { free($0) } }
        let status = phidias_png_write(
            image.pixels, UInt32(image.width), UInt32(image.height), Int32(image.channels),
            Int32(pairs.count), &keys, &values, &sink, &error)
        guard status == 0, let bytes = sink.bytes else {
            throw .png(path: "output", reason: text(error))
        }
        return Array(UnsafeBufferPointer(start: bytes, count: sink.size))
    }

    /// Writes a PNG file, whole or not at all.
    /// - Throws: `ImageError` or `FileError`.
    public static func write(
        _ image: Image, text: KeyValuePairs<String, String> = [:], to path: String
    ) throws {
        try DurableFile.write(try encode(image, text: text), to: path)
    }

    private static func text(_ error: phidias_png_error) -> String {
        withUnsafeBytes(of: error) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
