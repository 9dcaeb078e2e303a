/// Pictures of one size in rows, each with a number below it. It takes one picture at a time, so that
/// no more than one needs to be in memory beside the sheet.
package struct ContactSheet {
    /// Of each picture.
    package let width, height: Int
    private let columns, scale, dot, margin: Int
    private var canvas: Canvas
    private var count = 0

    /// Small pictures are enlarged until their longer side has about so many pixels, as long as a row
    /// of them has no more than `widestRow`.
    private static let pictureSide = 240, widestRow = 1600

    /// An empty sheet.
    /// - Parameters:
    ///   - count: how many pictures there will be, at least 1.
    ///   - width: pixels of each picture in a row; `height` rows.
    ///   - columns: pictures in a row of the sheet; nil for about a square or wider.
    ///   - largest: the largest of the numbers.
    /// - Throws: `ImageError.pictureSize` if the sheet would be larger than a picture of filters may
    ///   be; `.memory`.
    /// - Precondition: `count`, `width` and `height` are positive.
    package init(
        count: Int, width: Int, height: Int, columns: Int? = nil, largest: Int
    ) throws(ImageError) {
        precondition(
            count > 0 && width > 0 && height > 0, "\(count) pictures of \(width) × \(height)")
        (self.width, self.height) = (width, height)
        let columns = min(
            max(columns ?? FilterImage.defaultColumns(count, rows: height, width: width), 1),
            count)
        let rows = (count + columns - 1) / columns
        let scale = max(
            1, min(Self.pictureSide / max(width, height), Self.widestRow / (columns * width)))
        // Numbers are as large as the eye needs where all of the sheet is seen, but no wider than
        // their picture.
        let across = columns * width * scale, down = rows * height * scale
        let dot = max(
            1, min(max(3, max(across, down) / 320), width * scale / Digits.width(of: largest)))
        (self.columns, self.scale, self.dot) = (columns, scale, dot)
        margin = 3 * dot
        canvas = try Canvas(
            width: across + (columns + 1) * margin,
            height: down + rows * Self.caption(dot) + (rows + 1) * margin, channels: 3)
    }

    /// A number with the space above it.
    private static func caption(_ dot: Int) -> Int { (Digits.height + 2) * dot }

    /// Puts the next picture on the sheet.
    /// - Precondition: it has the size of all and three channels, and there is a place for it.
    package mutating func add(_ picture: Image, number: Int) {
        precondition(
            picture.width == width && picture.height == height,
            "a picture of \(picture.width) × \(picture.height), not \(width) × \(height)")
        let left = margin + count % columns * (width * scale + margin)
        let top = margin + count / columns * (height * scale + Self.caption(dot) + margin)
        canvas.put(picture, left: left, top: top, scale: scale)
        canvas.write(number, left: left, top: top + height * scale + 2 * dot, dot: dot)
        count += 1
    }

    /// The sheet with what is on it so far.
    package var image: Image { canvas.image }
}
