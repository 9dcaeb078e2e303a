import PhidiasKernels

/// A picture that cannot be read, made or used. `path` is its file.
public enum ImageError: PhidiasError, Equatable {
    /// The bytes don't begin as a PNG file does; `start` holds the first few.
    case notPNG(path: String, start: [UInt8])
    /// The bytes begin neither as a PNG nor as a JPEG file does; `start` holds the first few.
    case notPicture(path: String, start: [UInt8])
    /// The picture has more pixels on a side than are read.
    case tooLarge(path: String, width: Int, height: Int, limit: Int)
    /// The picture has more pixels in all than are read.
    case tooManyPixels(path: String, width: Int, height: Int, limit: Int)
    /// The picture is cut off: it is too short for the pixels that it claims to hold.
    case tooShort(path: String, width: Int, height: Int, bytes: Int)
    /// The PNG holds more data than its pixels have.
    case tooMuch(path: String, width: Int, height: Int, limit: Int)
    /// There is no memory for the pixels.
    case memory(path: String, bytes: Int, reason: String)
    /// libpng can't read the PNG; `reason` is its text.
    case damaged(path: String, reason: String)
    /// The JPEG can't be read; `reason` ends a sentence.
    case damagedJPEG(path: String, reason: String)
    /// The JPEG is in the colours of print, CMYK.
    case printColors(path: String)
    /// libpng can't write the picture; `reason` is its text.
    case cannotEncode(reason: String)
    /// A key or value can't be a PNG's text.
    case text(key: String, reason: String)

    /// All pixels have about the same gray: there is nothing to recognise.
    case blank(path: String, darkest: UInt8, brightest: UInt8)
    /// Nothing in the picture stands out from its paper.
    case noDrawing(path: String)
    /// The picture or the drawing in it has fewer pixels than a digit needs.
    case tooSmall(path: String, width: Int, height: Int, minimum: Int)

    /// There are no weights to draw.
    case noFilters
    /// The weights are not a whole number of filters of the given size.
    case filterSize(weights: Int, rows: Int, width: Int)
    /// A weight is NaN or infinite.
    case filterValue(filter: Int, row: Int, column: Int, value: Float)
    /// A setting of the picture is out of range.
    case option(name: String, value: Int, minimum: Int)
    /// The picture of the filters would be larger than is written; nil: beyond counting.
    case pictureSize(width: Int?, height: Int?, side: Int, pixels: Int)
    /// Bytes that are not those of an image of the given sizes.
    case bytes(Int, width: Int, height: Int, channels: Int)
    /// An image of other channels than are needed here.
    case channels(path: String, found: Int, expected: Int)
    /// A size that no drawing can be fitted to.
    case fittedSize(rows: Int, columns: Int)
    /// NaN was to be drawn.
    case noColor
    /// A weight that is to have the full colours, but is NaN, infinite or below 0.
    case peak(Float)
    /// The model has no such layer; `count` is how many it has.
    case layer(Int, count: Int)
    /// The layer has no weights; `known` are those that have.
    case noWeights(layer: Int, known: [Int])

    public var exitCode: Int32 {
        switch self {
        case .option, .pictureSize, .layer, .noWeights, .fittedSize, .peak: 64
        case .cannotEncode, .text: 70
        case .memory: 71
        default: 65
        }
    }

