/// IDX files of any numbers as arrays: those of a folder, with their labels, or one.
struct IDXArrays: ArraySource {
    let path: String
    let headers: [ArrayHeader]
    let isTransposed: Bool
    let notes: [String]
    /// What comes before the parts in the files' names.
    private let set: String
    private let readers: [IDXReader]

    /// One file.
    init(file path: String) throws {
        try self.init(path: path, set: "", files: [("images", path)])
    }

    /// The files of a folder.
    /// - Parameter keys: the set, if the folder has several; empty: the only one.
    /// - Returns: nil if there are none.
    /// - Throws: `TableError` if there are several sets and none is named.
    init?(folder path: String, keys: [String]) throws {
        let files = try IDXName.files(in: path)
        guard !files.isEmpty else { return nil }
        let sets = Set(files.keys.map(\.set)).sorted()
        guard let set = keys.isEmpty ? sets.first : keys[0], sets.contains(set),
            keys.isEmpty ? sets.count == 1 : keys.count == 1
        else { throw TableError.whichSet(path: path, found: sets.map { $0.isEmpty ? "''" : $0 }) }
        let known: [(String, IDXName.Part, IDXName.Content)] = [
            ("train_images", .training, .images), ("train_labels", .training, .labels),
            ("test_images", .test, .images), ("test_labels", .test, .labels),
        ]
        let own = known.compactMap { name, part, content in
            files.first { $0.key.set == set && $0.key.part == part && $0.key.content == content }
                .map { (name, $0.value) }
        }
        try self.init(path: path, set: set, files: own)
    }

    private init(path: String, set: String, files: [(name: String, path: String)]) throws {
        self.path = path
        self.set = set
        isTransposed = set.contains("emnist")
        var headers: [ArrayHeader] = [], readers: [IDXReader] = [], notes: [String] = []
        for (name, path) in files {
            let reader = try IDXReader(path: path)
            var sizes = reader.dimensions
            if name.hasSuffix("labels"), sizes.count == 2, sizes[1] == Self.columns {
                sizes.removeLast()
                notes.append(
                    "\(path): of its \(Self.columns) columns, as QMNIST's have, the first is the class."
                )
            }
            guard
                let header = ArrayHeader(
                    name: name, shape: sizes, type: reader.element.numbers, isBigEndian: true)
            else { throw DataError.size(path: path, dimensions: reader.dimensions) }
            headers.append(header)
            readers.append(reader)
        }
        self.headers = headers
        self.readers = readers
        self.notes = notes
    }

    /// The columns of QMNIST's labels: the class, and where the digit came from.
    private static let columns = 8

    func read(_ index: Int) throws -> NumberArray {
        let header = headers[index], reader = readers[index]
        var bytes = try reader.elements()
        if header.shape.count < reader.dimensions.count {
            let width = header.type.width
            bytes = stride(from: 0, to: bytes.count, by: Self.columns * width)
                .flatMap { bytes[$0..<$0 + width] }
        }
        return NumberArray(header: header, bytes: bytes)
    }

    // MARK: - EMNIST's classes

    private static let digits = "0123456789".map(String.init)
    private static let capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)
    private static let small = "abcdefghijklmnopqrstuvwxyz".map(String.init)
    /// The small letters that do not look like their capitals.
    private static let distinct = "abdefghnqrt".map(String.init)

    /// The classes of EMNIST's sets, if the labels are as there.
    func classes(_ values: DifferentValues) -> (classes: ClassLabels, note: String)? {
        guard isTransposed, values.areWhole, !values.areMore, let lowest = values.numbers.min(),
            let highest = values.numbers.max(), lowest >= 0
        else { return nil }
        let names: [String], first: Int
        if set.hasSuffix("letters"), lowest >= 1 {
            (names, first) = (Self.capitals, 1)
        } else if set.hasSuffix("balanced") || set.hasSuffix("bymerge") {
            (names, first) = (Self.digits + Self.capitals + Self.distinct, 0)
        } else if set.hasSuffix("byclass") {
            (names, first) = (Self.digits + Self.capitals + Self.small, 0)
        } else {
            return nil
        }
        guard highest < Double(first + names.count) else { return nil }
        let from = first == 0 ? "" : "; label \(first) becomes class 0"
        return (
            ClassLabels(names: names, first: first),
            "The classes are those of EMNIST: \(names[0]) to \(names[names.count - 1])\(from)."
        )
    }
}

extension IDXReader.Element {
    /// What such an element is.
    fileprivate var numbers: NumberType {
        switch self {
        case .byte: .u8
        case .int8: .i8
        case .int16: .i16
        case .int32: .i32
        case .float32: .f32
        case .float64: .f64
        }
    }
}
