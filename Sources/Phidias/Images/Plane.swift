/// A picture of numbers from 0 (paper) to 1 (ink).
struct Plane {
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

extension Plane {
    /// Thickens strokes that would have less than 1.3 pixels in the fitted picture to some two, as
    /// a pen's that is thinner beside its digit than those of MNIST.
    func withStrokes(rows: Int, columns: Int) -> Plane {
        func isInk(_ x: Int, _ y: Int) -> Bool {
            x >= 0 && y >= 0 && x < width && y < height && values[y * width + x] > 0.5
        }
        var (area, outline) = (0, 0)
        for y in 0..<height {
            for x in 0..<width where isInk(x, y) {
                area += 1
                for (a, b) in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)] where !isInk(a, b) {
                    outline += 1
                }
            }
        }
        guard outline > 0 else { return self }
        // Two sides of a stroke, whose steps make them longer than they are by up to 1.4.
        let stroke = 2.4 * Double(area) / Double(outline)
        let box = Double(min(rows, columns)) * 20 / 28
        let scale = box / Double(max(width, height))
        guard stroke * scale < 1.3 else { return self }
        let radius = Int(((2 / scale - stroke) / 2).rounded())
        return radius > 0 ? thickened(by: radius) : self
    }

    /// Every value becomes the largest within `radius`, along rows and columns.
    private func thickened(by radius: Int) -> Plane {
        let (newWidth, newHeight) = (width + 2 * radius, height + 2 * radius)
        var across = [Double](repeating: 0, count: newWidth * height)
        for y in 0..<height {
            for x in 0..<width where values[y * width + x] > 0 {
                for place in x...x + 2 * radius {
                    let i = y * newWidth + place
                    across[i] = max(across[i], values[y * width + x])
                }
            }
        }
        var result = [Double](repeating: 0, count: newWidth * newHeight)
        for y in 0..<height {
            for x in 0..<newWidth where across[y * newWidth + x] > 0 {
                for place in y...y + 2 * radius {
                    let i = place * newWidth + x
                    result[i] = max(result[i], across[y * newWidth + x])
                }
            }
        }
        return Plane(width: newWidth, height: newHeight, values: result)
    }
}
