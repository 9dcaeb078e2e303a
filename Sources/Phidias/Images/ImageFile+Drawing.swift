import PhidiasKernels

extension ImageFile {
    /// Reads a file as 8-bit gray, as `readGray`, on paper that suits the drawing.
    ///
    /// Where a PNG is transparent, its paper is not in the file. If what is opaque is ink alone,
    /// of about one brightness, as in a drawing on a web page, the paper is white under dark ink and
    /// black under light ink; else it is as bright as most of what is opaque.
    /// - Returns: An image of one channel.
    /// - Throws: `DataError` if the file can't be read, `ImageError`.
    public static func readDrawing(path: String) throws -> Image {
        try decodeDrawing(try FileBytes.read(path, limit: largestFile), name: path)
    }

    /// Decodes the bytes of a PNG file; see `readDrawing`.
    /// - Parameters:
    ///   - bytes: All of the file.
    ///   - name: What errors call the file.
    /// - Throws: `ImageError`, before memory is allocated for more than the file's bytes can hold.
    public static func decodeDrawing(
        _ bytes: [UInt8], name: String = "The picture"
    ) throws(ImageError) -> Image {
        guard format(bytes) == .png else { return try decodeGray(bytes, name: name) }
        let (width, height, rgba) = try PNG.decode(bytes, path: name)
        let paper = 1000 * paper(of: rgba)
        let pixels = [UInt8](unsafeUninitializedCapacity: width * height) { pixels, count in
            while count < width * height {
                let alpha = Int(rgba[4 * count + 3])
                let sum = luma(rgba, 4 * count) * alpha + paper * (255 - alpha)
                pixels[count] = UInt8((sum + 127_500) / 255_000)
                count += 1
            }
        }
        return Image(unchecked: pixels, width: width, height: height, channels: 1)
    }

    /// Thousand times the gray of a pixel.
    private static func luma(_ rgba: [UInt8], _ i: Int) -> Int {
        299 * Int(rgba[i]) + 587 * Int(rgba[i + 1]) + 114 * Int(rgba[i + 2])
    }

    /// The gray of the paper under what is transparent.
    private static func paper(of rgba: [UInt8]) -> Int {
        var counts = [Int](repeating: 0, count: 256)
        for i in stride(from: 0, to: rgba.count, by: 4) where rgba[i + 3] >= 128 {
            counts[luma(rgba, i) / 1000] += 1
        }
        let total = counts.reduce(0, +)
        func quantile(_ part: Int) -> Int {
            var seen = 0
            return counts.firstIndex {
                seen += $0
                return 100 * seen > part * total
            } ?? 0
        }
        let median = quantile(50)
        let isInkAlone = quantile(95) - quantile(5) < 64
        return isInkAlone ? (median < 128 ? 255 : 0) : median
    }
}
