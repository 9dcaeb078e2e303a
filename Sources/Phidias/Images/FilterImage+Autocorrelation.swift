extension FilterImage {
    /// How smooth filters are: the correlation of neighbouring weights, 0 for noise and near 1 for
    /// strokes.
    ///
    /// In each filter's central `window` by `window` weights (or all, where it is smaller), the
    /// Pearson correlation between a weight and its right neighbour, over all such pairs, and the
    /// same with the neighbour below; then the mean of both, and of all filters. Filters whose
    /// weights are all equal count as 0.
    /// - Parameter weights: [filters, rows, width], finite, of at least one filter.
    package static func autocorrelation(
        weights: [Float], rows: Int, width: Int, window: Int = 20
    ) -> Double {
        let size = rows * width
        precondition(size > 0 && !weights.isEmpty && weights.count.isMultiple(of: size))
        let (windowRows, windowWidth) = (min(window, rows), min(window, width))
        let (top, left) = ((rows - windowRows) / 2, (width - windowWidth) / 2)

        var sum = 0.0
        for start in stride(from: 0, to: weights.count, by: size) {
            func weight(_ y: Int, _ x: Int) -> Double {
                Double(weights[start + (top + y) * width + left + x])
            }
            var right = Correlation()
            var below = Correlation()
            for y in 0..<windowRows {
                for x in 0..<windowWidth {
                    if x + 1 < windowWidth { right.add(weight(y, x), weight(y, x + 1)) }
                    if y + 1 < windowRows { below.add(weight(y, x), weight(y + 1, x)) }
                }
            }
            sum += (right.value + below.value) / 2
        }
        return sum / Double(weights.count / size)
    }
}

/// Pearson's correlation of pairs.
private struct Correlation {
    private var pairs: [(Double, Double)] = []

    mutating func add(_ a: Double, _ b: Double) { pairs.append((a, b)) }

    /// 0 if there are no pairs or one side doesn't vary.
    var value: Double {
        let count = Double(max(pairs.count, 1))
        let meanA = pairs.reduce(0) { $0 + $1.0 } / count
        let meanB = pairs.reduce(0) { $0 + $1.1 } / count
        var (aa, ab, bb) = (0.0, 0.0, 0.0)
        for (a, b) in pairs {
            aa += (a - meanA) * (a - meanA)
            ab += (a - meanA) * (b - meanB)
            bb += (b - meanB) * (b - meanB)
        }
        return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : 0
    }
}
