import PhidiasKernels

/// Fits drawings of any size to what a network was trained on, the way MNIST's pictures were made.
///
/// A drawing is cut out, scaled with its proportions to fit a box of 20 by 20 pixels, and laid into
/// 28 by 28 pixels so that its centre of mass is in the middle. For other picture sizes the box
/// keeps that ratio. `drawings(in:rows:columns:ink:name:)` finds ink and paper by itself, in photos
/// too; `fit` takes light ink on dark paper, or with `invert` the reverse, and removes no shade.
///
/// Assumed is a network that was trained on bright ink on a dark ground, as MNIST is, unless another
/// `Ground` is given. A picture that has the network's size already is data like that: it is never
/// scaled or moved, and changed at all only where it is clearly ink on paper the other way round,
/// which is then inverted exactly.
///
/// The sums use integers, or +, -, * and / alone, in one order: the same drawing gives the same
/// bytes anywhere.
/// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
public enum DigitFitting {
    /// Pixels that a drawing must have at least in one direction.
    public static let minimumSide = 4
    /// Levels of gray that must lie between the darkest and the brightest pixel.
    public static let minimumContrast: UInt8 = 32

    /// What is darker: the paper or the ink on it.
    public enum Ink: String, Sendable, Equatable {
        /// Bright ink on dark paper, as chalk.
        case light
        /// Dark ink on bright paper.
        case dark
    }

    /// What the images that a network was trained on have behind the drawing.
    public enum Ground: String, Sendable, Equatable {
        /// Dark paper, as MNIST's digits.
        case dark
        /// Bright paper.
        case light
        /// No paper of one brightness, as photos of things: pictures of the network's size are left
        /// as they are, others are fitted as for dark paper.
        case varied
    }

    /// A drawing as a network sees it.
    public struct Drawing: Sendable, Equatable {
        /// [rows, columns]
        public let pixels: [UInt8]
        /// What the ink was taken for.
        public let ink: Ink
        /// Whether the picture had the size already, so that nothing was cut out.
        public let isWhole: Bool
        /// Whether dark and bright are exchanged.
        public let isInverted: Bool
        /// Whether paper of different brightness was made even.
        public let isShaded: Bool
        /// The number of lines across the paper that were removed.
        public let lines: Int

        /// - Parameters:
        ///   - pixels: [rows, columns].
        ///   - ink: what the ink was taken for.
        ///   - isWhole: whether nothing was cut out.
        ///   - isInverted: whether dark and bright are exchanged.
        ///   - isShaded: whether the paper was made even.
        ///   - lines: the number of lines that were removed.
        public init(
            pixels: [UInt8], ink: Ink, isWhole: Bool = false, isInverted: Bool = false,
            isShaded: Bool = false, lines: Int = 0
        ) {
            (self.pixels, self.ink) = (pixels, ink)
            (self.isWhole, self.isInverted) = (isWhole, isInverted)
            (self.isShaded, self.lines) = (isShaded, lines)
        }
    }

    /// Reads a PNG or JPEG file and fits it. Where it is transparent there is paper.
    /// - Parameters:
    ///   - path: The file.
    ///   - rows: Rows of the result.
    ///   - columns: Pixels in a row of the result.
    ///   - invert: Whether the ink is darker than the paper.
    /// - Returns: [rows, columns], ink bright.
    /// - Throws: `DataError` if the file can't be read, `ImageError`.
    public static func fit(
        path: String, rows: Int, columns: Int, invert: Bool = false
    ) throws -> [UInt8] {
        try fit(
            try ImageFile.readGray(path: path, background: invert ? 255 : 0), rows: rows,
            columns: columns, invert: invert, name: path)
    }

