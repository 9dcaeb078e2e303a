/// Pixels of 8 bits, row by row: one channel (gray) or three (red, green, blue).
public struct Image: Sendable, Equatable {
    /// Pixels in a row, rows, and bytes for a pixel (1 or 3).
    public let width, height, channels: Int
    /// [height][width][channels]
    public let pixels: [UInt8]

    /// - Precondition: one or three channels, and as many bytes as the sizes ask for.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition(channels == 1 || channels == 3, "\(channels) channels")
        precondition(
            pixels.count == width * height * channels,
            "\(pixels.count) bytes for \(width) × \(height) × \(channels)")
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }
}
