/// How numbers become bytes: black is 0, and `white` becomes 255.
struct PixelScale: Equatable {
    let white: Double

    /// The largest values of images that people keep: shares, 4 bits, 0 to 16, and bytes.
    private static let known: [Double] = [1, 15, 16, 255]

    /// - Parameter white: nil: found by looking at the range of all values.
    /// - Throws: `TableError.range`, `.choice`.
    init(
        white: Double?, lowest: Double, highest: Double, areWhole: Bool, path: String
    ) throws(TableError) {
        if let white {
            guard white > 0, white.isFinite else {
                throw .choice(
                    path: path, reason: "the value that becomes 255 is \(white); it must be above 0"
                )
            }
            self.white = white
        } else if let known = Self.known.first(where: { $0 == highest }) {
            self.white = known
        } else if !areWhole, highest < 1 {
            self.white = 1
        } else {
            guard areWhole, highest < 255 else {
                throw .range(path: path, lowest: lowest, highest: highest)
            }
            self.white = 255
        }
        guard lowest >= 0, highest <= self.white else {
            throw .range(path: path, lowest: lowest, highest: highest)
        }
    }

    /// The byte, rounded.
    /// - Parameter value: from 0 to `white`.
    func byte(_ value: Double) -> UInt8? {
        guard value >= 0, value <= white else { return nil }
        return UInt8((white == 255 ? value : value / white * 255).rounded())
    }

    /// What was found, where bytes are not as they were.
    func note(lowest: Double, highest: Double) -> String? {
        white == 255
            ? nil
            : "The values are from \(lowest.short) to \(highest.short): \(white.short) becomes 255."
    }
}

/// The size of an image from the number of its values.
enum PixelShape {
    /// - Throws: `TableError.shape`.
    static func of(
        values: Int, _ options: TableOptions, path: String
    ) throws(TableError) -> ImageShape {
        func failure(_ reason: String) -> TableError {
            .shape(path: path, values: values, reason: reason)
        }
        let channels = options.channels ?? 1
        guard (1...Network.largestLayer).contains(values) else {
            throw failure("an image has 1 to \(Network.largestLayer)")
        }
        if let size = options.size {
            let shape = ImageShape(channels: channels, rows: size.rows, columns: size.columns)
            guard shape.count == values else {
                throw failure("\(shape.pixels) pixels would be \(shape.count)")
            }
            return shape
        }
        if let side = side(values, channels) {
            return ImageShape(channels: channels, rows: side, columns: side)
        }
        let color = channels == 1 && side(values, 3) != nil
        throw failure(
            "they do not make a square"
                + (color ? ", but one of three values for each pixel" : ""))
    }

    private static func side(_ values: Int, _ channels: Int) -> Int? {
        guard channels > 0, values % channels == 0 else { return nil }
        let side = Int(Double(values / channels).squareRoot())
        return side * side * channels == values ? side : nil
    }
}
