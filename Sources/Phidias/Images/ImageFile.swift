/// Reads pictures: PNG or JPEG, as the content of a file says, whatever its name.
///
/// The limits are those of `PNG`; a JPEG may have up to 16,384 pixels a side and 2²⁶ in all, and
/// becomes 2 or 4 times smaller while it is read where it has more than `PNG.largestSide` in one
/// direction. A JPEG that a camera has stored on its side is turned upright (EXIF). One that is cut
/// off is an error, and so is one in the colours of print (CMYK).
public enum ImageFile {
    /// Bytes a file may have to be read.
    public static let largestFile = PNG.largestFile

    /// A sort of file that is read.
    enum Format { case png, jpeg }

    /// The sort that a file's first bytes show; nil if it is none of them.
    static func format(_ bytes: [UInt8]) -> Format? {
        if bytes.starts(with: PNG.signature) { return .png }
        return bytes.starts(with: JPEG.signature) ? .jpeg : nil
    }

    /// Reads a file as 8-bit gray; colours as `PNG.readGray` says, of a JPEG its luma.
    /// - Parameters:
    ///   - path: The file.
    ///   - background: The paper's gray, which is seen where a PNG is transparent.
    /// - Returns: An image of one channel.
    /// - Throws: `DataError` if the file can't be read, `ImageError`.
    public static func readGray(path: String, background: UInt8 = 0) throws -> Image {
        try decodeGray(
            try FileBytes.read(path, limit: largestFile), name: path, background: background)
    }

    /// Decodes the bytes of a file; see `readGray`.
    /// - Parameters:
    ///   - bytes: All of the file.
    ///   - name: What errors call the file.
    ///   - background: The paper's gray.
    /// - Returns: An image of one channel.
    /// - Throws: `ImageError`, before memory is allocated for more than the bytes can hold.
    public static func decodeGray(
        _ bytes: [UInt8], name: String = "The picture", background: UInt8 = 0
    ) throws(ImageError) -> Image {
        switch format(bytes) {
        case .png: try PNG.decodeGray(bytes, name: name, background: background)
        case .jpeg: try JPEG.decode(bytes, name: name) { _ in 1 }
        case nil: throw .notPicture(path: name, start: Array(bytes.prefix(12)))
        }
    }

    /// Reads a file as red, green and blue of 8 bits; what is transparent is laid over black.
    /// - Returns: An image of three channels.
    /// - Throws: `DataError` if the file can't be read, `ImageError`.
    public static func readColor(path: String) throws -> Image {
        try decodeColor(try FileBytes.read(path, limit: largestFile), name: path)
    }

    /// Decodes the bytes of a file; see `readColor`.
    /// - Parameters:
    ///   - bytes: All of the file.
    ///   - name: What errors call the file.
    /// - Returns: An image of three channels.
    /// - Throws: `ImageError`, before memory is allocated for more than the bytes can hold.
    public static func decodeColor(
        _ bytes: [UInt8], name: String = "The picture"
    ) throws(ImageError) -> Image {
        switch format(bytes) {
        case .png: try PNG.decodeColor(bytes, name: name)
        case .jpeg: try JPEG.decode(bytes, name: name) { _ in 3 }
        case nil: throw .notPicture(path: name, start: Array(bytes.prefix(12)))
        }
    }

    /// Reads a file as it is: an image of one channel if all its pixels are gray, else of three. What
    /// is transparent is laid over black.
    /// - Throws: `DataError` if the file can't be read, `ImageError`.
    public static func read(path: String) throws -> Image {
        let bytes = try FileBytes.read(path, limit: largestFile)
        let image =
            switch format(bytes) {
            case .jpeg: try JPEG.decode(bytes, name: path) { $0 }
            default: try decodeColor(bytes, name: path)
            }
        return image.isGray ? image.gray : image
    }
}

extension ImageFile {
    /// The size that a file has before it is decoded.
    /// - Throws: `DataError`, `ImageError`.
    static func size(path: String) throws -> ImportOptions.Size {
        let bytes = try FileBytes.read(path, limit: largestFile)
        switch format(bytes) {
        case .png:
            let (width, height) = try PNG.size(bytes, path: path)
            return .init(rows: height, columns: width)
        case .jpeg: return try JPEG.size(bytes, name: path)
        case nil: throw ImageError.notPicture(path: path, start: Array(bytes.prefix(12)))
        }
    }
}

extension Image {
    /// Whether red, green and blue are the same in every pixel.
    var isGray: Bool {
        guard channels == 3 else { return true }
        for place in stride(from: 0, to: pixels.count, by: 3) {
            let red = pixels[place]
            if pixels[place + 1] != red || pixels[place + 2] != red { return false }
        }
        return true
    }

    /// The same in one channel: colours become gray by Rec. 601's luma, rounded.
    package var gray: Image {
        guard channels == 3 else { return self }
        var values: [UInt8] = []
        values.reserveCapacity(width * height)
        for place in stride(from: 0, to: pixels.count, by: 3) {
            let (red, green, blue) = (pixels[place], pixels[place + 1], pixels[place + 2])
            let sum = 299 * Int(red) + 587 * Int(green) + 114 * Int(blue)
            values.append(UInt8((sum + 500) / 1000))
        }
        return Image(unchecked: values, width: width, height: height, channels: 1)
    }
}
