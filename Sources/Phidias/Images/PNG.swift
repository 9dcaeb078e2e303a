import CLibPNG
import PhidiasKernels

/// Reads and writes PNG files, on disk and in memory.
public enum PNG {
    /// Bytes a file may have to be read.
    public static let largestFile = 64 << 20
    /// Pixels a picture may have in each direction to be read.
    public static let largestSide = 4096

    static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    /// The chunk that ends a file: no data, its name, its checksum.
    private static let end: [UInt8] = [0, 0, 0, 0] + Array("IEND".utf8) + [0xae, 0x42, 0x60, 0x82]

    // MARK: - Reading

    /// Whether a file begins and ends as one does that was written to its end.
    package static func isWhole(path: String) -> Bool {
        guard let file = try? InputFile(path, limit: largestFile),
            file.size > signature.count + end.count
        else { return false }
        return (try? file.read(0..<signature.count)) == signature
            && (try? file.read(file.size - end.count..<file.size)) == end
    }

    /// Reads a PNG file as 8-bit gray.
    ///
    /// Every colour type and depth is read. Colours become gray by Rec. 601's luma, rounded:
    /// (299 R + 587 G + 114 B) / 1000; 16 bits are scaled to 8; transparent pixels are laid over
    /// `background`. Gamma and colour profiles are ignored.
    /// - Parameters:
    ///   - path: The file.
    ///   - background: The paper's gray: 0 (black) for white ink, 255 for black ink.
    /// - Returns: An image of one channel.
    /// - Throws: `DataError` if the file can't be read, `ImageError`.
    public static func readGray(path: String, background: UInt8 = 0) throws -> Image {
        try decodeGray(
            try FileBytes.read(path, limit: largestFile), name: path, background: background)
    }

    /// Decodes the bytes of a PNG file; see `readGray`.
    /// - Parameters:
    ///   - bytes: All of the file.
    ///   - name: What errors call the file.
    ///   - background: The paper's gray, which is seen where the picture is transparent.
    /// - Returns: An image of one channel.
    /// - Throws: `ImageError`. Memory is not allocated before the size has been checked: at most
    ///   `largestSide` pixels a side, and no more than the file's bytes can hold.
    public static func decodeGray(
        _ bytes: [UInt8], name: String = "The picture", background: UInt8 = 0
    ) throws(ImageError) -> Image {
        let (width, height, rgba) = try decode(bytes, path: name)
        let paper = 1000 * Int(background)
        let pixels = [UInt8](unsafeUninitializedCapacity: width * height) { pixels, count in
            while count < width * height {
                let i = 4 * count
                let red = 299 * Int(rgba[i])
                let green = 587 * Int(rgba[i + 1])
                let blue = 114 * Int(rgba[i + 2])
                let alpha = Int(rgba[i + 3])
                let sum = (red + green + blue) * alpha + paper * (255 - alpha)
                pixels[count] = UInt8((sum + 127_500) / 255_000)
                count += 1
            }
        }
        return Image(unchecked: pixels, width: width, height: height, channels: 1)
    }

    /// Reads a PNG file as red, green and blue of 8 bits; what is transparent is laid over black.
    /// The limits are those of `decodeGray`.
    /// - Returns: An image of three channels.
    /// - Throws: `DataError` if the file can't be read, `ImageError`.
    public static func readColor(path: String) throws -> Image {
        try decodeColor(try FileBytes.read(path, limit: largestFile), name: path)
    }

    /// Decodes the bytes of a PNG file; see `readColor`.
    /// - Parameters:
    ///   - bytes: All of the file.
    ///   - name: What errors call the file.
    /// - Returns: An image of three channels.
    /// - Throws: `ImageError`, before memory is allocated for more than the file's bytes can hold.
    public static func decodeColor(
        _ bytes: [UInt8], name: String = "The picture"
    ) throws(ImageError) -> Image {
        let (width, height, rgba) = try decode(bytes, path: name)
        let pixels = (0..<3 * width * height).map { place in
            let (pixel, channel) = place.quotientAndRemainder(dividingBy: 3)
            let alpha = Int(rgba[4 * pixel + 3])
            return UInt8((Int(rgba[4 * pixel + channel]) * alpha + 127) / 255)
        }
        return Image(unchecked: pixels, width: width, height: height, channels: 3)
    }

