extension GrayField {
    /// Every value with its eight neighbours, weighed 4, 2 and 1 of 16.
    var smoothed: GrayField {
        func rows(_ field: GrayField) -> GrayField {
            var result = field
            for y in 0..<field.height {
                let row = y * field.width
                for x in 0..<field.width {
                    let left = field.values[row + max(x - 1, 0)]
                    let right = field.values[row + min(x + 1, field.width - 1)]
                    result.values[row + x] = left + 2 * field.values[row + x] + right
                }
            }
            return result
        }
        var result = rows(rows(self).turned).turned
        for i in result.values.indices { result.values[i] = (result.values[i] + 8) >> 4 }
        return result
    }

    /// Rows and columns exchanged.
    var turned: GrayField {
        var result = [Int32](repeating: 0, count: values.count)
        let tile = 16
        for top in stride(from: 0, to: height, by: tile) {
            for x in 0..<width {
                for y in top..<min(top + tile, height) {
                    result[x * height + y] = values[y * width + x]
                }
            }
        }
        return GrayField(width: height, height: width, values: result)
    }

    /// Fills what is darker than its surroundings and narrower than 2 `radius` + 1: the least, over
    /// the squares of that side that hold a place, of the brightest value in the square. The edge of
    /// a larger region, such as a shadow, stays where it is. Beyond the picture is what is at its
    /// edge.
    func closed(radius: Int) -> GrayField {
        let pad = 2 * radius
        let bright = padded(by: pad).brightest(radius: radius).turned.brightest(radius: radius)
        return bright.darkest(radius: radius).turned.darkest(radius: radius)
            .cut(left: pad, top: pad, width: width, height: height)
    }

    /// The same within rows alone.
    func closedRows(radius: Int) -> GrayField {
        let pad = 2 * radius
        return padded(by: pad).brightest(radius: radius).darkest(radius: radius)
            .cut(left: pad, top: pad, width: width, height: height)
    }

    private func padded(by pad: Int) -> GrayField {
        let (fullWidth, fullHeight) = (width + 2 * pad, height + 2 * pad)
        var result: [Int32] = []
        result.reserveCapacity(fullWidth * fullHeight)
        for y in 0..<fullHeight {
            let row = min(max(y - pad, 0), height - 1) * width
            for _ in 0..<pad { result.append(values[row]) }
            result += values[row..<row + width]
            for _ in 0..<pad { result.append(values[row + width - 1]) }
        }
        return GrayField(width: fullWidth, height: fullHeight, values: result)
    }

    private func cut(left: Int, top: Int, width: Int, height: Int) -> GrayField {
        var result: [Int32] = []
        result.reserveCapacity(width * height)
        for y in top..<top + height {
            let first = y * self.width + left
            result += values[first..<first + width]
        }
        return GrayField(width: width, height: height, values: result)
    }

    private func darkest(radius: Int) -> GrayField { negated.brightest(radius: radius).negated }

    /// In each row, the largest value within `radius` of each place.
    /// Source: M. van Herk, "A fast algorithm for local minimum and maximum filters on rectangular
    /// and octagonal kernels", Pattern Recognition Letters 13 (1992).
    private func brightest(radius: Int) -> GrayField {
        let side = 2 * radius + 1
        let length = (width + 2 * radius + side - 1) / side * side
        var result = self
        var line = [Int32](repeating: 0, count: length)
        var (forward, back) = (line, line)
        for y in 0..<height {
            let row = y * width
            for i in 0..<length { line[i] = values[row + min(max(i - radius, 0), width - 1)] }
            for first in stride(from: 0, to: length, by: side) {
                let last = first + side - 1
                forward[first] = line[first]
                for i in first..<last { forward[i + 1] = max(forward[i], line[i + 1]) }
                back[last] = line[last]
                var i = last
                while i > first {
                    i -= 1
                    back[i] = max(back[i + 1], line[i])
                }
            }
            for x in 0..<width { result.values[row + x] = max(back[x], forward[x + side - 1]) }
        }
        return result
    }
}
