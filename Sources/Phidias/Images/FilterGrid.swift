/// How weights divide into filters.
struct FilterShape {
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

/// Where the filters of a picture lie, in pixels.
struct FilterGrid {
    let columns, rows: Int
    /// Pixels for a weight, and of the lines around filters.
    let scale, line: Int
    let width, height: Int

    /// Lines are as wide as a weight, but no wider than this.
    private static let widestLine = 4
    /// A picture's longer side has about so many pixels where the scale is ours to choose, within
    /// these bounds; the smallest gives way where the picture would be too large.
    private static let side = 800, smallestScale = 3, largestScale = 128

    init(_ options: FilterImage, _ filters: FilterShape) throws(ImageError) {
        if let scale = options.scale, scale < 1 {
            throw .option(name: "The scale", value: scale, minimum: 1)
        }
        let columns = min(
            options.columns
                ?? FilterImage.defaultColumns(
                    filters.count, rows: filters.rows, width: filters.width), filters.count)
        guard columns >= 1 else {
            throw .option(name: "The number of columns", value: columns, minimum: 1)
        }
        let rows = (filters.count + columns - 1) / columns
        (self.columns, self.rows) = (columns, rows)
        let chosen = min(
            Self.fitting(columns, filters.width), Self.fitting(rows, filters.rows))
        let wanted = options.scale ?? min(max(chosen, Self.smallestScale), Self.largestScale)
        (scale, width, height) = try FilterImage.fitting(
            options.scale, from: wanted
        ) { scale throws(ImageError) in
            let (width, height) = try Canvas.checkSize(
                Self.side(columns, filters.width, scale), Self.side(rows, filters.rows, scale))
            return (scale, width, height)
        }
        line = min(scale, Self.widestLine)
    }

    /// The cells along a side.
    func ruler(first: Int, _ count: Int, of weights: Int) -> Ruler {
        Ruler(
            first: first, count: count, start: line, size: weights * scale,
            pitch: weights * scale + line)
    }

    /// The scale at which `count` filters of `size` weights fill the side of a picture; 0 if there
    /// are too many.
    private static func fitting(_ count: Int, _ size: Int) -> Int {
        max(side - (count + 1) * widestLine, 0) / (count * size)
    }

    /// Pixels of `count` filters of `size` weights with lines around them; nil if they overflow.
    private static func side(_ count: Int, _ size: Int, _ scale: Int) -> Int? {
        let (filter, overflow1) = size.multipliedReportingOverflow(by: scale)
        let (withLine, overflow2) = filter.addingReportingOverflow(min(scale, widestLine))
        let (filters, overflow3) = count.multipliedReportingOverflow(by: withLine)
        let (pixels, overflow4) = filters.addingReportingOverflow(min(scale, widestLine))
        return overflow1 || overflow2 || overflow3 || overflow4 ? nil : pixels
    }
}

extension FilterImage {
    /// Draws at the scale that was asked for; without one, at `wanted` or the next smaller one that
    /// makes a picture of no more pixels than are drawn.
    static func fitting<Result>(
        _ scale: Int?, from wanted: Int, _ draw: (Int) throws(ImageError) -> Result
    ) throws(ImageError) -> Result {
        if let scale { return try draw(scale) }
        for smaller in stride(from: wanted, to: 1, by: -1) {
            do {
                return try draw(smaller)
            } catch .pictureSize {
            } catch {
                throw error
            }
        }
        return try draw(1)
    }

    /// Filters in a row of the grid, for `count` filters: from the first number that makes the picture
    /// about square or wider up to twice that, the first that leaves no place empty, or else the
    /// first. With squares this is the square root, rounded up.
    /// - Parameters:
    ///   - rows: weights of a filter from top to bottom.
    ///   - width: weights of a filter from left to right.
    package static func defaultColumns(_ count: Int, rows: Int = 1, width: Int = 1) -> Int {
        var columns = 1
        while columns < count,
            columns * (width + 1) < (count + columns - 1) / columns * (rows + 1)
        {
            columns += 1
        }
        return (columns...2 * columns).first { count.isMultiple(of: $0) } ?? columns
    }
}
