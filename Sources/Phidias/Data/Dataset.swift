import PhidiasKernels

/// Labelled images of one size. Pixels stay bytes; they are converted batch by batch.
public struct Dataset: Sendable {
    /// The pixels: [count][channels][rows][columns].
    public let images: [UInt8]
    /// The labels: [count], each below `classes`.
    public let labels: [UInt8]
    /// Channels, height and width of an image.
    public let shape: ImageShape
    /// The number of classes.
    public let classes: Int
    /// The names of the classes, all different, in the order of the labels; nil where they have none
    /// but their numbers.
    public let classNames: [String]?

    /// Number of images.
    public var count: Int { labels.count }
    /// Height of an image in pixels.
    public var rows: Int { shape.rows }
    /// Width of an image in pixels.
    public var columns: Int { shape.columns }
    /// Bytes per image.
    var pixels: Int { shape.count }

    /// - Parameters:
    ///   - images: [count][channels][rows][columns], a byte for each value.
    ///   - labels: the class of each image, from 0.
    ///   - channels: bytes of a pixel; the planes of an image's channels follow each other.
    ///   - rows: height of an image in pixels.
    ///   - columns: width of an image.
    ///   - classes: from 1 to 256.
    ///   - classNames: a name for each class, of at most 256 bytes and without control characters, or
    ///     nil.
    ///   - path: where the labels come from, for errors.
    /// - Throws: `DataError` if a size is below 1, counts differ, a label is outside the classes, or
    ///   the names are not one for each class.
    public init(
        images: [UInt8], labels: [UInt8], channels: Int = 1, rows: Int, columns: Int, classes: Int,
        classNames: [String]? = nil, path: String = "The data set"
    ) throws(DataError) {
        let shape = ImageShape(channels: channels, rows: rows, columns: columns)
        guard !labels.isEmpty else { throw .empty(path) }
        guard min(channels, rows, columns) > 0 else { throw .imageSize(path: path, shape) }
        guard (1...256).contains(classes) else {
            throw .classCount(path: path, classes: classes)
        }
        if let problem = classNames.flatMap({ ClassNames.problem($0, classes: classes) }) {
            throw .classNames(path: path, reason: problem)
        }
        guard labels.count <= Int(UInt32.max) else {
            throw .tooManyImages(path: path, images: labels.count)
        }
        let pixels = shape.count
        let (bytes, overflow) = labels.count.multipliedReportingOverflow(by: pixels)
        guard !overflow, images.count == bytes else {
            throw .counts(path: path, images: images.count / pixels, labels: labels.count)
        }
        if let bad = labels.firstIndex(where: { Int($0) >= classes }) {
            throw .label(path: path, index: bad, label: Int(labels[bad]), classes: classes)
        }
        self.images = images
        self.labels = labels
        self.shape = shape
        self.classes = classes
        self.classNames = classNames
    }

    /// The bytes of one image, channel by channel and row by row.
    /// - Precondition: `index` is from 0 to `count` − 1.
    public func image(_ index: Int) -> [UInt8] {
        precondition((0..<count).contains(index), "no image \(index) among \(count)")
        return Array(images[index * pixels..<(index + 1) * pixels])
    }

    /// The order in which an epoch visits the images.
    /// - Precondition: `epoch` is from 0 to `UInt32.max`.
    public func order(seed: UInt64, epoch: Int) -> [UInt32] {
        precondition(UInt32(exactly: epoch) != nil, "epoch \(epoch)")
        return CounterRandom(seed: seed, purpose: .shuffle, epoch: UInt32(epoch)).permutation(
            count: count)
    }

    /// The images at the given indices, in their order; an index may occur more than once.
    /// - Throws: `DataError.index` if there is no such image, `.empty` without an index, `.memory`.
    public func subset(_ indices: [Int]) throws(DataError) -> Dataset {
        if let bad = indices.first(where: { !(0..<count).contains($0) }) {
            throw .index(bad, images: count)
        }
        let (bytes, overflow) = indices.count.multipliedReportingOverflow(by: pixels)
        guard !overflow else {
            throw .tooManyImages(path: "a part of the data", images: indices.count)
        }
        try Memory.check(bytes, for: "a part of the data")
        var chosen: [UInt8] = []
        chosen.reserveCapacity(bytes)
        for index in indices {
            chosen.append(contentsOf: images[index * pixels..<(index + 1) * pixels])
        }
        return try Dataset(
            images: chosen, labels: indices.map { labels[$0] }, channels: shape.channels,
            rows: rows, columns: columns, classes: classes, classNames: classNames)
    }

    /// Splits off `fraction` of every class, rounded to whole images, chosen at random by seed.
    /// Both parts keep the original order. Every class with images has some in both parts.
    /// - Throws: `DataError.fraction`, and `.share` if a class would have none in one part.
    public func stratifiedSplit(fraction: Double, seed: UInt64) throws(DataError)
        -> (training: Dataset, validation: Dataset)
    {
        let parts = try stratifiedIndices(fraction: fraction, seed: seed)
        return (try subset(parts.training), try subset(parts.validation))
    }

    package func stratifiedIndices(
        fraction: Double, seed: UInt64, purpose: CounterRandom.Purpose = .split
    ) throws(DataError) -> (training: [Int], validation: [Int]) {
        guard fraction > 0, fraction < 1 else { throw .fraction(fraction) }
        let order = CounterRandom(seed: seed, purpose: purpose).permutation(count: count)
        var left = [Int](repeating: 0, count: classes)
        for label in labels { left[Int(label)] += 1 }
        for (label, count) in left.enumerated() where count > 0 {
            let share = Int((Double(count) * fraction).rounded())
            guard share > 0, share < count else {
                throw .share(fraction, label: label, images: count)
            }
            left[label] = share
        }
        var chosen = [Bool](repeating: false, count: count)
        for index in order where left[Int(labels[Int(index)])] > 0 {
            left[Int(labels[Int(index)])] -= 1
            chosen[Int(index)] = true
        }
        return ((0..<count).filter { !chosen[$0] }, (0..<count).filter { chosen[$0] })
    }
}
