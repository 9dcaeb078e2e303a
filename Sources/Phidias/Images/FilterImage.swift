import PhidiasKernels

/// Shows what a layer's units look for: a grid of pictures, one a unit, each made of the unit's
/// weights.
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
    /// Pixels for a weight, in both directions; also the width of the lines between filters.
    public var scale = 3
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

    /// Each filter at its own scale, in red and blue, 3 pixels a weight.
    public init() {}

    /// Draws the filters, with lines around and between them.
    /// - Parameters:
    ///   - weights: [filters, rows, width], a filter's weights next to each other.
    ///   - rows: Weights of a filter from top to bottom.
    ///   - width: Weights of a filter from left to right.
    /// - Returns: Three channels, or one for the gray colour map.
    /// - Throws: `ImageError`: no filters, a weight or peak that is not finite, a picture too large.
    public func draw(weights: [Float], rows: Int, width: Int) throws(ImageError) -> Image {
        let filters = try FilterShape(weights, rows: rows, width: width)
        let grid = try Grid(self, filters)
        if let peak, !(peak >= 0 && peak.isFinite) { throw .peak(peak) }
        let channels = colorMap.channels
        try Memory.checkPixels(
            channels * grid.width * grid.height, of: "The picture of the filters")

        // One line of the picture at a time: a line of separators, then `scale` times each line
        // of weights.
        let separator = [UInt8](repeating: colorMap.separator, count: channels * grid.width)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(channels * grid.width * grid.height)
        func add(_ line: [UInt8]) {
            for _ in 0..<scale { pixels += line }
        }
        let common = peak ?? (scaling == .global ? Self.peak(weights[...]) : nil)
        add(separator)
        for first in stride(from: 0, to: filters.count, by: grid.columns) {
            let shown = first..<min(first + grid.columns, filters.count)
            let peaks = shown.map {
                common ?? Self.peak(weights[filters.range($0)])
            }
            for y in 0..<rows {
                var line = separator
                for (filter, peak) in zip(shown, peaks) {
                    let start = filters.range(filter).lowerBound + y * width
                    var place = channels * scale * (1 + (filter - first) * (width + 1))
                    for weight in weights[start..<start + width] {
                        // A filter of zeros is zero everywhere, not NaN.
                        let color = colorMap.uncheckedColor(peak > 0 ? weight / peak : 0)
                        for _ in 0..<scale {
                            for channel in 0..<channels { line[place + channel] = color[channel] }
                            place += channels
                        }
                    }
                }
                add(line)
            }
            add(separator)
        }
        return Image(unchecked: pixels, width: grid.width, height: grid.height, channels: channels)
    }

    /// Draws a layer's weights and writes them as a PNG file, with texts that name model, layer
    /// and scaling.
    /// - Parameters:
    ///   - model: Whose weights are drawn.
    ///   - layer: Place among all layers, from 0.
    ///   - name: What the text calls the model, for instance its file.
    ///   - path: The file to write.
    /// - Throws: `FileError`, `ImageError`.
    public func write(_ model: Model, layer: Int, name: String, to path: String) throws {
        let (weights, rows, width) = try Self.filters(of: model, layer: layer)
        let isConvolution = Self.weighted(model, layer)?.isConvolution ?? false
        let kind = isConvolution ? "kernels" : "units"
        let summary =
            "\(weights.count / (rows * width)) \(kind) of \(rows) × \(width) weights, row by row; "
            + "the largest magnitude is \(Self.peak(weights[...]))"
        try PNG.write(
            try draw(model, layer: layer),
            text: [
                "Title": "Weights of layer \(layer) of \(name)", "Description": summary,
                "Model": "\(name) (\(model.network))", "Layer": String(layer),
                "Scaling": peak.map { "full colours at \($0)" } ?? scaling.rawValue,
                "Colormap": colorMap.rawValue,
                "Software": "Phidias",
            ], to: path)
    }

    /// Draws a layer's weights. The kernels of a convolution over several channels form a grid, unless
    /// `columns` says otherwise: a row for each output, a column for each input.
    /// - Parameters:
    ///   - model: whose weights are drawn.
    ///   - layer: the layer's place among all.
    /// - Throws: `ImageError`.
    public func draw(_ model: Model, layer: Int) throws(ImageError) -> Image {
        let (weights, rows, width) = try Self.filters(of: model, layer: layer)
        var picture = self
        if let layer = Self.weighted(model, layer), layer.isConvolution, layer.shape[1] > 1 {
            picture.columns = columns ?? layer.shape[1]
        }
        return try picture.draw(weights: weights, rows: rows, width: width)
    }

    /// A layer's weights [units, rows, width] as `draw` takes them.
    /// - Throws: `ImageError.layer`, `.noWeights`.
    package static func filters(
        of model: Model, layer: Int
    ) throws(ImageError) -> (weights: [Float], rows: Int, width: Int) {
        guard model.network.layers.indices.contains(layer) else {
            throw .layer(layer, count: model.network.layers.count)
        }
        guard let number = model.network.weighted.firstIndex(where: { $0.index == layer }) else {
            throw .noWeights(layer: layer, known: model.network.weighted.map(\.index))
        }
        let (rows, width) = shape(model, number)
        return (model.parameters[number].weight, rows, width)
    }

    private static func weighted(_ model: Model, _ layer: Int) -> WeightedLayer? {
        model.network.weighted.first { $0.index == layer }
    }

    /// Size of a picture: a kernel's; of a unit over an image, the image's with its channels one below
    /// the other. Inputs that are units have no place: one row of them.
    private static func shape(_ model: Model, _ number: Int) -> (rows: Int, width: Int) {
        let layer = model.network.weighted[number]
        if layer.isConvolution { return (layer.shape[2], layer.shape[3]) }
        // Flatten and dropout keep the order of an image's values.
        var (below, input) = (layer.index, layer.input)
        while below > 0, case .units = input {
            switch model.network.layers[below - 1] {
            case .flatten, .dropout: below -= 1
            default: return (1, layer.inputs)
            }
            input =
                below > 0 ? model.network.shapes[below - 1] : .image(model.network.input)
        }
        guard case .image(let image) = input else { return (1, layer.inputs) }
        return (layer.inputs / image.columns, image.columns)
    }

    /// The largest magnitude.
    package static func peak(_ weights: ArraySlice<Float>) -> Float {
        weights.reduce(0) { max($0, abs($1)) }
    }

    /// Filters in a row of the grid, for `count` filters: from the square root up to twice that,
    /// the first that leaves no place empty, or else the square root, rounded up.
    package static func defaultColumns(_ count: Int) -> Int {
        var root = 1
        while root * root < count { root += 1 }
        return (root...2 * root).first { count.isMultiple(of: $0) } ?? root
    }
}