    /// The pixels with red, green, blue and alpha.
    static func decode(
        _ bytes: [UInt8], path: String
    ) throws(ImageError) -> (width: Int, height: Int, rgba: [UInt8]) {
        let (width, height) = try size(bytes, path: path)
        // A row has less than two bytes beside its pixels, and an interlaced picture two rows a row.
        let limit = packedBytes(bytes, width: width, height: height) + 4 * (height + 4)
        guard !unpacks(bytes, toMoreThan: limit) else {
            throw .tooMuch(path: path, width: width, height: height, limit: limit)
        }
        try Memory.checkPixels(5 * width * height, of: path)  // as RGBA, and as gray
        var message = [CChar](repeating: 0, count: Int(PHIDIAS_PNG_MESSAGE))
        var failed = false
        let rgba = [UInt8](unsafeUninitializedCapacity: 4 * width * height) { buffer, count in
            let status = phidias_png_read(
                bytes, bytes.count, UInt32(width), UInt32(height), buffer.baseAddress, &message)
            failed = status != 0
            count = failed ? 0 : 4 * width * height
        }
        guard !failed else { throw .damaged(path: path, reason: string(message)) }
        return (width, height, rgba)
    }

    /// Width and height, from the first chunk, checked against the limits and the file's length.
    package static func size(
        _ bytes: [UInt8], path: String
    ) throws(ImageError) -> (width: Int, height: Int) {
        guard bytes.starts(with: signature) else {
            throw .notPNG(path: path, start: Array(bytes.prefix(signature.count)))
        }
        // The signature, then the chunk IHDR: length 13, name, width, height, depth, colour type.
        guard bytes.count >= 33 else {
            throw .damaged(path: path, reason: "the data ends early")
        }
        func number(_ offset: Int) -> Int {
            bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        guard number(8) == 13, Array(bytes[12..<16]) == Array("IHDR".utf8) else {
            throw .damaged(path: path, reason: "it does not begin with the chunk IHDR")
        }
        let (width, height) = (number(16), number(20))
        guard width > 0, height > 0 else {
            throw .damaged(path: path, reason: "its size is \(width) × \(height) pixels")
        }
        guard width <= largestSide, height <= largestSide else {
            throw .tooLarge(path: path, width: width, height: height, limit: largestSide)
        }
        // Deflate makes at most 1032 bytes out of one.
        guard packedBytes(bytes, width: width, height: height) / 1032 <= bytes.count else {
            throw .tooShort(path: path, width: width, height: height, bytes: bytes.count)
        }
        return (width, height)
    }

    /// Bytes of the pixels as they are packed in the file, but for the ends of rows.
    private static func packedBytes(_ bytes: [UInt8], width: Int, height: Int) -> Int {
        let channels = [2: 3, 4: 2, 6: 4][Int(bytes[25])] ?? 1
        return width * height * Int(bytes[24]) * channels / 8
    }

    // MARK: - Writing

    /// The bytes of a PNG file. The same picture and texts give the same bytes, as long as libpng
    /// and zlib stay the same.
    /// - Parameters:
    ///   - image: Of one channel or three.
    ///   - text: Keys of 1 to 79 printable ASCII characters, without spaces at the ends or next to each
    ///     other; values without NUL.
    /// - Throws: `ImageError.text`, `.cannotEncode`, `.memory`.
    public static func encode(
        _ image: Image, text: KeyValuePairs<String, String> = [:]
    ) throws(ImageError) -> [UInt8] {
        guard let width = UInt32(exactly: image.width),
            let height = UInt32(exactly: image.height)
        else {
            throw .cannotEncode(reason: "\(image.width) × \(image.height) pixels are too many")
        }
        var pairs: [CChar] = []
        for (key, value) in text {
            try check(key, value)
            pairs += key.utf8CString
            pairs += value.utf8CString
        }
        // Where nothing can be packed, the file has as many bytes as the picture.
        try Memory.checkPixels(image.pixels.count, of: "The picture")
        var message = [CChar](repeating: 0, count: Int(PHIDIAS_PNG_MESSAGE))
        var file: UnsafeMutablePointer<UInt8>?
        var size = 0
        let status = phidias_png_write(
            image.pixels, width, height, Int32(image.channels), pairs, text.count, &file, &size,
            &message)
        defer { free(file) }
        guard status == 0 else { throw .cannotEncode(reason: string(message)) }
        try Memory.checkPixels(size, of: "The picture")
        return Array(UnsafeBufferPointer(start: file, count: size))
    }

    /// Writes a PNG file, whole or not at all; see `encode`.
    /// - Throws: `FileError`, `ImageError`.
    public static func write(
        _ image: Image, text: KeyValuePairs<String, String> = [:], to path: String
    ) throws {
        try DurableFile.write(try encode(image, text: text), to: path)
    }

    private static func check(_ key: String, _ value: String) throws(ImageError) {
        guard (1...79).contains(key.utf8.count), key.utf8.allSatisfy({ (32...126).contains($0) }),
            !key.hasPrefix(" "), !key.hasSuffix(" "), !key.contains("  ")
        else {
            throw .text(
                key: key,
                reason: "a key has 1 to 79 printable ASCII characters, with single spaces inside")
        }
        guard !value.utf8.contains(0) else { throw .text(key: key, reason: "it holds a NUL") }
    }

    /// A message up to its NUL.
    private static func string(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
