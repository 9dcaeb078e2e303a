import PhidiasKernels

/// Square images from a CSV file: per line a label and the pixels, all whole numbers from 0 to 255.
/// A first line that does not begin with a number names the columns. The images determine the
/// memory used: the file is read in pieces.
struct CSVImages {
    let path: String
    private(set) var images: [UInt8] = []
    private(set) var labels: [UInt8] = []
    /// Rows, and columns, of an image.
    private(set) var side = 0

    /// The most pixels of an image, and the most bytes of a line: three digits and a comma for
    /// each.
    private static let mostPixels = Network.largestLayer
    private static let longestLine = 4 * (mostPixels + 1)
    private static let piece = 1 << 20

    private var number = 0
    private var pixels: Int?

    init(path: String) {
        self.path = path
    }

    mutating func read() throws(DataError) {
        let file = try InputFile(path)
        // At most one pixel for every two bytes, and three times as many while the array grows.
        try Memory.check(2 * file.size, for: path)
        var line: [UInt8] = []
        for start in stride(from: 0, to: file.size, by: Self.piece) {
            let piece = try file.read(start..<min(start + Self.piece, file.size))
            var rest = piece[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line += rest[..<end]
                try add(line)
                line.removeAll(keepingCapacity: true)
                rest = rest[(end + 1)...]
            }
            line += rest
            guard line.count <= Self.longestLine else { throw tooLong(number + 1) }
        }
        if !line.isEmpty { try add(line) }
        guard pixels != nil else { throw .empty(path) }
    }

    private func tooLong(_ line: Int) -> DataError {
        failure(
            "more than \(Self.longestLine) bytes; a line has at most \(Self.mostPixels) pixels",
            line)
    }

    private func failure(_ reason: String, _ line: Int? = nil) -> DataError {
        .csv(path: path, line: line ?? number, reason: reason)
    }

    private mutating func add(_ text: [UInt8]) throws(DataError) {
        number += 1
        guard text.count <= Self.longestLine else { throw tooLong(number) }
        var line = text[...]
        if number == 1, line.starts(with: [0xef, 0xbb, 0xbf]) { line = line.dropFirst(3) }
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        if line.isEmpty { return }
        let values = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map(Self.byte)
        if number == 1, values[0] == nil, !Self.beginsAsNumber(line) { return }
        if let place = values.firstIndex(of: nil) {
            throw failure("field \(place + 1) is not a whole number from 0 to 255")
        }
        let count = values.count - 1
        if pixels == nil { try setSize(count) }
        guard count == pixels else {
            throw failure("\(count) pixels, but the lines before have \(pixels ?? 0)")
        }
        guard images.count + count <= IDXFile.largest else {
            throw failure("more than \(IDXFile.largest) pixels in all")
        }
        labels.append(values[0] ?? 0)
        images += values.dropFirst().map { $0 ?? 0 }
    }

    private mutating func setSize(_ count: Int) throws(DataError) {
        side = Int(Double(count).squareRoot())
        guard (1...Self.mostPixels).contains(count), side * side == count else {
            throw failure(
                "\(count) pixels do not make a square image of at most \(Self.mostPixels); import "
                    + "other shapes as a folder of PNG files")
        }
        pixels = count
    }

    private static func beginsAsNumber(_ line: ArraySlice<UInt8>) -> Bool {
        line.first.map { "0123456789+-.".utf8.contains($0) } ?? false
    }

    private static func byte(_ field: ArraySlice<UInt8>) -> UInt8? {
        guard (1...3).contains(field.count) else { return nil }
        var value = 0
        for digit in field {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int(digit - 0x30)
        }
        return UInt8(exactly: value)
    }
}
