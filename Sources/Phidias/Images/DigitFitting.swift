import PhidiasKernels

/// Fits drawings of any size to what a network was trained on, the way MNIST's pictures were made.
///
/// The drawing is light ink on dark paper (or dark on light, with `invert`). It is cut out, scaled
/// with its proportions to fit a box of 20 by 20 pixels, and laid into 28 by 28 pixels so that its
/// centre of mass is in the middle. For other picture sizes the box keeps that ratio.
///
/// The sums use +, -, * and / alone, in one order: the same drawing gives the same bytes anywhere.
/// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
public enum DigitFitting {
    /// Pixels that a drawing must have at least in one direction.
    public static let minimumSide = 4
    /// Levels of gray that must lie between paper and ink.
    public static let minimumContrast: UInt8 = 32

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
    /// the pixels of more than an eighth of that, scaled by averaging areas, and moved by whole
    /// pixels to the middle, as far as that leaves all of it inside.
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
        if isFitted { return invert ? image.pixels.map { 255 - $0 } : image.pixels }

        // Three planes: the ink, what is cut out, and scaled.
        try Memory.checkPixels(24 * image.pixels.count, of: name)
        let range = Double(brightest - darkest)
        let ink = Plane(
            width: image.width, height: image.height,
            values: image.pixels.map { Double(invert ? brightest - $0 : $0 - darkest) / range })
        let cut = ink.cropped(above: 0.125)
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
    /// `whole` pixels, and nothing is lost.
    private static func offset(_ centre: Double, _ size: Int, _ whole: Int) -> Int {
        let shift = (Double(whole) / 2 - centre).rounded()
        return min(max(Int(shift), 0), whole - size)
    }
}

/// A picture of numbers from 0 (paper) to 1 (ink).
private struct Plane {
    let width: Int
    let height: Int
    let values: [Double]

    /// The smallest rectangle that holds all values above `threshold`.
    /// - Precondition: There is one.
    func cropped(above threshold: Double) -> Plane {
        var (left, right, top, bottom) = (width, -1, height, -1)
        for y in 0..<height {
            for x in 0..<width where values[y * width + x] > threshold {
                left = min(left, x)
                right = max(right, x)
                top = min(top, y)
                bottom = max(bottom, y)
            }
        }
        precondition(left <= right, "no value is above the threshold")
        return Plane(
            width: right - left + 1, height: bottom - top + 1,
            values: (top...bottom).flatMap { values[$0 * width + left...$0 * width + right] })
    }

    /// Each new pixel is the mean of the area of old pixels that it covers, parts of pixels
    /// included: no stroke falls between pixels when shrinking.
    func resampled(to size: (width: Int, height: Int)) -> Plane {
        resampledRows(to: size.width).turned.resampledRows(to: size.height).turned
    }

    /// Rows and columns exchanged.
    private var turned: Plane {
        Plane(
            width: height, height: width,
            values: (0..<width).flatMap { x in (0..<height).map { y in values[y * width + x] } })
    }

    /// Rows of another length.
    private func resampledRows(to newWidth: Int) -> Plane {
        let step = Double(width) / Double(newWidth)
        var result: [Double] = []
        result.reserveCapacity(newWidth * height)
        for y in 0..<height {
            for x in 0..<newWidth {
                let begin = Double(x) * step
                let end = min(Double(x + 1) * step, Double(width))
                var sum = 0.0
                var old = Int(begin)
                while old < width, Double(old) < end {
                    let overlap = min(Double(old + 1), end) - max(Double(old), begin)
                    sum += overlap * values[y * width + old]
                    old += 1
                }
                result.append(min(sum / (end - begin), 1))
            }
        }
        return Plane(width: newWidth, height: height, values: result)
    }

    /// The mean place of the ink, where pixel 0 reaches from 0 to 1.
    var centreOfMass: (x: Double, y: Double) {
        var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
        for y in 0..<height {
            for x in 0..<width {
                let value = values[y * width + x]
                sum += value
                sumX += value * (Double(x) + 0.5)
                sumY += value * (Double(y) + 0.5)
            }
        }
        return sum > 0 ? (sumX / sum, sumY / sum) : (Double(width) / 2, Double(height) / 2)
    }
}
