/// Pixels of 8 bits, row by row: one channel (gray) or three (red, green, blue).
public struct Image: Sendable, Equatable {
    /// Pixels in a row, rows, and bytes for a pixel (1 or 3).
    public let width, height, channels: Int
    /// [height][width][channels]
    public let pixels: [UInt8]

    /// - Parameters:
    ///   - width: pixels in a row.
    ///   - height: rows.
    ///   - channels: 1 or 3.
    ///   - pixels: [height][width][channels].
    /// - Throws: `ImageError.bytes` if the sizes ask for another number of bytes, or there are not one
    ///   or three channels.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws(ImageError) {
        guard channels == 1 || channels == 3,
            Safetensors.elementCount([height, width, channels]) == pixels.count
        else {
            throw .bytes(pixels.count, width: width, height: height, channels: channels)
        }
        self.init(unchecked: pixels, width: width, height: height, channels: channels)
    }

    /// Of pixels that were made to these sizes.
    package init(unchecked pixels: [UInt8], width: Int, height: Int, channels: Int) {
        assert(pixels.count == width * height * channels)
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }
}
