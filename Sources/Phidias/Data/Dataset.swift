import PhidiasKernels

/// Labelled images of one size, or rows of numbers. Pixels stay bytes; they are converted batch by
/// batch. What is to be learned is a class, or with `targets` one or more numbers.
public struct Dataset: Sendable {
    /// The pixels: [count][channels][rows][columns]; empty for rows of numbers. Those of a large
    /// part of other data (`subset(_:)`) are copied at each call.
    public var images: [UInt8] { places.map { Self.rows(stored, pixels, at: $0) } ?? stored }
    /// The bytes of `images` or, with `places`, of all images that these are a part of.
    private(set) var stored: [UInt8]
    /// Where each image lies in `stored`; nil where they are all of it.
    private(set) var places: [UInt32]?
    /// The rows of numbers: [count][columns]; empty for images.
    public let features: [Float]
    /// The labels: [count], each below `classes`; empty where numbers are to be predicted.
    public let labels: [UInt8]
    /// The numbers to predict: [count][targetCount]; empty where there are labels.
    public let targets: [Float]
    /// Channels, height and width of an image; of rows of numbers 1 × 1 × columns.
    public let shape: ImageShape
    /// The number of classes; 0 where numbers are to be predicted.
    public let classes: Int
    /// How many numbers are to be predicted for an image or row; 0 for classes.
    public let targetCount: Int
    /// The names of the classes, all different, in the order of the labels; nil where they have none
    /// but their numbers.
    public let classNames: [String]?

    /// The names of columns and of numbers to predict; nil where they have none.
    public private(set) var columnNames: ColumnNames?