/// How weights divide into filters.
private struct FilterShape {
    let count: Int
    let rows: Int
    let width: Int

    /// Checks that there is a whole number of filters and that every weight is finite.
    init(_ weights: [Float], rows: Int, width: Int) throws(ImageError) {
        guard !weights.isEmpty else { throw .noFilters }
        let (size, overflow) = rows.multipliedReportingOverflow(by: width)
        guard rows > 0, width > 0, !overflow, weights.count.isMultiple(of: size) else {
            throw .filterSize(weights: weights.count, rows: rows, width: width)
        }
        if let place = weights.firstIndex(where: { !$0.isFinite }) {
            let (filter, rest) = place.quotientAndRemainder(dividingBy: size)
            throw .filterValue(
                filter: filter, row: rest / width, column: rest % width, value: weights[place])
        }
        count = weights.count / size
        self.rows = rows
        self.width = width
    }

    /// The places of a filter's weights.
    func range(_ filter: Int) -> Range<Int> {
        filter * rows * width..<(filter + 1) * rows * width
    }
}

/// The size of the picture.
private struct Grid {
    let columns: Int
    let width: Int
    let height: Int

    init(_ options: FilterImage, _ filters: FilterShape) throws(ImageError) {
        guard options.scale >= 1 else {
            throw .option(name: "The scale", value: options.scale, minimum: 1)
        }
        columns = min(options.columns ?? FilterImage.defaultColumns(filters.count), filters.count)
        guard columns >= 1 else {
            throw .option(name: "The number of columns", value: columns, minimum: 1)
        }
        let rows = (filters.count + columns - 1) / columns
        let width = Self.side(columns, filters.width, options.scale)
        let height = Self.side(rows, filters.rows, options.scale)
        guard let width, let height, width <= FilterImage.largestSide,
            height <= FilterImage.largestSide, width * height <= FilterImage.mostPixels
        else {
            throw .pictureSize(
                width: width, height: height, side: FilterImage.largestSide,
                pixels: FilterImage.mostPixels)
        }
        self.width = width
        self.height = height
    }

    /// Pixels of `count` filters of `size` weights with lines around them; nil if they overflow.
    private static func side(_ count: Int, _ size: Int, _ scale: Int) -> Int? {
        let (withLine, overflow1) = size.addingReportingOverflow(1)
        let (filters, overflow2) = count.multipliedReportingOverflow(by: withLine)
        let (weights, overflow3) = filters.addingReportingOverflow(1)
        let (pixels, overflow4) = weights.multipliedReportingOverflow(by: scale)
        return overflow1 || overflow2 || overflow3 || overflow4 ? nil : pixels
    }
}
