import PhidiasKernels

/// How a picture of other proportions becomes one of a given size.
public enum ImageFit: String, Sendable, CaseIterable {
    /// What is too wide or too high is cut off, as much on either side.
    case crop
    /// What is too narrow or too low gets borders in the mean colour of the picture's own border.
    case pad
    /// Width and height are scaled by different factors.
    case stretch
}

extension Image {
    /// The picture in another size. Each new pixel is the mean of the area that it covers, rounded:
    /// whole numbers alone, so that the bytes are the same everywhere.
    /// - Parameters:
    ///   - width: pixels in a row of the result, from 1 to `PNG.largestSide`.
    ///   - height: rows of the result, likewise.
    ///   - fit: what happens where the proportions differ.
    /// - Throws: `ImageError.fittedSize` for another size; `.memory`.
    public func resized(
        width: Int, height: Int, fit: ImageFit = .pad
    ) throws(ImageError) -> Image {
        let sides = 1...PNG.largestSide
        guard sides.contains(width), sides.contains(height), !pixels.isEmpty else {
            throw .fittedSize(rows: height, columns: width)
        }
        // The result twice, a row of sums, and what lies under each column.
        try Memory.checkPixels(
            channels * (2 * width * height + 8 * self.width) + 64 * (width + self.width),
            of: "The picture")
        // Which of the two is relatively wider.
        let (own, wanted) = (self.width * height, width * self.height)
        guard fit != .stretch, own != wanted else {
            return averaged(0..<self.width, 0..<self.height, width, height)
        }
        switch fit {
        case .crop:
            let part =
                own > wanted
                ? (Self.share(wanted, height), self.height)
                : (self.width, Self.share(own, width))
            let (left, top) = ((self.width - part.0) / 2, (self.height - part.1) / 2)
            return averaged(left..<left + part.0, top..<top + part.1, width, height)
        default:
            let size =
                own > wanted
                ? (width, Self.share(width * self.height, self.width))
                : (Self.share(height * self.width, self.height), height)
            return averaged(0..<self.width, 0..<self.height, size.0, size.1)
                .bordered(width, height, by: borderColor)
        }
    }

    /// A quotient rounded to whole pixels, at least 1.
    private static func share(_ a: Int, _ b: Int) -> Int { max((2 * a + b) / (2 * b), 1) }

    /// A part of the picture in another size. A new pixel covers as many units as the part has
    /// pixels, of which a pixel of the part has as many as there are new ones.
    private func averaged(
        _ columns: Range<Int>, _ rows: Range<Int>, _ width: Int, _ height: Int
    ) -> Image {
        guard
            columns.count != width || rows.count != height || columns.count != self.width
                || rows.count != self.height
        else { return self }
        let whole = columns.count * rows.count
        var result: [UInt8] = []
        result.reserveCapacity(width * height * channels)
        let columnParts = (0..<width).map { Self.covered($0, columns.count, width) }
        var sums = [Int](repeating: 0, count: columns.count * channels)
        for y in 0..<height {
            for place in sums.indices { sums[place] = 0 }
            for (row, weight) in Self.covered(y, rows.count, height) {
                let start = ((rows.lowerBound + row) * self.width + columns.lowerBound) * channels
                for place in sums.indices { sums[place] += weight * Int(pixels[start + place]) }
            }
            for parts in columnParts {
                for channel in 0..<channels {
                    var sum = whole / 2
                    for (column, weight) in parts {
                        sum += weight * sums[column * channels + channel]
                    }
                    result.append(UInt8(sum / whole))
                }
            }
        }
        return Image(unchecked: result, width: width, height: height, channels: channels)
    }

    /// The old pixels under a new one along a side, with the units of each.
    private static func covered(_ new: Int, _ old: Int, _ count: Int) -> [(Int, weight: Int)] {
        let (start, end) = (new * old, (new + 1) * old)
        return (start / count...(end - 1) / count).map { pixel in
            (pixel, min((pixel + 1) * count, end) - max(pixel * count, start))
        }
    }

    /// The mean of the pixels along the edges, for each channel.
    private var borderColor: [UInt8] {
        var (sums, count) = ([Int](repeating: 0, count: channels), 0)
        for y in 0..<height {
            let isEdge = y == 0 || y == height - 1
            for x in isEdge ? Array(0..<width) : Array([0, width - 1].prefix(width)) {
                count += 1
                for channel in 0..<channels {
                    sums[channel] += Int(pixels[(y * width + x) * channels + channel])
                }
            }
        }
        return sums.map { UInt8(($0 + count / 2) / count) }
    }

    private func bordered(_ width: Int, _ height: Int, by color: [UInt8]) -> Image {
        let (left, top) = ((width - self.width) / 2, (height - self.height) / 2)
        var result: [UInt8] = []
        result.reserveCapacity(width * height * channels)
        for y in 0..<height {
            for x in 0..<width {
                let (column, row) = (x - left, y - top)
                if (0..<self.width).contains(column), (0..<self.height).contains(row) {
                    let place = (row * self.width + column) * channels
                    result += pixels[place..<place + channels]
                } else {
                    result += color
                }
            }
        }
        return Image(unchecked: result, width: width, height: height, channels: channels)
    }

    /// The planes of the channels one after the other, as a data set has them: [channels][rows]
    /// [columns].
    package var planes: [UInt8] {
        guard channels > 1 else { return pixels }
        var result: [UInt8] = []
        result.reserveCapacity(pixels.count)
        for channel in 0..<channels {
            for place in stride(from: channel, to: pixels.count, by: channels) {
                result.append(pixels[place])
            }
        }
        return result
    }
}