    public var description: String {
        switch self {
        case .notPNG(let path, let start):
            start.isEmpty
                ? "\(path): is not a PNG file: it is empty."
                : "\(path): is not a PNG file: it begins with \(Self.shown(start)), a PNG with "
                    + "\(Self.shown(PNG.signature))."
        case .notPicture(let path, let start):
            start.isEmpty
                ? "\(path): is empty: there is no picture in it."
                : "\(path): is neither a PNG nor a JPEG file: it "
                    + (Self.otherFormat(start).map { "is \($0). Convert it." }
                        ?? "begins with \(Self.shown(Array(start.prefix(8)))).")
        case .tooManyPixels(let path, let width, let height, let limit):
            "\(path): is too large: \(width) × \(height) pixels, more than the \(limit) that are read. Make it smaller."
        case .tooLarge(let path, let width, let height, let limit):
            "\(path): is too large: \(width) × \(height) pixels, at most \(limit) × \(limit) are "
                + "read. Make it smaller."
        case .tooShort(let path, let width, let height, let bytes):
            "\(path): is cut off: its \(bytes) bytes are too few for the \(width) × \(height) "
                + "pixels that it claims."
        case .tooMuch(let path, let width, let height, let limit):
            "\(path): unpacks to more than the \(limit) bytes that \(width) × \(height) pixels "
                + "can have."
        case .memory(let path, let bytes, let reason):
            "\(path): there is not enough memory for its \(Memory.mebibytes(bytes)) of pixels: \(reason)."
        case .damaged(let path, let reason):
            "\(path): is a damaged PNG file: \(reason)."
        case .damagedJPEG(let path, let reason):
            "\(path): is a damaged JPEG file: \(reason)."
        case .printColors(let path):
            "\(path): is a JPEG file in CMYK, the colours of print, which are not read. Convert it to RGB."
        case .cannotEncode(let reason):
            "The picture cannot be written as PNG: \(reason)."
        case .text(let key, let reason):
            "The text '\(key)' cannot go into a PNG: \(reason)."
        case .blank(let path, let darkest, let brightest):
            "\(path): is blank: all pixels lie between \(darkest) and \(brightest) of 255."
        case .noDrawing(let path):
            "\(path): nothing in it stands out from the paper as a drawing does."
        case .tooSmall(let path, let width, let height, let minimum):
            "\(path): is too small: what is drawn in it has \(width) × \(height) pixels, a digit "
                + "needs at least \(minimum) in one direction."
        case .noFilters:
            "There are no filters to draw."
        case .filterSize(let weights, let rows, let width):
            "\(weights) weights are not a whole number of filters of \(rows) × \(width)."
        case .filterValue(let filter, let row, let column, let value):
            "The weight of filter \(filter) at row \(row), column \(column) is \(value): only "
                + "finite weights can be drawn."
        case .option(let name, let value, let minimum):
            "\(name) is \(value), but must be at least \(minimum)."
        case .pictureSize(let width, let height, let side, let pixels):
            "The picture would have \(Self.shown(width)) × \(Self.shown(height)) pixels, at most "
                + "\(side) a side and \(pixels) in all are written. Choose another scale or "
                + "number of columns."
        case .bytes(let found, let width, let height, let channels):
            "\(found) bytes are not an image of \(width) × \(height) pixels with \(channels) "
                + "channels; it has one channel or three, and a byte for each."
        case .channels(let path, let found, let expected):
            "\(path): has \(found) channels, expected \(expected == 1 ? "one of gray" : "\(expected)")."
        case .fittedSize(let rows, let columns):
            "A drawing cannot be fitted to \(rows) × \(columns) pixels; each side is at least 1, "
                + "and there are at most \(Network.largestLayer) pixels."
        case .noColor: "NaN has no colour."
        case .peak(let peak):
            "Full colours at a weight of \(peak) cannot be drawn; give a finite number from 0."
        case .layer(let layer, let count):
            "There is no layer \(layer): the model has the layers 0 to \(count - 1)."
        case .noWeights(let layer, let known):
            "Layer \(layer) has no weights; these layers have: "
                + known.map(String.init).joined(separator: ", ") + "."
        }
    }

    /// What else a picture's first bytes may say.
    private static func otherFormat(_ start: [UInt8]) -> String? {
        func has(_ text: String, at place: Int = 0) -> Bool {
            start.dropFirst(place).starts(with: Array(text.utf8))
        }
        if has("GIF8") { return "a GIF" }
        if has("BM") { return "a BMP" }
        if has("RIFF"), has("WEBP", at: 8) { return "a WebP" }
        if has("II*\0") || has("MM\0*") { return "a TIFF" }
        guard has("ftyp", at: 4) else { return nil }
        return has("avif", at: 8) ? "an AVIF" : "a HEIC picture or a film"
    }

    private static func shown(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    }

    private static func shown(_ side: Int?) -> String { side.map(String.init) ?? "too many" }
}

extension Memory {
    /// - Throws: `ImageError.memory` if `bytes` more cannot be had for a picture's pixels.
    static func checkPixels(_ bytes: Int, of path: String) throws(ImageError) {
        if let reason = refusal(bytes) { throw .memory(path: path, bytes: bytes, reason: reason) }
    }
}
