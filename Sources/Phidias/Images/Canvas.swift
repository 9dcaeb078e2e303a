import PhidiasKernels

/// A picture in the making: white paper that images and numbers are put on.
struct Canvas {
    let width, height, channels: Int
    private var pixels: [UInt8]

    /// - Throws: `ImageError.pictureSize`, `.memory`, before memory is taken.
    init(width: Int, height: Int, channels: Int) throws(ImageError) {
        (self.width, self.height) = try Self.checkSize(width, height)
        self.channels = channels
        try Memory.checkPixels(channels * width * height, of: "The picture")
        pixels = [UInt8](repeating: 255, count: channels * width * height)
    }

    /// - Parameters:
    ///   - width: nil if it is beyond counting; so with `height`.
    /// - Returns: the sides.
    /// - Throws: `ImageError.pictureSize` for more pixels than `FilterImage` draws.
    static func checkSize(
        _ width: Int?, _ height: Int?
    ) throws(ImageError) -> (width: Int, height: Int) {
        guard let width, let height, width <= FilterImage.largestSide,
            height <= FilterImage.largestSide, width * height <= FilterImage.mostPixels
        else {
            throw .pictureSize(
                width: width, height: height, side: FilterImage.largestSide,
                pixels: FilterImage.mostPixels)
        }
        return (width, height)
    }

    var image: Image {
        Image(unchecked: pixels, width: width, height: height, channels: channels)
    }

    /// Puts an image on the paper, each of its pixels a square of `scale`.
    /// - Precondition: it fits, and has the channels of the paper.
    mutating func put(_ image: Image, left: Int, top: Int, scale: Int = 1) {
        precondition(image.channels == channels, "\(image.channels) channels, not \(channels)")
        let length = channels * image.width
        for y in 0..<image.height {
            let row = image.pixels[y * length..<(y + 1) * length]
            let line = scale == 1 ? Array(row) : Self.stretched(row, channels, scale)
            for copy in 0..<scale {
                let start = channels * ((top + y * scale + copy) * width + left)
                pixels.replaceSubrange(start..<start + line.count, with: line)
            }
        }
    }

    private static func stretched(
        _ row: ArraySlice<UInt8>, _ channels: Int, _ scale: Int
    ) -> [UInt8] {
        stride(from: row.startIndex, to: row.endIndex, by: channels).flatMap { pixel in
            (0..<scale * channels).map { row[pixel + $0 % channels] }
        }
    }

    /// Writes a number in black, each dot of its digits a square of `dot` pixels.
    mutating func write(_ number: Int, left: Int, top: Int, dot: Int) {
        for place in Digits.dots(of: number) {
            blacken(left: left + place.x * dot, top: top + place.y * dot, dot, dot)
        }
    }

    /// A black box; what lies beyond the paper is left out.
    mutating func blacken(left: Int, top: Int, _ boxWidth: Int, _ boxHeight: Int) {
        for y in max(top, 0)..<max(min(top + boxHeight, height), max(top, 0)) {
            for x in max(left, 0)..<max(min(left + boxWidth, width), max(left, 0)) {
                for channel in 0..<channels { pixels[channels * (y * width + x) + channel] = 0 }
            }
        }
    }
}
