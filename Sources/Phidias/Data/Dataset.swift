/// Labelled images of one size. Pixels stay bytes; a batch is converted when it is made.
public struct Dataset: Sendable {
    /// [count][rows][columns]
    public let images: [UInt8]
    /// [count], each below `classes`
    public let labels: [UInt8]
    /// Height and width of an image in pixels, and the number of classes.
    public let rows, columns, classes: Int

    /// Number of images.
    public var count: Int { labels.count }
    var pixels: Int { rows * columns }

    /// - Throws: `DataError` if counts differ or a label is outside the classes.
    public init(
        images: [UInt8], labels: [UInt8], rows: Int, columns: Int, classes: Int
    ) throws(DataError) {
        let pixels = rows * columns
        guard pixels > 0, !labels.isEmpty else { throw .empty("The data set") }
        guard images.count == labels.count * pixels else {
            throw .counts(images: images.count / pixels, labels: labels.count)
        }
        if let bad = labels.firstIndex(where: { Int($0) >= classes }) {
            throw .label(index: bad, label: Int(labels[bad]), classes: classes)
        }
        self.images = images
        self.labels = labels
        self.rows = rows
        self.columns = columns
        self.classes = classes
    }

    /// From a pair of IDX files. Without `classes`, as many as the largest label asks for.
    public init(images: IDXFile, labels: IDXFile, paths: (String, String), classes: Int? = nil)
        throws(DataError)
    {
        guard images.dimensions.count == 3 else {
            throw .dimensions(path: paths.0, expected: 3, found: images.dimensions.count)
        }
        guard labels.dimensions.count == 1 else {
            throw .dimensions(path: paths.1, expected: 1, found: labels.dimensions.count)
        }
        guard images.dimensions[0] == labels.dimensions[0] else {
            throw .counts(images: images.dimensions[0], labels: labels.dimensions[0])
        }
        try self.init(
            images: images.elements, labels: labels.elements, rows: images.dimensions[1],
            columns: images.dimensions[2],
            classes: classes ?? max(2, Int(labels.elements.max() ?? 0) + 1))
    }

    /// The pixels of one image, row by row.
    public func image(_ index: Int) -> [UInt8] {
        Array(images[index * pixels..<(index + 1) * pixels])
    }

    /// The order in which an epoch visits the images.
    public func order(seed: UInt64, epoch: Int) -> [UInt32] {
        CounterRandom(seed: seed, purpose: .shuffle, epoch: UInt32(epoch)).permutation(count: count)
    }

    /// The images at the given indices, in their order.
    public func subset(_ indices: [Int]) throws(DataError) -> Dataset {
        var chosen: [UInt8] = []
        chosen.reserveCapacity(indices.count * pixels)
        for index in indices {
            chosen.append(contentsOf: images[index * pixels..<(index + 1) * pixels])
        }
        return try Dataset(
            images: chosen, labels: indices.map { labels[$0] }, rows: rows, columns: columns,
            classes: classes)
    }

    /// Splits off `fraction` of every class, rounded to whole images, chosen at random by seed.
    /// Both parts keep the original order.
    public func stratifiedSplit(fraction: Double, seed: UInt64) throws(DataError)
        -> (training: Dataset, validation: Dataset)
    {
        let parts = try stratifiedIndices(fraction: fraction, seed: seed)
        return (try subset(parts.training), try subset(parts.validation))
    }

    package func stratifiedIndices(fraction: Double, seed: UInt64) throws(DataError)
        -> (training: [Int], validation: [Int])
    {
        guard fraction > 0, fraction < 1 else { throw .fraction(fraction) }
        let order = CounterRandom(seed: seed, purpose: .split).permutation(count: count)
        var left = [Int](repeating: 0, count: classes)
        for label in labels { left[Int(label)] += 1 }
        left = left.map { Int((Double($0) * fraction).rounded()) }
        var chosen = [Bool](repeating: false, count: count)
        for index in order where left[Int(labels[Int(index)])] > 0 {
            left[Int(labels[Int(index)])] -= 1
            chosen[Int(index)] = true
        }
        return ((0..<count).filter { !chosen[$0] }, (0..<count).filter { chosen[$0] })
    }
}
