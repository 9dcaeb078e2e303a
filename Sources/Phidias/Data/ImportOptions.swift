/// How pictures become a data set.
public struct ImportOptions: Sendable, Hashable {
    /// Rows and columns of an image.
    public struct Size: Sendable, Hashable {
        /// Rows, and pixels in a row.
        public var rows, columns: Int

        /// A size, of 1 to `PNG.largestSide` pixels a side.
        public init(rows: Int, columns: Int) {
            (self.rows, self.columns) = (rows, columns)
        }
    }

    /// The size that every picture gets; nil where they have one size already.
    public var size: Size?
    /// What happens to pictures of other proportions than `size`.
    public var fit = ImageFit.pad
    /// 1 for gray, 3 for colours; nil for gray if all pictures are gray, else colours.
    public var channels: Int?
    /// Whether files that cannot be read are left out; else the first one is an error.
    public var skipsBad = false
    /// The most classes that there may be; nil for as many as there are.
    public var classes: Int?

    /// Pictures as they are, every one of which must be read.
    public init() {}
}

/// Why a source cannot be imported.
public enum ImportError: PhidiasError {
    /// A file cannot be read: its own error.
    case file(any PhidiasError)
    /// A picture has another size than those before it; widths and heights of the pictures that were
    /// looked at reach from the smallest to the largest.
    case sizes(
        path: String, width: Int, height: Int, others: ImportOptions.Size,
        smallest: ImportOptions.Size, largest: ImportOptions.Size)
    /// A folder that stands for a class cannot be one; the reason completes a sentence.
    case classFolder(path: String, reason: String)
    /// A size that no picture is made into.
    case size(ImportOptions.Size)
    /// A number of channels that no picture is made into.
    case channels(Int)

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .sizes(let path, let width, let height, let others, let smallest, let largest):
            "\(path): the image is \(width) × \(height) pixels, but those before it are \(others.columns) × \(others.rows); widths go from \(smallest.columns) to \(largest.columns), heights from \(smallest.rows) to \(largest.rows). All images of a data set have one size."
        case .classFolder(let path, let reason): "\(path): \(reason)."
        case .size(let size):
            "Images of \(size.rows) × \(size.columns) pixels cannot be made: a side has 1 to \(PNG.largestSide)."
        case .channels(let count): "There are no images of \(count) channels; choose 1 or 3."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .file(let error): error.exitCode
        case .channels, .size: 64
        default: 65
        }
    }
}
