/// How the numbers of an array make images.
struct ArrayShape: Equatable {
    let images: Int
    let shape: ImageShape
    /// Whether the channels of a pixel follow each other, as TensorFlow and pictures have them.
    let isChannelsLast: Bool
    /// Whether rows and columns are swapped.
    let isTransposed: Bool

    /// The most channels that are recognised in a shape of four sizes.
    private static let mostChannels = 4

    /// - Throws: `TableError.shape`, `.array`.
    init(_ header: ArrayHeader, _ options: TableOptions, path: String) throws(TableError) {
        let sizes = header.shape
        func failure(_ reason: String) -> TableError {
            .array(path: path, reason: "\(header.text): \(reason)")
        }
        guard sizes.count > 1 else {
            throw failure(
                "is a single row; images have two to four sizes, of which the first counts them")
        }
        guard !sizes.contains(0) else {
            throw .array(path: path, reason: "\(header.text): is empty")
        }
        images = sizes[0]
        isTransposed = options.isTransposed == true
        let pixels: ImageShape
        switch sizes.count {
        case 2:
            pixels = try PixelShape.of(values: sizes[1], options, path: path)
            isChannelsLast = true
        case 3:
            pixels = ImageShape(rows: sizes[1], columns: sizes[2])
            isChannelsLast = false
        case 4:
            let isFirst = sizes[1] <= Self.mostChannels
            let isLast = sizes[3] <= Self.mostChannels
            guard isFirst != isLast || options.channels != nil else {
                throw failure(
                    isFirst
                        ? "the channels could be the second size or the last"
                        : "neither the second size nor the last is a number of channels, 1 to 4")
            }
            isChannelsLast = options.channels.map { $0 == sizes[3] } ?? isLast
            pixels =
                isChannelsLast
                ? ImageShape(channels: sizes[3], rows: sizes[1], columns: sizes[2])
                : ImageShape(channels: sizes[1], rows: sizes[2], columns: sizes[3])
        default: throw failure("has more sizes than images have")
        }
        shape =
            isTransposed
            ? ImageShape(channels: pixels.channels, rows: pixels.columns, columns: pixels.rows)
            : pixels
        if let channels = options.channels, channels != shape.channels {
            throw failure("its images have \(shape.channels) channels, not \(channels)")
        }
        if let size = options.size, (size.rows, size.columns) != (shape.rows, shape.columns) {
            throw failure("its images have \(shape.rows) × \(shape.columns) pixels, not \(size)")
        }
        guard (1...Network.largestLayer).contains(shape.count) else {
            throw .shape(
                path: path, values: shape.count,
                reason: "an image has 1 to \(Network.largestLayer)")
        }
    }

    /// Whether the numbers lie as a data set has them.
    var isPlain: Bool { !isTransposed && (!isChannelsLast || shape.channels == 1) }

    /// For each number of an image in the source, its place in [channels][rows][columns].
    var places: [Int] {
        let (rows, columns, channels) = (shape.rows, shape.columns, shape.channels)
        var places: [Int] = []
        places.reserveCapacity(shape.count)
        func add(_ channel: Int, _ slow: Int, _ fast: Int) {
            let (row, column) = isTransposed ? (fast, slow) : (slow, fast)
            places.append((channel * rows + row) * columns + column)
        }
        let (slow, fast) = isTransposed ? (columns, rows) : (rows, columns)
        if isChannelsLast {
            for y in 0..<slow { for x in 0..<fast { for c in 0..<channels { add(c, y, x) } } }
        } else {
            for c in 0..<channels { for y in 0..<slow { for x in 0..<fast { add(c, y, x) } } }
        }
        return places
    }
}