    /// Fits a picture.
    ///
    /// A picture that has the right size already is not changed, except that `invert` inverts it.
    /// Any other is stretched so that its darkest pixel becomes 0 and its brightest 255, cut to
    /// the pixels of more than 0.3 of that, scaled by averaging areas, and moved by whole pixels to
    /// the middle, as far as that leaves all of it inside.
    /// - Parameters:
    ///   - image: Of one channel.
    ///   - rows: Rows of the result, at least 1.
    ///   - columns: Pixels in a row of the result, at least 1; at most 2²⁰ pixels in all.
    ///   - invert: Whether the ink is darker than the paper.
    ///   - name: What errors call the picture.
    /// - Returns: [rows, columns], ink bright.
    /// - Throws: `ImageError.channels`, `.fittedSize`, `.blank`, `.tooSmall`, `.memory`.
    public static func fit(
        _ image: Image, rows: Int, columns: Int, invert: Bool = false, name: String
    ) throws(ImageError) -> [UInt8] {
        let isFitted = try check(image, rows: rows, columns: columns, name: name)
        if isFitted { return invert ? image.pixels.map { 255 - $0 } : image.pixels }

        // Three planes: the ink, what is cut out, and scaled.
        try Memory.checkPixels(24 * image.pixels.count, of: name)
        let (darkest, brightest) = (image.pixels.min() ?? 0, image.pixels.max() ?? 0)
        let range = Double(brightest - darkest)
        let ink = Plane(
            width: image.width, height: image.height,
            values: image.pixels.map { Double(invert ? brightest - $0 : $0 - darkest) / range })
        return try fit(ink, rows: rows, columns: columns, name: name)
    }

    /// Checks what all fitting needs.
    /// - Returns: Whether the picture has the size already.
    static func check(
        _ image: Image, rows: Int, columns: Int, name: String
    ) throws(ImageError) -> Bool {
        guard image.channels == 1 else {
            throw .channels(path: name, found: image.channels, expected: 1)
        }
        guard rows > 0, columns > 0,
            let pixels = Safetensors.elementCount([rows, columns]), pixels <= Network.largestLayer
        else { throw .fittedSize(rows: rows, columns: columns) }
        let isFitted = image.width == columns && image.height == rows
        guard isFitted || max(image.width, image.height) >= minimumSide else {
            throw .tooSmall(
                path: name, width: image.width, height: image.height, minimum: minimumSide)
        }
        let darkest = image.pixels.min() ?? 0
        let brightest = image.pixels.max() ?? 0
        guard brightest - darkest >= minimumContrast else {
            throw .blank(path: name, darkest: darkest, brightest: brightest)
        }
        return isFitted
    }

    /// Cuts, scales and centres ink from 0 to 1.
    static func fit(
        _ ink: Plane, rows: Int, columns: Int, name: String
    ) throws(ImageError) -> [UInt8] {
        // MNIST's digits touch their box with pixels of this strength.
        let cut = ink.cropped(above: 0.3)
        guard max(cut.width, cut.height) >= minimumSide else {
            throw .tooSmall(
                path: name, width: cut.width, height: cut.height, minimum: minimumSide)
        }
        let size = boxed(cut.width, cut.height, rows: rows, columns: columns)
        // Rows of another length, and the same with rows and columns exchanged.
        try Memory.checkPixels(16 * size.width * max(cut.height, size.height), of: name)
        return centred(cut.resampled(to: size), rows: rows, columns: columns)
    }

    /// The largest size with the proportions of `width` by `height` that fits the box.
    private static func boxed(
        _ width: Int, _ height: Int, rows: Int, columns: Int
    ) -> (width: Int, height: Int) {
        let box = (width: max(columns * 20 / 28, 1), height: max(rows * 20 / 28, 1))
        // Rounded to whole pixels; a stroke keeps at least one.
        func share(_ box: Int, _ part: Int, _ whole: Int) -> Int {
            max((2 * box * part + whole) / (2 * whole), 1)
        }
        return width * box.height >= height * box.width
            ? (box.width, min(share(box.width, height, width), box.height))
            : (min(share(box.height, width, height), box.width), box.height)
    }

    /// The drawing on dark paper, with its centre of mass in the middle.
    private static func centred(_ drawing: Plane, rows: Int, columns: Int) -> [UInt8] {
        let centre = drawing.centreOfMass
        let left = offset(centre.x, drawing.width, columns)
        let top = offset(centre.y, drawing.height, rows)
        var pixels = [UInt8](repeating: 0, count: rows * columns)
        for y in 0..<drawing.height {
            for x in 0..<drawing.width {
                let value = drawing.values[y * drawing.width + x]
                pixels[(top + y) * columns + left + x] = UInt8(value * 255 + 0.5)
            }
        }
        return pixels
    }

    /// Where a drawing of `size` pixels goes so that `centre` comes nearest to the middle of
    /// `whole` pixels, and nothing is lost. The middle of MNIST's 28 is that of pixel 14 of 0 to
    /// 27: its digits' centres of mass lie at 14.5 ± 0.5 pixels from the edge.
    private static func offset(_ centre: Double, _ size: Int, _ whole: Int) -> Int {
        let shift = (Double(whole + 1) / 2 - centre).rounded()
        return min(max(Int(shift), 0), whole - size)
    }
}
