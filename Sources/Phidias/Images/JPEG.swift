import CLibJPEG
import PhidiasKernels

/// Reads JPEG files, as cameras write them: gray or in colours, baseline or progressive. The picture
/// is turned as its EXIF data say.
enum JPEG {
    /// Pixels that a file may claim in each direction, and in all.
    static let largestSide = 16_384
    static let mostPixels = 1 << 26
    /// Pixels that a byte can hold at most: a block of 8 × 8 needs a bit.
    private static let pixelsPerByte = 512

    static let signature: [UInt8] = [0xff, 0xd8, 0xff]

    /// Decodes the bytes of a file.
    ///
    /// A picture of more than `PNG.largestSide` pixels in one direction becomes 2 or 4 times smaller
    /// while it is decoded.
    /// - Parameters:
    ///   - bytes: all of the file.
    ///   - name: what errors call the file.
    ///   - channels: 1 for gray, which is the file's luma, or 3 for red, green and blue.
    /// - Throws: `ImageError`, before memory is allocated for more than the file's bytes can hold.
    static func decode(
        _ bytes: [UInt8], name: String, channels: (_ file: Int) -> Int
    ) throws(ImageError) -> Image {
        let header = try header(bytes, name)
        let (width, height) = (Int(header.width), Int(header.height))
        var part = 1
        while (max(width, height) + part - 1) / part > PNG.largestSide { part *= 2 }
        let size = (width: (width + part - 1) / part, height: (height + part - 1) / part)
        let channels = channels(Int(header.components))
        let count = size.width * size.height * channels
        // As it is read, and turned.
        try Memory.checkPixels(2 * count + Int(clamping: header.buffered), of: name)
        var message = [CChar](repeating: 0, count: Int(PHIDIAS_JPEG_MESSAGE))
        var failed = false
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, made in
            failed =
                phidias_jpeg_read(
                    bytes, bytes.count, Int32(channels), UInt32(part), UInt32(size.width),
                    UInt32(size.height), buffer.baseAddress, &message) != 0
            made = failed ? 0 : count
        }
        guard !failed else { throw .damagedJPEG(path: name, reason: text(message)) }
        let image = Image(
            unchecked: pixels, width: size.width, height: size.height, channels: channels)
        return image.turned(EXIF.orientation(bytes))
    }

    /// The size upright, before it is decoded.
    static func size(_ bytes: [UInt8], name: String) throws(ImageError) -> ImportOptions.Size {
        let header = try header(bytes, name)
        let (width, height) = (Int(header.width), Int(header.height))
        return EXIF.orientation(bytes) >= 5
            ? .init(rows: width, columns: height) : .init(rows: height, columns: width)
    }

    private static func header(
        _ bytes: [UInt8], _ name: String
    ) throws(ImageError) -> phidias_jpeg_header {
        var message = [CChar](repeating: 0, count: Int(PHIDIAS_JPEG_MESSAGE))
        var header = phidias_jpeg_header()
        guard phidias_jpeg_size(bytes, bytes.count, &header, &message) == 0 else {
            throw .damagedJPEG(path: name, reason: text(message))
        }
        try check(header, bytes.count, name)
        return header
    }

    private static func check(
        _ header: phidias_jpeg_header, _ bytes: Int, _ name: String
    ) throws(ImageError) {
        let (width, height) = (Int(header.width), Int(header.height))
        guard width <= largestSide, height <= largestSide else {
            throw .tooLarge(path: name, width: width, height: height, limit: largestSide)
        }
        guard width * height <= mostPixels else {
            throw .tooManyPixels(path: name, width: width, height: height, limit: mostPixels)
        }
        guard header.components != 4 else { throw .printColors(path: name) }
        guard header.components != 0 else {
            throw .damagedJPEG(path: name, reason: "its colours are of no known kind")
        }
        guard header.is_arithmetic == 0 else {
            throw .damagedJPEG(
                path: name, reason: "it is coded arithmetically, which hardly any program reads")
        }
        guard width * height / pixelsPerByte <= bytes else {
            throw .tooShort(path: name, width: width, height: height, bytes: bytes)
        }
    }

    /// A message up to its NUL, as the end of a sentence.
    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
