import PhidiasKernels

/// Data that cannot be read or used.
public enum DataError: PhidiasError, Equatable {
    /// A file or folder does not exist or cannot be opened.
    case missing(path: String, reason: String)
    /// A folder, device or pipe where a file should be.
    case notRegular(path: String)
    /// Reading failed; `reason` is the system's text.
    case io(path: String, reason: String)
    /// The first bytes are not those of an IDX file of bytes; `found` holds them.
    case magic(path: String, found: [UInt8])
    /// Data that is not kept as it would have to be, but that can be imported; the reason is a
    /// sentence without its end.
    case otherForm(path: String, reason: String)
    /// The file ends before the `expected` bytes that its header announces.
    case truncated(path: String, expected: Int, found: Int)
    /// The file continues after the `expected` bytes that its header announces.
    case oversized(path: String, expected: Int)
    /// The header claims more elements than the reader accepts.
    case size(path: String, dimensions: [Int])
    /// Compressed data is damaged near a byte of the file.
    case gzip(path: String, byte: Int, reason: String)
    /// The number of dimensions is not that of images or labels.
    case dimensions(path: String, expected: Int, found: Int)
    /// The numbers of images and labels differ.
    case counts(path: String, images: Int, labels: Int)
    /// The label of image `index`, counted from 0, is outside the classes.
    case label(path: String, index: Int, label: Int, classes: Int)
    /// A number of a row, both counted from 0, that is not finite.
    case notFinite(path: String, what: String, row: Int, column: Int, value: String)
    /// A label in a file, at a byte of its content, is outside the classes.
    case labelByte(path: String, byte: Int, label: Int, classes: Int)
    /// There are no images.
    case empty(String)
    /// A file has more bytes than the reader accepts.
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// There is not enough memory for the contents of the file.
    case memory(path: String, bytes: Int, reason: String)
    /// Data already exists where data is to be written.
    case exists(path: String)
    /// An image does not have the size of the others.
    case pixels(path: String, expected: String, found: String)
    /// A folder does not have 2 to 256 subfolders, one for each class.
    case classes(path: String, found: Int)
    /// A fraction that is not above 0 and below 1.
    case fraction(Double)
    /// A fraction that leaves a class without images in one of the two parts.
    case share(Double, label: Int, images: Int)
    /// A number of folds that is below 2, or above the number of images of a class.
    case folds(Int, label: Int?, images: Int)
    /// A number of images that is out of range.
    case count(name: String, value: Int)
    /// An image size below 1, or a product of sizes that overflows.
    case imageSize(path: String, ImageShape)
    /// A number of classes that one-byte labels cannot distinguish.
    case classCount(path: String, classes: Int)
    /// Texts that cannot be the names of the classes; the reason ends a sentence.
    case classNames(path: String, reason: String)
    /// Rows of another number of columns than a model takes.
    case columns(path: String, expected: Int, found: Int)
    /// Names of columns that are none, or not one for each column.
    case columnNames(path: String)
    /// More images than an index can address.
    case tooManyImages(path: String, images: Int)
    /// There is no image of that index, counted from 0.
    case index(Int, images: Int)
    /// Sizes that no IDX file has, or that do not match the number of elements.
    case elements(dimensions: [Int], found: Int)

    public var description: String {
        switch self {
        case .missing(let path, let reason): "\(path): cannot be opened: \(reason)."
        case .notRegular(let path): "\(path): is not a regular file."
        case .io(let path, let reason): "\(path): reading failed: \(reason)."
        case .magic(let path, let found):
            "\(path): byte 0: not an IDX file of bytes: it "
                + (found.isEmpty
                    ? "is empty"
                    : "starts with \(found.map { String($0, radix: 16) }.joined(separator: " "))")
                + ", but 0 0 8 and the number of dimensions were expected."
        case .otherForm(let path, let reason): "\(path): \(reason). Import the data first."
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
        case .counts(let path, let images, let labels):
            "\(path): there are \(images) images but \(labels) labels: they do not belong together."
        case .label(let path, let index, let label, let classes):
            "\(path): image \(index) has label \(label), outside the classes 0 to \(classes - 1)."
        case .notFinite(let path, let what, let row, let column, let value):
            "\(path): \(what) \(column) of row \(row) is \(value); it must be a finite number."
        case .labelByte(let path, let byte, let label, let classes):
            "\(path): byte \(byte): the label of image \(byte - IDXFile.labelsStart) is \(label), outside the classes 0 to \(classes - 1)."
        case .empty(let what): "\(what): there are no images."
        case .tooLarge(let path, let bytes, let limit):
            "\(path): has \(bytes) bytes, more than the \(limit) that are read."
        case .memory(let path, let bytes, let reason):
            "\(path): there is not enough memory for its \(Memory.mebibytes(bytes)): \(reason)."
        case .exists(let path):
            "\(path): already exists."
        case .pixels(let path, let expected, let found):
            "\(path): the image is \(found) pixels, but the others are \(expected)."
        case .classes(let path, let found):
            "\(path): has \(found) subfolders; 2 to 256 are needed, one for each class with its PNG or JPEG files."
        case .fraction(let value):
            "The share is \(value); it must be above 0 and below 1."
        case .share(let value, let label, let images):
            "A share of \(value) leaves no image of class \(label) in one of the two parts; it has \(images) in all."
        case .folds(let count, nil, _):
            "\(count) folds cannot be made; give 2 or more."
        case .folds(let count, let label?, let images):
            "\(count) folds cannot be made: class \(label) has \(images) images, fewer than one per fold."
        case .count(let name, let value):
            "The \(name) is \(value); it must be between 1 and \(SyntheticDigits.mostImages)."
        case .imageSize(let path, let shape):
            "\(path): there are no images of \(shape) values; each size is at least 1."
        case .classCount(let path, let classes):
            "\(path): labels of one byte cannot distinguish \(classes) classes; give 1 to 256."
        case .columns(let path, let expected, let found):
            "\(path): its rows have \(found) numbers, but the model takes \(expected)."
        case .columnNames(let path):
            "\(path): the names of columns are not one for each, as texts without control characters of at most \(ClassNames.longest) bytes. Remove the file to do without names."
        case .classNames(let path, let reason):
            "\(path): these cannot be the names of the classes: \(reason)."
        case .tooManyImages(let path, let images):
            "\(path): has \(images) images; at most \(UInt32.max) are used."
        case .index(let index, let images):
            "There is no image \(index): the data has the images 0 to \(images - 1)."
        case .elements(let dimensions, let found):
            "\(found) elements do not fill the sizes \(dimensions) exactly; an IDX file has one to four sizes from 0, and at most \(IDXFile.largest) elements."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .missing, .notRegular: 66
        case .io: 74
        case .fraction, .share, .folds, .count, .index, .classCount: 64
        case .memory: 71
        case .exists: 73
        default: 65
        }
    }
}
