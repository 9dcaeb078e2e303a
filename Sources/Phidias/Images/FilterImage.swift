import PhidiasKernels

/// Shows what a layer's units look for: a grid of pictures, one a unit, each made of the unit's
/// weights; or, where a unit's inputs have no place in an image, the weights as one matrix.
public struct FilterImage: Sendable {
    /// Which weights get the full colours.
    public enum Scaling: String, Sendable, CaseIterable {
        /// The largest of all filters: filters can be compared.
        case global
        /// The largest of each filter: faint filters can be seen.
        case perFilter = "per-filter"
    }

    /// Filters in a row of the grid; nil for a number that makes the grid about square or wider,
    /// without empty places if it can be.
    public var columns: Int?
    /// Pixels for a weight, in both directions; nil for a number that makes the picture's longer side
    /// about 800 pixels, but from 3 to 128 and fewer if the picture would be too large otherwise. The
    /// lines between filters are as wide as a weight, but at most 4 pixels.
    public var scale: Int?
    /// Which weights get the full colours. They are symmetric around zero in any case.
    public var scaling = Scaling.perFilter
    /// Where it is given, weights of this magnitude and more get the full colours, and `scaling` has
    /// no say: pictures of different weights can be compared. Finite and at least 0; with 0 all is
    /// drawn as zero.
    public var peak: Float?
    /// The colours.
    public var colorMap = ColorMap.diverging

    /// Pixels the picture may have in each direction.
    public static let largestSide = 16_384
    /// Pixels the picture may have in all.
    public static let mostPixels = 64 << 20

    /// Each filter with its own full colours, in red and blue, large enough to be seen.
    public init() {}

    /// Draws the filters, with lines around and between them.
    /// - Parameters:
    ///   - weights: [filters, rows, width], a filter's weights next to each other.
    ///   - rows: Weights of a filter from top to bottom.
    ///   - width: Weights of a filter from left to right.
    /// - Returns: Three channels, or one for the gray colour map.
    /// - Throws: `ImageError`: no filters, a weight or peak that is not finite, a picture too large.
    public func draw(weights: [Float], rows: Int, width: Int) throws(ImageError) -> Image {
        try drawOnGrid(weights, rows: rows, width: width).picture
    }

    /// The same, with where the filters lie in the picture.
    func drawOnGrid(
        _ weights: [Float], rows: Int, width: Int
    ) throws(ImageError) -> (picture: Image, grid: FilterGrid) {
        let filters = try FilterShape(weights, rows: rows, width: width)
        let grid = try FilterGrid(self, filters)
        if let peak, !(peak >= 0 && peak.isFinite) { throw .peak(peak) }
        let channels = colorMap.channels
        try Memory.checkPixels(
            channels * grid.width * grid.height, of: "The picture of the filters")

        // One line of the picture at a time: lines of separators, then `scale` times each line of
        // weights.
        let scale = grid.scale
        let separator = [UInt8](repeating: colorMap.separator, count: channels * grid.width)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(channels * grid.width * grid.height)
        func add(_ line: [UInt8], _ times: Int) {
            for _ in 0..<times { pixels += line }
        }
        let common = peak ?? (scaling == .global ? Self.peak(weights[...]) : nil)
        add(separator, grid.line)
        for first in stride(from: 0, to: filters.count, by: grid.columns) {
            let shown = first..<min(first + grid.columns, filters.count)
            let peaks = shown.map {
                common ?? Self.peak(weights[filters.range($0)])
            }
            for y in 0..<rows {
                var line = separator
                for (filter, peak) in zip(shown, peaks) {
                    let start = filters.range(filter).lowerBound + y * width
                    let left = grid.line + (filter - first) * (width * scale + grid.line)
                    var place = channels * left
                    for weight in weights[start..<start + width] {
                        // A filter of zeros is zero everywhere, not NaN.
                        let color = colorMap.uncheckedColor(peak > 0 ? weight / peak : 0)
                        for _ in 0..<scale {
                            for channel in 0..<channels { line[place + channel] = color[channel] }
                            place += channels
                        }
                    }
                }
                add(line, scale)
            }
            add(separator, grid.line)
        }
        let picture = Image(
            unchecked: pixels, width: grid.width, height: grid.height, channels: channels)
        return (picture, grid)
    }

    /// The largest magnitude.
    package static func peak(_ weights: ArraySlice<Float>) -> Float {
        weights.reduce(0) { max($0, abs($1)) }
    }
}