    /// Number of images or rows.
    public let count: Int
    /// Whether there are rows of numbers instead of images.
    public var isNumeric: Bool { !features.isEmpty }
    /// Whether numbers are to be predicted instead of classes.
    public var isRegression: Bool { targetCount > 0 }
    /// Height of an image in pixels.
    public var rows: Int { shape.rows }
    /// Width of an image in pixels.
    public var columns: Int { shape.columns }
    /// Bytes per image, or numbers per row.
    var pixels: Int { shape.count }
    /// The outputs that a network for it has.
    package var outputs: Int { isRegression ? targetCount : classes }

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
        try self.init(
            Values(images: images, labels: labels),
            ImageShape(channels: channels, rows: rows, columns: columns), classes: classes,
            classNames: classNames, path: path)
    }

    /// Rows of numbers with a class each.
    /// - Parameters:
    ///   - features: [count][columns], finite.
    ///   - columns: numbers of a row, at least 1.
    ///   - labels: the class of each row, from 0.
    ///   - classes: from 1 to 256.
    ///   - classNames: a name for each class, or nil.
    ///   - path: where the numbers come from, for errors.
    /// - Throws: `DataError` if counts differ, a label is outside the classes, a number is not finite
    ///   or the names are not one for each class.
    public init(
        features: [Float], columns: Int, labels: [UInt8], classes: Int,
        classNames: [String]? = nil, path: String = "The data set"
    ) throws(DataError) {
        try self.init(
            Values(features: features, labels: labels), ImageShape(rows: 1, columns: columns),
            classes: classes, classNames: classNames, path: path)
    }

    /// Rows of numbers, from which other numbers are to be predicted.
    /// - Parameters:
    ///   - features: [count][columns], finite.
    ///   - columns: numbers of a row, at least 1.
    ///   - targets: [count][targetCount], finite.
    ///   - targetCount: from 1 to 256.
    ///   - path: where the numbers come from, for errors.
    /// - Throws: `DataError` if counts differ or a number is not finite.
    public init(
        features: [Float], columns: Int, targets: [Float], targetCount: Int = 1,
        path: String = "The data set"
    ) throws(DataError) {
        try self.init(
            Values(features: features, targets: targets), ImageShape(rows: 1, columns: columns),
            targetCount: targetCount, path: path)
    }

    /// Images, for which numbers are to be predicted.
    /// - Parameters:
    ///   - images: [count][channels][rows][columns], a byte for each value.
    ///   - targets: [count][targetCount], finite.
    ///   - targetCount: from 1 to 256.
    ///   - channels: bytes of a pixel; the planes of an image's channels follow each other.
    ///   - rows: height of an image in pixels.
    ///   - columns: width of an image.
    ///   - path: where the numbers come from, for errors.
    /// - Throws: `DataError` if a size is below 1, counts differ or a number is not finite.
    public init(
        images: [UInt8], targets: [Float], targetCount: Int = 1, channels: Int = 1, rows: Int,
        columns: Int, path: String = "The data set"
    ) throws(DataError) {
        try self.init(
            Values(images: images, targets: targets),
            ImageShape(channels: channels, rows: rows, columns: columns),
            targetCount: targetCount, path: path)
    }

    /// The values of a data set: images or features, labels or targets. With places, the images
    /// are more than those of the data.
    private struct Values {
        var places: [UInt32]?
        var images: [UInt8] = [], features: [Float] = []
        var labels: [UInt8] = [], targets: [Float] = []
    }

    private init(
        _ values: Values, _ shape: ImageShape, classes: Int = 0, classNames: [String]? = nil,
        targetCount: Int = 0, path: String
    ) throws(DataError) {
        let isRegression = !values.targets.isEmpty
        guard isRegression || !values.labels.isEmpty else { throw .empty(path) }
        guard min(shape.channels, shape.rows, shape.columns) > 0 else {
            throw .imageSize(path: path, shape)
        }
        let outputs = isRegression ? targetCount : classes
        guard (1...256).contains(outputs) else {
            throw .classCount(path: path, classes: outputs)
        }
        if let problem = classNames.flatMap({ ClassNames.problem($0, classes: classes) }) {
            throw .classNames(path: path, reason: problem)
        }
        let count = isRegression ? values.targets.count / targetCount : values.labels.count
        guard count <= Int(UInt32.max) else { throw .tooManyImages(path: path, images: count) }
        let images = values.places.map { $0.count * shape.count } ?? values.images.count
        let found = images + values.features.count
        let (expected, overflow) = count.multipliedReportingOverflow(by: shape.count)
        guard !overflow, found == expected,
            !isRegression || count * targetCount == values.targets.count
        else { throw .counts(path: path, images: found / shape.count, labels: count) }
        if let bad = values.labels.firstIndex(where: { Int($0) >= classes }) {
            throw .label(
                path: path, index: bad, label: Int(values.labels[bad]), classes: classes)
        }
        for (numbers, width, what) in [
            (values.features, shape.count, "feature"), (values.targets, targetCount, "target"),
        ] {
            if let bad = numbers.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(
                    path: path, what: what, row: bad / width, column: bad % width,
                    value: "\(numbers[bad])")
            }
        }
        (stored, features, labels) = (values.images, values.features, values.labels)
        (targets, self.targetCount) = (values.targets, isRegression ? targetCount : 0)
        (self.shape, self.count) = (shape, count)
        self.classes = isRegression ? 0 : classes
        self.classNames = classNames
        places = values.places
    }

    /// The same data with names for its columns.
    /// - Parameters:
    ///   - names: one for each column and for each number to predict; nil for none.
    ///   - path: where the names come from, for errors.
    /// - Throws: `DataError.columnNames` for other counts.
    public func named(
        _ names: ColumnNames?, path: String = "The data set"
    ) throws(DataError) -> Dataset {
        if let names, !names.fit(columns: isNumeric ? shape.count : 0, targets: targetCount) {
            throw .columnNames(path: path)
        }
        var data = self
        data.columnNames = names
        return data
    }

    /// The bytes of one image, channel by channel and row by row.
    /// - Precondition: `index` is from 0 to `count` − 1, and there are images.
    public func image(_ index: Int) -> [UInt8] {
        precondition(
            (0..<count).contains(index) && !isNumeric, "no image \(index) among \(count)")
        let place = places.map { Int($0[index]) } ?? index
        return Array(stored[place * pixels..<(place + 1) * pixels])
    }

    /// The order in which an epoch visits the images.
    /// - Precondition: `epoch` is from 0 to `UInt32.max`.
    public func order(seed: UInt64, epoch: Int) -> [UInt32] {
        precondition(UInt32(exactly: epoch) != nil, "epoch \(epoch)")
        return CounterRandom(seed: seed, purpose: .shuffle, epoch: UInt32(epoch)).permutation(
            count: count)
    }

    /// The images at the given indices, in their order; an index may occur more than once. A large
    /// part shares the memory of the whole.
    /// - Throws: `DataError.index` if there is no such image, `.empty` without an index, `.memory`.
    public func subset(_ indices: [Int]) throws(DataError) -> Dataset {
        if let bad = indices.first(where: { !(0..<count).contains($0) }) {
            throw .index(bad, images: count)
        }
        let width = isNumeric ? MemoryLayout<Float>.stride : 1
        let (bytes, overflow) = indices.count.multipliedReportingOverflow(by: pixels * width)
        guard !overflow else {
            throw .tooManyImages(path: "a part of the data", images: indices.count)
        }
        // A small part of many images must not keep them all in memory.
        let isShared = !isNumeric && indices.count >= stored.count / pixels / 16
        if !isShared { try Memory.check(bytes, for: "a part of the data") }
        let places = indices.map { self.places?[$0] ?? UInt32($0) }
        func rows<Element>(_ values: [Element], _ width: Int) -> [Element] {
            values.isEmpty ? [] : Self.rows(values, width, at: indices)
        }
        return try Dataset(
            Values(
                places: isShared ? places : nil,
                images: isShared || isNumeric ? stored : Self.rows(stored, pixels, at: places),
                features: rows(features, pixels), labels: rows(labels, 1),
                targets: rows(targets, targetCount)),
            shape, classes: classes, classNames: classNames, targetCount: targetCount,
            path: "The data set"
        ).named(columnNames)
    }

    private static func rows<Element>(
        _ values: [Element], _ width: Int, at places: [some BinaryInteger]
    ) -> [Element] {
        var chosen: [Element] = []
        chosen.reserveCapacity(places.count * width)
        for place in places {
            chosen.append(contentsOf: values[Int(place) * width..<(Int(place) + 1) * width])
        }
        return chosen
    }

    /// The same data with its images in memory of their own.
    var copied: Dataset {
        var data = self
        (data.stored, data.places) = (images, nil)
        return data
    }

    /// Splits off `fraction` of every class, rounded to whole images, chosen at random by seed.
    /// Both parts keep the original order. Every class with images has some in both parts. Where
    /// numbers are to be predicted, there is one class for all.
    /// - Throws: `DataError.fraction`, and `.share` if a class would have none in one part.
    public func stratifiedSplit(fraction: Double, seed: UInt64) throws(DataError)
        -> (training: Dataset, validation: Dataset)
    {
        let parts = try stratifiedIndices(fraction: fraction, seed: seed)
        return (try subset(parts.training), try subset(parts.validation))
    }

    /// The class of each image or row, and their number, for a division in equal shares.
    var strata: (labels: [UInt8], count: Int) {
        isRegression ? ([UInt8](repeating: 0, count: count), 1) : (labels, classes)
    }

    package func stratifiedIndices(
        fraction: Double, seed: UInt64, purpose: CounterRandom.Purpose = .split
    ) throws(DataError) -> (training: [Int], validation: [Int]) {
        guard fraction > 0, fraction < 1 else { throw .fraction(fraction) }
        let order = CounterRandom(seed: seed, purpose: purpose).permutation(count: count)
        let (labels, strata) = strata
        var left = [Int](repeating: 0, count: strata)
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
