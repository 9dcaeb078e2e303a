/// Pictures of one size in rows, each with a number below it.
package enum ContactSheet {
    /// - Parameters:
    ///   - pictures: all of one size, of three channels, each with its number.
    ///   - columns: pictures in a row.
    /// - Throws: `ImageError.pictureSize` if the sheet would be larger than a picture of filters may
    ///   be.
    /// - Precondition: there is a picture, and all have the size of the first.
    package static func draw(
        _ pictures: [(number: Int, image: Image)], columns: Int
    ) throws(ImageError) -> Image {
        let first = pictures[0].image
        precondition(
            pictures.allSatisfy {
                $0.image.width == first.width && $0.image.height == first.height
                    && $0.image.channels == 3
            }, "pictures of different sizes")
        let columns = min(max(columns, 1), pictures.count)
        let rows = (pictures.count + columns - 1) / columns
        // Numbers are as large as the eye needs on a sheet of this width.
        let dot = max(2, first.width * columns / 800)
        let margin = 2 * dot, caption = (Digits.height + 4) * dot
        let width = columns * (first.width + margin) + margin
        let height = rows * (first.height + caption + margin) + margin
        guard width <= FilterImage.largestSide, height <= FilterImage.largestSide,
            width * height <= FilterImage.mostPixels
        else {
            throw .pictureSize(
                width: width, height: height, side: FilterImage.largestSide,
                pixels: FilterImage.mostPixels)
        }
        var pixels = [UInt8](repeating: 255, count: 3 * width * height)
        for (place, (number, image)) in pictures.enumerated() {
            let left = margin + place % columns * (first.width + margin)
            let top = margin + place / columns * (first.height + caption + margin)
            for y in 0..<image.height {
                let from = 3 * y * image.width, to = 3 * ((top + y) * width + left)
                pixels.replaceSubrange(
                    to..<to + 3 * image.width, with: image.pixels[from..<from + 3 * image.width])
            }
            Digits.draw(number, left: left, top: top + image.height + 2 * dot, dot: dot) { x, y in
                guard x < width, y < height else { return }
                for channel in 0..<3 { pixels[3 * (y * width + x) + channel] = 0 }
            }
        }
        return Image(unchecked: pixels, width: width, height: height, channels: 3)
    }
}

/// The ten digits, 3 dots wide and 5 high.
private enum Digits {
    static let width = 3, height = 5

    // Rows from top to bottom, the left dot first.
    private static let shapes = [
        "111101101101111", "010110010010111", "111001111100111", "111001111001111",
        "101101111001001", "111100111001111", "111100111101111", "111001010010010",
        "111101111101111", "111101111001111",
    ].map { $0.map { $0 == "1" } }

    /// Calls `set` for every black pixel.
    static func draw(
        _ number: Int, left: Int, top: Int, dot: Int, set: (_ x: Int, _ y: Int) -> Void
    ) {
        for (place, digit) in String(number).compactMap(\.wholeNumberValue).enumerated() {
            for index in 0..<width * height where shapes[digit][index] {
                let x = left + (place * (width + 1) + index % width) * dot
                let y = top + index / width * dot
                for offset in 0..<dot * dot { set(x + offset % dot, y + offset / dot) }
            }
        }
    }
}
