import Phidias
import Testing

/// How large pictures of filters are when nobody says, and what layers without images look like.
@Suite struct FilterScaleTests {
    private static func draw(_ count: Int, _ rows: Int, _ width: Int) throws -> Image {
        var picture = FilterImage()
        picture.colorMap = .gray
        return try picture.draw(
            weights: [Float](repeating: 1, count: count * rows * width), rows: rows, width: width)
    }

    /// Filters, and the width and height of their picture.
    @Test(arguments: [
        // The picture of the README, 3 pixels a weight.
        ([128, 28, 28], [1395, 699]), ([30, 28, 28], [700, 584]),
        // Kernels of a convolution: 51 pixels at 3 pixels a weight.
        ([16, 3, 3], [800, 800]), ([32, 5, 5], [796, 400]),
        // No more than 128 pixels for a weight.
        ([1, 1, 1], [136, 136]), ([2, 1, 1], [268, 136]),
        // Units over 32 channels of 7 × 7 stand side by side.
        ([128, 224, 7], [1539, 1353]),
    ])
    func picturesCanBeSeen(filters: [Int], size: [Int]) throws {
        let image = try Self.draw(filters[0], filters[1], filters[2])
        #expect([image.width, image.height] == size)
    }

    @Test(arguments: [(2000, 12_003), (3000, 12_002), (5000, 10_001)])
    func whatIsTooLargeIsDrawnSmaller(count: Int, height: Int) throws {
        var picture = FilterImage()
        picture.colorMap = .gray
        picture.columns = 1
        let weights = [Float](repeating: 1, count: count)
        #expect(try picture.draw(weights: weights, rows: 1, width: 1).height == height)
        // Who asks for a scale gets it or an error.
        picture.scale = 5
        #expect(throws: ImageError.self) {
            try picture.draw(weights: weights, rows: 1, width: 1)
        }
    }

    @Test func linesStayThin() throws {
        var picture = FilterImage()
        picture.scale = 10
        picture.columns = 2
        let image = try picture.draw(weights: [1, -1, 1, -1], rows: 1, width: 2)
        #expect(image.width == 2 * 20 + 3 * 4 && image.height == 10 + 2 * 4)
        #expect(image.pixels[0] == 96)
    }

    // MARK: - Layers over units

    /// 2 × 2 pixels, hidden units, and a layer of `weights` over them.
    private static func model(_ weights: [Float], units: Int) throws -> Model {
        let hidden = weights.count / units
        let network = try Network(rows: 2, columns: 2, hidden: [hidden], classes: units)
        return try Model(
            network: network,
            parameters: [
                LayerParameters(
                    weight: [Float](repeating: 0, count: 4 * hidden),
                    bias: [Float](repeating: 0, count: hidden)),
                LayerParameters(weight: weights, bias: [Float](repeating: 0, count: units)),
            ])
    }

    @Test(arguments: FilterImage.ColorMap.allCases, FilterImage.Scaling.allCases)
    func aLayerOverUnitsIsANumberedMatrix(
        map: FilterImage.ColorMap, scaling: FilterImage.Scaling
    ) throws {
        let weights: [Float] = [1, -2, 0.5, 0, 1.5, 4, 8, -8, 1, 0]
        var picture = FilterImage()
        (picture.colorMap, picture.scaling) = (map, scaling)
        for units in [2, 5] {
            let inputs = 10 / units
            let image = try picture.draw(try Self.model(weights, units: units), layer: 1)
            #expect(image.channels == (map == .gray ? 1 : 3))
            // Cells of 32 pixels, five of them across.
            try #require(image.width > 160 && image.width < 220)
            try #require(image.height > 64 && image.height < 120)
            let corner = try #require(Self.corner(image, map))
            for (place, weight) in weights.enumerated() {
                let (unit, input) = place.quotientAndRemainder(dividingBy: inputs)
                let (row, column) = units == 2 ? (unit, input) : (input, unit)
                let own = weights[unit * inputs..<(unit + 1) * inputs]
                let peak = scaling == .global ? 8 : own.map { abs($0) }.max() ?? 0
                let color = try map.color(weight / peak)
                let pixel = image.width * (corner.y + 32 * row + 16) + corner.x + 32 * column + 16
                #expect(
                    (0..<image.channels).map { image.pixels[image.channels * pixel + $0] }
                        == (0..<image.channels).map { color[$0] }, "at \(row), \(column)")
            }
            // Dots of two pixels; a digit is three of them wide and five high.
            for row in 0..<2 {
                let glyph = Glyph(image, left: corner.x - 16, top: corner.y + 32 * row + 11, dot: 2)
                #expect(glyph.text == Glyph.digits[row], "row \(row): \(glyph.text)")
            }
            for column in 0..<5 {
                let glyph = Glyph(
                    image, left: corner.x + 32 * column + 13, top: corner.y - 20, dot: 2)
                #expect(glyph.text == Glyph.digits[column], "column \(column): \(glyph.text)")
            }
        }
    }

    /// The first cell's first pixel, behind the line around the matrix.
    private static func corner(_ image: Image, _ map: FilterImage.ColorMap) -> (x: Int, y: Int)? {
        // The line is the only thing that is not white along the last row of pixels' middle.
        let (middle, channels) = (image.height - 30, image.channels)
        guard
            let x = (0..<image.width).first(where: {
                $0 > 14 && image.pixels[channels * (middle * image.width + $0)] != 255
            }),
            let y = (0..<image.height).first(where: {
                $0 > 18 && image.pixels[channels * ($0 * image.width + image.width - 30)] != 255
            })
        else { return nil }
        return (x + 4, y + 4)
    }

    @Test func aMatrixOfManyColumnsNumbersSome() throws {
        var picture = FilterImage()
        picture.colorMap = .gray
        let weights = (0..<1280).map { Float($0 % 7) - 3 }
        let image = try picture.draw(try Self.model(weights, units: 10), layer: 1)
        // 12 pixels a cell.
        #expect((1536..<1600).contains(image.width) && (120..<190).contains(image.height))
        let marks = (0..<image.width).count { image.pixels[20 * image.width + $0] == 0 }
        #expect(marks == 26, "a mark at every fifth of 128 columns")
        picture.scale = 1
        let small = try picture.draw(try Self.model(weights, units: 10), layer: 1)
        #expect(small.width < 200 && small.height < 60)
    }

    @Test(arguments: [Float.nan, .infinity])
    func aMatrixOfWeightsThatAreNotFiniteIsAnError(value: Float) throws {
        // The third unit's second weight, where rows and columns are exchanged.
        let model = try Self.model([1, 2, 3, 4, 5, value, 7, 8, 9, 10], units: 5)
        let error = #expect(throws: ImageError.self) {
            try FilterImage().draw(model, layer: 1)
        }
        #expect(error?.description.contains("filter 2 at row 0, column 1") == true)
    }

    @Test func theLeastMatricesAreDrawn() throws {
        for weights: [Float] in [
            [0, 0], [1, -1], [.leastNonzeroMagnitude, .greatestFiniteMagnitude],
        ] {
            let model = try Self.model(weights, units: 2)
            for peak: Float? in [nil, 0, .leastNonzeroMagnitude] {
                var picture = FilterImage()
                picture.peak = peak
                #expect(try picture.draw(model, layer: 1).width > 32)
            }
        }
        let model = try Self.model([1, 2], units: 2)
        for change: (inout FilterImage) -> Void in [
            { $0.scale = 0 }, { $0.scale = .max }, { $0.columns = 0 }, { $0.peak = .nan },
        ] {
            var picture = FilterImage()
            change(&picture)
            #expect(throws: ImageError.self) { try picture.draw(model, layer: 1) }
        }
    }

    // MARK: - Numbered rows

    @Test func rowsOfImagesAreNumbered() throws {
        let images = [[UInt8]](repeating: [UInt8](repeating: 0, count: 784), count: 24)
        var picture = FilterImage()
        (picture.columns, picture.scale) = (2, 3)
        let shape = ImageShape(rows: 28, columns: 28)
        let plain = try picture.draw(images: images, of: shape)
        let image = try picture.drawNumbered(images: images, of: shape)
        let (left, top) = (26, 22)
        #expect(plain.width == 2 * 87 + 3 && image.width > plain.width + left)
        for row in 0..<12 {
            let end = Glyph(image, left: left - 12, top: top + 3 + 87 * row + 37, dot: 2)
            #expect(end.text == Glyph.digits[row % 10], "row \(row): \(end.text)")
        }
        // Ranks begin at 1.
        for column in 0..<2 {
            let rank = Glyph(image, left: left + 3 + 87 * column + 39, top: 6, dot: 2)
            #expect(rank.text == Glyph.digits[column + 1], "column \(column): \(rank.text)")
        }
    }
}

/// The dots of a digit in a picture, row by row: 1 is black.
struct Glyph {
    let text: String

    static let digits = [
        "111101101101111", "010110010010111", "111001111100111", "111001111001111",
        "101101111001001", "111100111001111", "111100111101111", "111001010010010",
        "111101111101111", "111101111001111",
    ]

    init(_ image: Image, left: Int, top: Int, dot: Int) {
        text = (0..<15).map { place in
            let x = left + place % 3 * dot, y = top + place / 3 * dot
            let inside = x < image.width && y < image.height
            return inside && image.pixels[image.channels * (y * image.width + x)] == 0 ? "1" : "0"
        }.joined()
    }
}
