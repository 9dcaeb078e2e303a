/// Fits an image of any size to a network's input as MNIST was made: the ink's bounding box is
/// scaled into a box of 20/28 of the side, and placed with its centre of mass in the middle.
public enum DigitFitting {
    /// Brightness from which a pixel counts as ink when the bounding box is found.
    static let threshold: UInt8 = 32

    /// - Parameters:
    ///   - image: gray; white ink on black, or with `invert` black ink on white.
    ///   - rows: height of the network's input; an image of that size is used as it is.
    ///   - name: for error messages.
    /// - Returns: [rows][columns]
    /// - Throws: `ImageError.blank` if there is no ink.
    public static func fit(
        _ image: Image, rows: Int, columns: Int, invert: Bool = false, name: String
    ) throws(ImageError) -> [UInt8] {
        precondition(image.channels == 1, "a gray image is needed")
        let ink = invert ? image.pixels.map { 255 - $0 } : image.pixels
        guard ink.contains(where: { $0 >= threshold }) else { throw .blank(path: name) }
        if image.width == columns, image.height == rows { return ink }
        guard image.width > 1 || image.height > 1 else { throw .blank(path: name) }

        var (left, right, top, bottom) = (image.width, -1, image.height, -1)
        for y in 0..<image.height {
            for x in 0..<image.width where ink[y * image.width + x] >= threshold {
                (left, right) = (min(left, x), max(right, x))
                (top, bottom) = (min(top, y), max(bottom, y))
            }
        }
        let (boxWidth, boxHeight) = (right - left + 1, bottom - top + 1)
        let scale = min(
            Double(columns * 20) / Double(28 * boxWidth), Double(rows * 20) / Double(28 * boxHeight))
        let width = max(1, Int((Double(boxWidth) * scale).rounded()))
        let height = max(1, Int((Double(boxHeight) * scale).rounded()))
        let box = (0..<boxHeight).map { y in
            (0..<boxWidth).map { x in Double(ink[(top + y) * image.width + left + x]) }
        }
        let small = resample(box, width: width, height: height)

        var (mass, mx, my) = (0.0, 0.0, 0.0)
        for y in 0..<height {
            for x in 0..<width {
                mass += small[y][x]
                mx += small[y][x] * (Double(x) + 0.5)
                my += small[y][x] * (Double(y) + 0.5)
            }
        }
        let dx = Int((Double(columns) / 2 - mx / mass).rounded())
        let dy = Int((Double(rows) / 2 - my / mass).rounded())
        var result = [UInt8](repeating: 0, count: rows * columns)
        for y in 0..<height where (0..<rows).contains(y + dy) {
            for x in 0..<width where (0..<columns).contains(x + dx) {
                result[(y + dy) * columns + x + dx] = UInt8(
                    min(max(small[y][x].rounded(), 0), 255))
            }
        }
        return result
    }

    /// Each new pixel is the mean of the area it covers: first along rows, then along columns.
    private static func resample(_ image: [[Double]], width: Int, height: Int) -> [[Double]] {
        let rows = image.map { resample($0, to: width) }
        let columns = (0..<width).map { x in resample(rows.map { $0[x] }, to: height) }
        return (0..<height).map { y in columns.map { $0[y] } }
    }

    private static func resample(_ line: [Double], to count: Int) -> [Double] {
        let step = Double(line.count) / Double(count)
        return (0..<count).map { index in
            let (from, to) = (Double(index) * step, Double(index + 1) * step)
            var sum = 0.0
            for place in Int(from)..<min(Int(to.rounded(.up)), line.count) {
                sum += line[place] * (min(to, Double(place + 1)) - max(from, Double(place)))
            }
            return sum / step
        }
    }
}
