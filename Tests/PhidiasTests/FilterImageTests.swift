import Phidias
import Testing

@Suite struct ColorMapTests {
    typealias Map = FilterImage.ColorMap

    static let steps = (0...100).map { Float($0) / 100 }

    /// Rec. 601's luma, 0 to 255.
    static func luma(_ color: SIMD3<UInt8>) -> Double {
        let red = 0.299 * Double(color.x)
        let green = 0.587 * Double(color.y)
        return red + green + 0.114 * Double(color.z)
    }

    @Test func divergingIsEquallyDarkOnBothSides() throws {
        for step in Self.steps {
            let low = try Self.luma(Map.diverging.color(-step))
            let high = try Self.luma(Map.diverging.color(step))
            // Half a level of each control point, half of each channel's rounding.
            #expect(abs(low - high) <= 1.5, "at \(step)")
        }
    }

    @Test func divergingDarkensAwayFromZero() throws {
        for sign: Float in [-1, 1] {
            let lumas = try Self.steps.map { try Self.luma(Map.diverging.color(sign * $0)) }
            #expect(zip(lumas, lumas.dropFirst()).allSatisfy { $0 > $1 })
        }
        #expect(try Map.diverging.color(0) == SIMD3(247, 247, 247))
        #expect(try Map.diverging.color(-1) == SIMD3(8, 48, 132))
        #expect(try Map.diverging.color(1) == SIMD3(128, 8, 24))
    }

    @Test func divergingIsBlueBelowAndRedAbove() throws {
        // Blue against yellow-red is what people with either red-green blindness tell apart.
        for step in Self.steps where step >= 0.2 {
            let low = try Map.diverging.color(-step)
            let high = try Map.diverging.color(step)
            #expect(Int(low.z) - Int(low.x) > 30)
            #expect(Int(high.x) - Int(high.z) > 30)
            #expect(Int(low.z) - Int(high.z) > 40)
        }
    }

    @Test func grayIsSymmetric() throws {
        #expect(try Map.gray.color(-1) == SIMD3(repeating: 0))
        #expect(try Map.gray.color(0) == SIMD3(repeating: 128))
        #expect(try Map.gray.color(1) == SIMD3(repeating: 255))
        for step in Self.steps {
            let (low, high) = (try Map.gray.color(-step), try Map.gray.color(step))
            #expect(low.x == low.y && low.y == low.z)
            #expect((255...256).contains(Int(low.x) + Int(high.x)))
        }
    }

    @Test(arguments: Map.allCases) func beyondOneIsOne(map: Map) throws {
        #expect(try map.color(7) == map.color(1))
        #expect(try map.color(-.infinity) == map.color(-1))
        #expect(try map.color(-0.0) == map.color(0))
    }
}

@Suite struct FilterImageTests {
    typealias Map = FilterImage.ColorMap

    /// Five filters of 2 × 3 weights; the fourth is zero, the largest weight of all is -8.
    static let weights: [Float] = [
        1, -1, 0.5, 0, 0.25, -0.5,
        2, 4, -8, 1, -1, 0,
        0.1, 0.2, 0.3, -0.4, 0.05, 0,
        0, 0, 0, 0, -0.0, 0,
        -3, 3, 1.5, -1.5, 0, 0.75,
    ]

