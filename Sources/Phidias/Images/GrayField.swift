/// Levels of gray in sixteenths, so that averages keep what bytes would round away. Integers alone:
/// the same picture gives the same field anywhere.
struct GrayField {
    let width: Int
    let height: Int
    var values: [Int32]

    /// A level of gray.
    static let level: Int32 = 16

    init(width: Int, height: Int, values: [Int32]) {
        assert(values.count == width * height)
        (self.width, self.height, self.values) = (width, height, values)
    }

    /// A picture of one channel, each value the mean of `factor` × `factor` pixels, of fewer in
    /// the last row and column.
    init(_ image: Image, factor: Int) {
        let field = Self.means(image.width, image.height, factor) { sums, first, columns in
            for x in columns { sums[x / factor] += Int(image.pixels[first + x]) * Int(Self.level) }
        }
        self = field
    }

    /// Smaller by `factor`.
    func reduced(by factor: Int) -> GrayField {
        guard factor > 1 else { return self }
        return Self.means(width, height, factor) { sums, first, columns in
            for x in columns { sums[x / factor] += Int(values[first + x]) }
        }
    }

    /// - Parameter add: adds the row that begins at an offset to the sums.
    private static func means(
        _ width: Int, _ height: Int, _ factor: Int,
        add: (inout [Int], Int, Range<Int>) -> Void
    ) -> GrayField {
        let columns = (width + factor - 1) / factor
        let rows = (height + factor - 1) / factor
        var values: [Int32] = []
        values.reserveCapacity(columns * rows)
        for row in 0..<rows {
            var sums = [Int](repeating: 0, count: columns)
            let lines = row * factor..<min((row + 1) * factor, height)
            for y in lines { add(&sums, y * width, 0..<width) }
            for column in 0..<columns {
                let across = min((column + 1) * factor, width) - column * factor
                let count = lines.count * across
                values.append(Int32((sums[column] + count / 2) / count))
            }
        }
        return GrayField(width: columns, height: rows, values: values)
    }

    /// Dark and bright exchanged.
    var negated: GrayField { GrayField(width: width, height: height, values: values.map { -$0 }) }

    static func - (a: GrayField, b: GrayField) -> GrayField {
        var result = a
        for i in result.values.indices { result.values[i] -= b.values[i] }
        return result
    }

    /// The value that `part` of 100 values do not exceed.
    func quantile(_ part: Int) -> Int32 { Self.quantile(values, part) }

    /// The value that `part` of 100 values do not exceed; 0 of none.
    static func quantile(_ values: [Int32], _ part: Int) -> Int32 {
        guard let least = values.min(), let most = values.max() else { return 0 }
        var counts = [Int](repeating: 0, count: Int(most - least) + 1)
        for value in values { counts[Int(value - least)] += 1 }
        let place = min(values.count * part / 100, values.count - 1)
        var (seen, value) = (counts[0], 0)
        while seen <= place {
            value += 1
            seen += counts[value]
        }
        return least + Int32(value)
    }

    /// The standard deviation of noise from pixel to pixel.
    /// Source of the mask, which neither edges nor gradients answer: J. Immerkær, "Fast Noise
    /// Variance Estimation", Computer Vision and Image Understanding 64 (1996).
    var noise: Int32 {
        guard width >= 3, height >= 3 else { return 0 }
        var answers: [Int32] = []
        answers.reserveCapacity((width - 2) * (height - 2))
        for y in 1..<height - 1 {
            for i in y * width + 1..<(y + 1) * width - 1 {
                let cross = values[i - 1] + values[i + 1] + values[i - width] + values[i + width]
                let corners =
                    values[i - width - 1] + values[i - width + 1] + values[i + width - 1]
                    + values[i + width + 1]
                answers.append(abs(4 * values[i] - 2 * cross + corners))
            }
        }
        // Their deviation is 6 σ, and the median of what is normal 0.67 of that.
        return Self.quantile(answers, 50) / 4
    }
}
