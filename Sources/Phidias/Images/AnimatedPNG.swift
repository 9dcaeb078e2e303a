import CZlib
import PhidiasKernels

/// An animation in the making: pictures of one size, shown one after the other, as APNG (W3C, *PNG
/// Specification*, third edition, 2025), which browsers play and whoever does not know it shows as the
/// first picture. libpng packs each picture, without loss; here its data gets another chunk around it.
///
/// It takes one picture at a time, so that no more than one needs to be in memory beside the packed
/// ones.
package struct AnimatedPNG {
    /// The most pictures, and the longest that one of them is shown.
    package static let mostFrames = 1000, longestDelay = 60_000

    private let count: Int
    private let text: KeyValuePairs<String, String>
    private var size = (width: 0, height: 0, channels: 0)
    private var bytes: [UInt8] = []
    /// Of the chunks that belong to the animation.
    private var sequence = 0
    private var added = 0

    /// An animation without pictures.
    /// - Parameters:
    ///   - count: how many pictures there will be, at least 1.
    ///   - text: as in `PNG.encode`.
    package init(count: Int, text: KeyValuePairs<String, String> = [:]) {
        precondition(count > 0 && count <= Self.mostFrames, "\(count) pictures")
        (self.count, self.text) = (count, text)
    }

    /// Adds the next picture.
    /// - Parameter milliseconds: how long it is shown, 1 to `longestDelay`.
    /// - Throws: `ImageError` as `PNG.encode`.
    /// - Precondition: it has the size and the channels of the others.
    package mutating func add(_ picture: Image, milliseconds: Int) throws(ImageError) {
        precondition((1...Self.longestDelay).contains(milliseconds), "\(milliseconds) ms")
        let own = (picture.width, picture.height, picture.channels)
        precondition(added == 0 || own == size, "a picture of \(own), not \(size)")
        let chunks = Self.chunks(try PNG.encode(picture, text: added == 0 ? text : [:]))
        let data = chunks.filter { $0.name == "IDAT" }.flatMap(\.data)
        // The film may move to twice its room when it grows.
        try Memory.checkPixels(bytes.count + 3 * data.count, of: "The animation")
        if added == 0 {
            size = own
            bytes = PNG.signature
            for chunk in chunks where !["IDAT", "IEND"].contains(chunk.name) {
                append(chunk.name, chunk.data)
                // Played again and again.
                if chunk.name == "IHDR" { append("acTL", Self.number(count) + Self.number(0)) }
            }
        }
        append(
            "fcTL",
            nextNumber() + Self.number(size.width) + Self.number(size.height)
                + Self.number(0) + Self.number(0) + Self.number(milliseconds).suffix(2)
                + Self.number(1000).suffix(2) + [0, 0])
        if added == 0 { append("IDAT", data) } else { append("fdAT", nextNumber() + data) }
        added += 1
    }

    /// The bytes of the file.
    /// - Precondition: all pictures have been added.
    package consuming func finished() -> [UInt8] {
        precondition(added == count, "\(added) of \(count) pictures")
        append("IEND", [])
        return bytes
    }

    // MARK: - Chunks

    private static func chunks(_ file: [UInt8]) -> [(name: String, data: ArraySlice<UInt8>)] {
        var chunks: [(String, ArraySlice<UInt8>)] = []
        var place = PNG.signature.count
        while place + 12 <= file.count {
            let length = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            let name = String(decoding: file[place + 4..<place + 8], as: UTF8.self)
            chunks.append((name, file[place + 8..<place + 8 + length]))
            place += 12 + length
        }
        return chunks
    }

    private mutating func append(_ name: String, _ data: some Collection<UInt8>) {
        bytes += Self.number(data.count)
        let start = bytes.count
        bytes += Array(name.utf8)
        bytes += data
        let sum = bytes[start...].withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
        bytes += Self.number(Int(sum))
    }

    private mutating func nextNumber() -> [UInt8] {
        defer { sequence += 1 }
        return Self.number(sequence)
    }

    /// Four bytes, the highest first.
    private static func number(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
