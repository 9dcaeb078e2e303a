/// A picture of weights: one tile a unit, in a grid.
public struct FilterImage: Sendable {
    /// How weights become colours.
    public enum ColorMap: String, Sendable, CaseIterable {
        /// Blue below zero, white at zero, red above: symmetric in lightness.
        case diverging
        /// Black for the most negative weight, middle gray at zero, white for the most positive.
        case gray
    }

    /// What the ends of the colour map stand for.
    public enum Scaling: String, Sendable, CaseIterable {
        /// The largest magnitude of all tiles: tiles can be compared.
        case global
        /// The largest magnitude of each tile: faint filters can be seen.
        case perFilter = "per-filter"
    }

    public var colorMap = ColorMap.diverging
    public var scaling = Scaling.perFilter
    /// Side of the square that one weight is drawn as, 1 … 64.
    public var scale = 3
    /// Tiles in a row; nil makes the grid about 1.6 times as wide as high: nearly golden.
    public var columns: Int?

    public init() {}

    /// Most pixels of a picture.
    static let mostPixels = 1 << 26

    /// - Parameters:
    ///   - weights: [filters, rows · columns].
    ///   - rows: pixels of a tile, as `width`.
    /// - Throws: `ImageError` for no filters, weights that are not finite, or too large a picture.
    public func draw(weights: [Float], rows: Int, width: Int) throws(ImageError) -> Image {
        let pixels = rows * width
        let count = pixels > 0 ? weights.count / pixels : 0
        guard count > 0 else { throw .noFilters }
        guard (1...64).contains(scale) else { throw .option(name: "The scale", value: scale) }
        let across = min(columns ?? Self.usualColumns(count), count)
        guard across > 0 else { throw .option(name: "The number of columns", value: across) }
        if let bad = weights.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(filter: bad / pixels)
        }
        let down = (count + across - 1) / across
        let gap = scale
        let wide = across * (width * scale + gap) + gap
        let high = down * (rows * scale + gap) + gap
        guard wide <= 1 << 15, high <= 1 << 15, wide * high <= Self.mostPixels else {
            throw .option(name: "The number of picture pixels", value: wide * high)
        }
        let channels = colorMap == .gray ? 1 : 3
        let background: UInt8 = 64
        var out = [UInt8](repeating: background, count: wide * high * channels)
        let largest = weights.reduce(0) { max($0, abs($1)) }
        for filter in 0..<count {
            let tile = weights[filter * pixels..<(filter + 1) * pixels]
            let top = scaling == .global ? largest : tile.reduce(0) { max($0, abs($1)) }
            let left = filter % across * (width * scale + gap) + gap
            let above = filter / across * (rows * scale + gap) + gap
            for y in 0..<rows * scale {
                for x in 0..<width * scale {
                    let weight = tile[tile.startIndex + y / scale * width + x / scale]
                    let color = Self.color(top > 0 ? weight / top : 0, colorMap)
                    let at = ((above + y) * wide + left + x) * channels
                    for channel in 0..<channels { out[at + channel] = color[channel] }
                }
            }
        }
        return Image(width: wide, height: high, channels: channels, pixels: out)
    }

    private static func usualColumns(_ count: Int) -> Int {
        max(1, Int((Double(count) * 1.6).squareRoot().rounded(.up)))
    }

    /// Colour of a value in −1 … 1. The two halves of the diverging map are of equal lightness.
    package static func color(_ value: Float, _ map: ColorMap) -> SIMD3<UInt8> {
        func byte(_ x: Float) -> UInt8 { UInt8(min(max(x, 0), 255).rounded()) }
        switch map {
        case .gray:
            let level = byte(127.5 + 127.5 * value)
            return SIMD3(level, level, level)
        case .diverging:
            let white = SIMD3<Float>(247, 247, 247)
            let middle: SIMD3<Float> = value < 0 ? [103, 160, 207] : [229, 128, 104]
            let end: SIMD3<Float> = value < 0 ? [16, 62, 128] : [140, 18, 36]
            let strength = abs(value) * 2
            let color =
                strength < 1
                ? white + (middle - white) * strength
                : middle + (end - middle) * (strength - 1)
            return SIMD3(byte(color.x), byte(color.y), byte(color.z))
        }
    }

    /// Writes a layer's weights as a PNG with text chunks that name model, layer and scaling.
    /// - Throws: `ImageError` or `FileError`.
    public func write(_ model: Model, layer: Int, name: String, to path: String) throws {
        let network = model.network
        guard model.parameters.indices.contains(layer) else {
            throw ImageError.layer(layer, count: model.parameters.count)
        }
        let inputs = network.layerInputs[layer]
        // Above the first layer inputs are units, which have no place: drawn as one row of them.
        let width = layer == 0 ? network.columns : inputs
        let image = try draw(
            weights: model.parameters[layer].weight, rows: inputs / width, width: width)
        try PNG.write(
            image,
            text: [
                "Title": "Weights of layer \(layer)", "Model": "\(name) (\(network))",
                "Layer": String(layer), "Scaling": scaling.rawValue,
                "Colormap": colorMap.rawValue, "Software": "Phidias",
            ], to: path)
    }

    /// Mean over the filters of the lag-1 spatial autocorrelation (mean of the horizontal and the
    /// vertical Pearson correlation of neighbours) in the central `window` × `window` weights: 0
    /// for noise, near 1 for smooth strokes.
    package static func autocorrelation(
        weights: [Float], rows: Int, width: Int, window: Int
    ) -> Double {
        let pixels = rows * width
        let count = weights.count / pixels
        let top = (rows - window) / 2
        let left = (width - window) / 2
        var sum = 0.0
        for filter in 0..<count {
            func weight(_ y: Int, _ x: Int) -> Double {
                Double(weights[filter * pixels + (top + y) * width + left + x])
            }
            var right: [(Double, Double)] = []
            var below: [(Double, Double)] = []
            for y in 0..<window {
                for x in 0..<window {
                    if x + 1 < window { right.append((weight(y, x), weight(y, x + 1))) }
                    if y + 1 < window { below.append((weight(y, x), weight(y + 1, x))) }
                }
            }
            sum += (correlation(right) + correlation(below)) / 2
        }
        return sum / Double(count)
    }

    private static func correlation(_ pairs: [(Double, Double)]) -> Double {
        let n = Double(pairs.count)
        let a = pairs.reduce(0) { $0 + $1.0 } / n
        let b = pairs.reduce(0) { $0 + $1.1 } / n
        let ab = pairs.reduce(0) { $0 + ($1.0 - a) * ($1.1 - b) }
        let aa = pairs.reduce(0) { $0 + ($1.0 - a) * ($1.0 - a) }
        let bb = pairs.reduce(0) { $0 + ($1.1 - b) * ($1.1 - b) }
        return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : 0
    }
}
