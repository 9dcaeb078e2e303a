import PhidiasKernels

/// Reads a folder of pictures, PNG or JPEG by their content, with one subfolder for each class.
struct FolderImport {
    let options: ImportOptions
    let layout: FolderLayout
    private(set) var training, test: ImagePart
    private(set) var ignored: [String] = []
    private(set) var hidden: Int
    private(set) var skipped: [any PhidiasError] = []
    private(set) var notes: [String]
    /// Pictures of one colour alone: the first, and how many.
    private var blank: (first: String, count: Int)?
    /// The first picture with its size, as it is kept.
    private var size: ImportOptions.Size?
    private var channels: Int

    /// - Throws: `ImportError`, `DataError`.
    init(_ source: String, _ options: ImportOptions) throws {
        if let channels = options.channels, channels != 1, channels != 3 {
            throw ImportError.channels(channels)
        }
        let sides = 1...PNG.largestSide
        if let size = options.size, !sides.contains(size.rows) || !sides.contains(size.columns) {
            throw ImportError.size(size)
        }
        self.options = options
        layout = try FolderLayout(source)
        (notes, hidden) = (layout.notes, layout.hidden)
        (training, test) = (ImagePart(layout.training), ImagePart(layout.test ?? source))
        channels = options.channels ?? 1
        try checkClasses()
        for (place, folder) in layout.folders.enumerated() {
            try read(folder, place, isTest: false)
            if layout.test != nil { try read(folder, place, isTest: true) }
        }
        if let blank {
            notes.append(
                "\(blank.count == 1 ? "A picture has" : "\(blank.count) pictures have") one colour and nothing else, such as \(blank.first)."
            )
        }
    }

    private func checkClasses() throws {
        guard let most = options.classes else { return }
        guard let place = layout.labels.firstIndex(where: { $0 >= most }) else { return }
        throw ImportError.classFolder(
            path: "\(layout.training)/\(layout.folders[place])",
            reason:
                "it stands for class \(layout.labels[place]), outside the classes 0 to \(most - 1)")
    }

    /// The number of classes, and their names if any is not its number.
    private var classes: (count: Int, names: [String]) {
        let count = max(2, (layout.labels.max() ?? 0) + 1, options.classes ?? 0)
        var names = (0..<count).map(String.init)
        for (folder, label) in zip(layout.folders, layout.labels) { names[label] = folder }
        return (count, names)
    }

    /// The names of the classes in the source.
    var names: [String] { classes.names }

    func dataset(_ part: ImagePart) throws(DataError) -> Dataset {
        let (count, names) = classes
        return try Dataset(
            images: part.images, labels: part.labels, channels: channels,
            rows: size?.rows ?? 0, columns: size?.columns ?? 0, classes: count,
            classNames: names.enumerated().allSatisfy { Int($1) == $0 } ? nil : names,
            path: part.path)
    }

    // MARK: - Pictures

    private mutating func read(_ folder: String, _ place: Int, isTest: Bool) throws {
        let root = "\(isTest ? test.path : training.path)/\(folder)"
        let entries = try FolderEntries(root)
        hidden += entries.hidden
        ignored += entries.folders.map { "\(root)/\($0)" }
        let label = UInt8(layout.labels[place])
        var count = 0
        for file in entries.files {
            let path = "\(root)/\(file)"
            do {
                guard let image = try picture(path, file) else {
                    ignored.append(path)
                    continue
                }
                try add(image, label, path, isTest: isTest)
                count += 1
            } catch let error as any PhidiasError
                where (error is ImageError || error is DataError) && error.exitCode != 71
            {
                guard options.skipsBad else { throw ImportError.file(error) }
                skipped.append(error)
            }
        }
        guard count > 0 || isTest else {
            throw DataError.empty("\(root), which stands for a class")
        }
    }

    /// The picture in a file; nil if neither name nor content say that it is one.
    private func picture(_ path: String, _ name: String) throws -> Image? {
        if !FolderEntries.isPicture(name) {
            let file = try InputFile(path)
            guard ImageFile.format(try file.read(0..<min(12, file.size))) != nil else {
                return nil
            }
        }
        return switch options.channels {
        case 1: try ImageFile.readGray(path: path)
        case 3: try ImageFile.readColor(path: path)
        default: try ImageFile.read(path: path)
        }
    }

    private mutating func add(
        _ image: Image, _ label: UInt8, _ path: String, isTest: Bool
    ) throws {
        if let first = image.pixels.first, image.pixels.allSatisfy({ $0 == first }) {
            blank = (blank?.first ?? path, (blank?.count ?? 0) + 1)
        }
        var image = image
        if let size = options.size {
            image = try image.resized(width: size.columns, height: size.rows, fit: options.fit)
        }
        let own = ImportOptions.Size(rows: image.height, columns: image.width)
        if let size, size != own { throw sizes(path, own, size) }
        size = own
        if image.channels > channels {
            notes.append(
                "The images have three channels, red, green and blue, as \(path) has colours.")
            channels = 3
            try training.becomeColored(pixels: own.rows * own.columns)
            try test.becomeColored(pixels: own.rows * own.columns)
        }
        var planes = image.planes
        if image.channels < channels { planes = planes + planes + planes }
        if isTest { try test.add(planes, label) } else { try training.add(planes, label) }
    }

    // MARK: - Sizes

    /// Pictures whose sizes are looked at for the error.
    private static let mostLookedAt = 200

    private func sizes(
        _ path: String, _ own: ImportOptions.Size, _ others: ImportOptions.Size
    ) -> ImportError {
        var (smallest, largest) = (own, own)
        var left = Self.mostLookedAt
        func include(_ size: ImportOptions.Size) {
            smallest.rows = min(smallest.rows, size.rows)
            smallest.columns = min(smallest.columns, size.columns)
            largest.rows = max(largest.rows, size.rows)
            largest.columns = max(largest.columns, size.columns)
        }
        include(others)
        for folder in layout.folders {
            let root = "\(layout.training)/\(folder)"
            for file in (try? FolderEntries(root).files) ?? [] where left > 0 {
                left -= 1
                if let size = try? ImageFile.size(path: "\(root)/\(file)") { include(size) }
            }
        }
        return .sizes(
            path: path, width: own.columns, height: own.rows, others: others, smallest: smallest,
            largest: largest)
    }
}

/// The images of one part, as they come.
struct ImagePart {
    let path: String
    private(set) var images: [UInt8] = []
    private(set) var labels: [UInt8] = []

    init(_ path: String) { self.path = path }

    mutating func add(_ image: [UInt8], _ label: UInt8) throws(DataError) {
        let count = images.count + image.count
        guard count <= IDXFile.largest else {
            throw .tooLarge(path: path, bytes: count, limit: IDXFile.largest)
        }
        if count > images.capacity {
            // The old and the new place, while it moves.
            let wanted = max(2 * images.capacity, count)
            try Memory.check(wanted, for: path)
            images.reserveCapacity(wanted)
        }
        images += image
        labels.append(label)
    }

    /// Gives images of so many gray pixels three equal channels.
    mutating func becomeColored(pixels: Int) throws(DataError) {
        let count = 3 * images.count
        guard count <= IDXFile.largest else {
            throw .tooLarge(path: path, bytes: count, limit: IDXFile.largest)
        }
        try Memory.check(count, for: path)
        var colored: [UInt8] = []
        colored.reserveCapacity(count)
        for start in stride(from: 0, to: images.count, by: pixels) {
            for _ in 0..<3 { colored += images[start..<start + pixels] }
        }
        images = colored
    }
}
