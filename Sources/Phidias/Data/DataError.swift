/// Data that cannot be read or used.
public enum DataError: PhidiasError, Equatable {
    /// A file or folder is not there, or may not be opened.
    case missing(path: String, reason: String)
    /// A folder, device or pipe where a file should be.
    case notRegular(path: String)
    /// Reading failed; `reason` is the system's text.
    case io(path: String, reason: String)
    /// The first bytes are not those of an IDX file of bytes; `found` holds them.
    case magic(path: String, found: [UInt8])
    /// The file ends before the `expected` bytes that its header promises.
    case truncated(path: String, expected: Int, found: Int)
    /// The file goes on after the `expected` bytes that its header promises.
    case oversized(path: String, expected: Int)
    /// The header claims more elements than are read.
    case size(path: String, dimensions: [Int])
    /// Compressed data is damaged near a byte of the file.
    case gzip(path: String, byte: Int, reason: String)
    /// An IDX file has not the number of dimensions that images or labels have.
    case dimensions(path: String, expected: Int, found: Int)
    /// Images and labels are not the same number.
    case counts(images: Int, labels: Int)
    /// The label of image `index`, counted from 0, is outside the classes.
    case label(index: Int, label: Int, classes: Int)
    /// There are no images.
    case empty(String)
    /// An image has not the size of the others.
    case pixels(path: String, expected: String, found: String)
    /// A line of a CSV file, counted from 1, is not a label and pixels.
    case csv(path: String, line: Int, reason: String)
    /// A share that is not above 0 and below 1.
    case fraction(Double)
    /// A number of images that is out of range.
    case count(name: String, value: Int)

    public var description: String {
        switch self {
        case .missing(let path, let reason): "\(path): cannot be opened: \(reason)."
        case .notRegular(let path): "\(path): is not a regular file."
        case .io(let path, let reason): "\(path): reading failed: \(reason)."
        case .magic(let path, let found):
            "\(path): byte 0: not an IDX file of bytes: it starts with \(found.map { String($0, radix: 16) }.joined(separator: " ")), expected 0 0 8 and the number of dimensions."
        case .truncated(let path, let expected, let found):
            "\(path): byte \(found): the file ends, but its header promises \(expected) bytes. Fetch it again."
        case .oversized(let path, let expected):
            "\(path): byte \(expected): there is data past the end that the header gives."
        case .size(let path, let dimensions):
            "\(path): byte 4: the header claims \(dimensions.map(String.init).joined(separator: " × ")) elements; at most \(IDXFile.largest) are read."
        case .gzip(let path, let byte, let reason):
            "\(path): byte \(byte): damaged gzip data: \(reason)."
        case .dimensions(let path, let expected, let found):
            "\(path): byte 3: \(found) dimensions, expected \(expected)."
        case .counts(let images, let labels):
            "There are \(images) images but \(labels) labels: the two files do not belong together."
        case .label(let index, let label, let classes):
            "Image \(index) has label \(label), outside the classes 0 to \(classes - 1)."
        case .empty(let what): "\(what) holds no images."
        case .pixels(let path, let expected, let found):
            "\(path): the image is \(found) pixels, but the others are \(expected)."
        case .csv(let path, let line, let reason): "\(path): line \(line): \(reason)."
        case .fraction(let value):
            "A validation share of \(value) is not above 0 and below 1."
        case .count(let name, let value): "\(name) is \(value); it must be between 1 and 10000000."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .missing, .notRegular: 66
        case .io: 74
        case .fraction, .count: 64
        default: 65
        }
    }
}