    @Test(arguments: Map.allCases, FilterImage.Scaling.allCases)
    func everyPixelIsWhereItBelongs(map: Map, scaling: FilterImage.Scaling) throws {
        var picture = FilterImage()
        picture.columns = 3
        picture.scale = 2
        picture.colorMap = map
        picture.scaling = scaling
        let image = try picture.draw(weights: Self.weights, rows: 2, width: 3)
        #expect(image.channels == (map == .gray ? 1 : 3))
        // 3 filters of 3 weights and 4 lines; 2 filters of 2 weights and 3 lines.
        try #require(image.width == 2 * (3 * 3 + 4))
        try #require(image.height == 2 * (2 * 2 + 3))

        let separator: UInt8 = map == .gray ? 0 : 96
        for y in 0..<image.height {
            for x in 0..<image.width {
                // Places in units of a weight; a filter and its line make a cell.
                let (cellX, cellY) = (x / 2 % 4, y / 2 % 3)
                let filter = y / 2 / 3 * 3 + x / 2 / 4
                var expected = SIMD3(repeating: separator)
                if cellX > 0, cellY > 0, filter < 5 {
                    let own = Self.weights[6 * filter..<6 * filter + 6]
                    let peak = scaling == .global ? 8 : own.map { abs($0) }.max() ?? 0
                    let weight = Self.weights[6 * filter + 3 * (cellY - 1) + cellX - 1]
                    expected = try map.color(peak == 0 ? 0 : weight / peak)
                }
                let place = (y * image.width + x) * image.channels
                for channel in 0..<image.channels {
                    #expect(image.pixels[place + channel] == expected[channel], "at \(x), \(y)")
                }
            }
        }
    }

    /// Pinned apart from the colour map's code: two filters of one weight, scale 1.
    @Test func aTinyPictureByHand() throws {
        var picture = FilterImage()
        picture.scale = 1
        picture.colorMap = .gray
        picture.scaling = .global
        let image = try picture.draw(weights: [2, -1], rows: 1, width: 1)
        #expect(image.width == 5)
        #expect(image.pixels == [0, 0, 0, 0, 0, 0, 255, 0, 64, 0, 0, 0, 0, 0, 0])
    }

    @Test(arguments: [
        (1, 1), (2, 2), (3, 3), (4, 2), (5, 5), (7, 3), (10, 5), (37, 7), (100, 10), (128, 16),
        (300, 20), (512, 32),
    ])
    func theGridIsAboutSquareOrWider(count: Int, columns: Int) {
        #expect(FilterImage.defaultColumns(count) == columns)
    }

    @Test func moreColumnsThanFiltersAreNotDrawn() throws {
        var picture = FilterImage()
        picture.columns = 100
        picture.scale = 1
        #expect(try picture.draw(weights: [1, 2], rows: 1, width: 1).width == 5)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func weightsThatAreNotFiniteAreErrors(value: Float) {
        var weights = Self.weights
        weights[6 + 4] = value
        let error = #expect(throws: ImageError.self) {
            try FilterImage().draw(weights: weights, rows: 2, width: 3)
        }
        #expect(error?.description.contains("filter 1 at row 1, column 1") == true)
        #expect(error?.exitCode == 65)
    }

    @Test func impossibleFiltersAreErrors() {
        let picture = FilterImage()
        #expect(throws: ImageError.noFilters) { try picture.draw(weights: [], rows: 2, width: 2) }
        for (rows, width) in [(2, 2), (0, 3), (3, 0), (-1, -3), (.max, .max), (7, 1)] {
            #expect(throws: ImageError.filterSize(weights: 3, rows: rows, width: width)) {
                try picture.draw(weights: [1, 2, 3], rows: rows, width: width)
            }
        }
    }

    @Test(arguments: [
        (0, 1), (-1, 1), (.min, 1), (1, 0), (1, -5), (16_384, 1), (.max, 1), (.max / 2, 2),
    ])
    func impossibleOptionsAreErrors(scale: Int, columns: Int) {
        var picture = FilterImage()
        picture.scale = scale
        picture.columns = columns
        let error = #expect(throws: ImageError.self) {
            try picture.draw(weights: Self.weights, rows: 2, width: 3)
        }
        #expect(error?.exitCode == 64)
    }

    @Test func picturesOfTooManyPixelsAreErrors() {
        // 101 weights of 97 pixels and two lines a side: each is allowed, both together are not.
        var picture = FilterImage()
        picture.scale = 97
        #expect(
            throws: ImageError.pictureSize(
                width: 9805, height: 9805, side: 16_384, pixels: 64 << 20)
        ) {
            try picture.draw(
                weights: [Float](repeating: 1, count: 101 * 101), rows: 101, width: 101)
        }
    }

    @Test func theFileNamesModelLayerAndScaling() throws {
        let scratch = try Scratch()
        let network = try Network(rows: 4, columns: 3, hidden: [5], classes: 2)
        let model = try Model(network: network, seed: 3)
        let path = scratch.path + "/filters.png"
        var picture = FilterImage()
        picture.scale = 1
        try picture.write(model, layer: 0, name: "größe.safetensors", to: path)
        let image = try PNG.readGray(path: path)
        #expect(image.width == 5 * 4 + 1)
        #expect(image.height == 6)

        let chunks = try #require(PNGBuilder.chunks(try FileBytes.read(path, limit: 1 << 20)))
        let texts = chunks.filter { $0.name.hasSuffix("Xt") }
            .map { String(decoding: $0.data, as: UTF8.self) }
        func text(_ key: String) -> String? {
            texts.first { $0.hasPrefix(key + "\0") }.map { String($0.dropFirst(key.count + 1)) }
        }
        #expect(text("Model")?.contains("größe.safetensors") == true)
        #expect(text("Layer") == "0")
        #expect(text("Scaling") == "per-filter")
        #expect(text("Software") == "Phidias")
        #expect(text("Description")?.contains("5 units of 4 × 3 weights") == true)

        try picture.write(model, layer: 1, name: "m", to: path)
        let matrix = String(decoding: try FileBytes.read(path, limit: 1 << 20), as: UTF8.self)
        #expect(matrix.contains("2 units of 5 weights, a row for each unit"))
        #expect(throws: ImageError.layer(2, count: 2)) {
            try picture.write(model, layer: 2, name: "m", to: path)
        }
        #expect(try scratch.names == ["filters.png"])
    }
}

