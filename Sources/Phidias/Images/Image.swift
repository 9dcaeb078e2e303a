/// Pixels of 8 bits, row by row: one channel (gray) or three (red, green, blue).
public struct Image: Sendable, Equatable {
    public let width, height, channels: Int
    /// [height][width][channels]
    public var pixels: [UInt8]

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

/// An image that cannot be read, made or used.
public enum ImageError: PhidiasError, Equatable {
    case notPNG(path: String)
    case png(path: String, reason: String)
    case tooLarge(path: String, width: Int, height: Int)
    case blank(path: String)
    case noFilters
    case notFinite(filter: Int)
    case option(name: String, value: Int)
    case layer(Int, count: Int)

    public var description: String {
        switch self {
        case .notPNG(let path): "\(path): byte 0: not a PNG file."
        case .png(let path, let reason): "\(path): not a readable PNG file: \(reason)."
        case .tooLarge(let path, let width, let height):
            "\(path): \(width) × \(height) pixels are more than \(PNG.largestSide) a side."
        case .blank(let path):
            "\(path): the image shows no digit: white ink on black is expected; --invert is for black ink on white."
        case .noFilters: "There are no filters to draw."
        case .notFinite(let filter): "Filter \(filter) has a weight that is NaN or infinite."
        case .option(let name, let value): "\(name) is \(value), which makes no image."
        case .layer(let layer, let count):
            "There is no layer \(layer); the model has layers 0 to \(count - 1)."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .option, .layer: 64
        default: 65
        }
    }
}