@Suite struct AutocorrelationTests {
    static func filter(_ weight: (Int, Int) -> Float) -> [Float] {
        (0..<784).map { (place: Int) in weight(place % 28, place / 28) }
    }

    static func correlation(_ weights: [Float]) -> Double {
        FilterImage.autocorrelation(weights: weights, rows: 28, width: 28)
    }

    @Test func knownPatterns() {
        let ramp = Self.filter { x, y in Float(2 * x - y) }
        let board = Self.filter { x, y in (x + y) % 2 == 0 ? 1 : -1 }
        // Neighbours on the right are opposite, those below equal.
        let stripes = Self.filter { x, _ in x % 2 == 0 ? 1 : -1 }
        let flat = Self.filter { _, _ in 3 }
        #expect(abs(Self.correlation(ramp) - 1) < 0.01)
        #expect(abs(Self.correlation(board) + 1) < 1e-12)
        #expect(abs(Self.correlation(stripes)) < 1e-12)
        #expect(Self.correlation(flat) == 0)
        #expect(abs(Self.correlation(board + flat) + 0.5) < 1e-12)
    }

    @Test func onlyTheWindowCounts() {
        let random = CounterRandom(seed: 5, purpose: .user)
        let noise = Self.filter { x, y in Float(random.uniform(UInt64(28 * y + x)) - 0.5) }
        let framed = Self.filter { x, y in
            (4..<24).contains(x) && (4..<24).contains(y) ? noise[28 * y + x] : Float(100 * x)
        }
        #expect(Self.correlation(framed) == Self.correlation(noise))
    }

    @Test func noiseIsNearZero() {
        let random = CounterRandom(seed: 1, purpose: .user)
        let noise = (0..<15_680).map { (place: Int) in Float(random.uniform(UInt64(place)) - 0.5) }
        // The standard error of 20 filters of 2 · 380 pairs is 0.008.
        #expect(abs(Self.correlation(noise)) < 0.03)
    }

    @Test func smallFiltersAreTakenWhole() {
        #expect(FilterImage.autocorrelation(weights: [1, 2, 3, 4, 6, 5], rows: 2, width: 3) != 0)
        #expect(FilterImage.autocorrelation(weights: [1], rows: 1, width: 1) == 0)
    }
}
