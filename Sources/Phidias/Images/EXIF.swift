/// How a camera was held, as JPEG files tell it in their segment of EXIF data.
enum EXIF {
    /// The orientation from 1 (upright) to 8; 1 where there is none, or it is not understood.
    ///
    /// Source: CIPA DC-008 (Exif 2.32), tag 0112 of the first directory.
    static func orientation(_ jpeg: [UInt8]) -> Int {
        // Segments: FF, a code, and from 2 bytes on a length that counts itself.
        var place = 2
        while place + 4 <= jpeg.count, jpeg[place] == 0xff {
            let code = jpeg[place + 1]
            if code == 0xff {
                place += 1
                continue
            }
            // The pixels begin, or the file ends.
            if code == 0xda || code == 0xd9 { return 1 }
            let length = Int(jpeg[place + 2]) << 8 | Int(jpeg[place + 3])
            let end = place + 2 + length
            guard length >= 2, end <= jpeg.count else { return 1 }
            let data = jpeg[place + 4..<end]
            if code == 0xe1, data.starts(with: Array("Exif\0\0".utf8)) {
                return orientation(tiff: Array(data.dropFirst(6)))
            }
            place = end
        }
        return 1
    }

    /// The entry in the first directory of a TIFF structure.
    private static func orientation(tiff: [UInt8]) -> Int {
        let isLittle = tiff.starts(with: Array("II".utf8))
        guard isLittle || tiff.starts(with: Array("MM".utf8)) else { return 1 }
        func number(_ place: Int, _ count: Int) -> Int? {
            guard place >= 0, place + count <= tiff.count else { return nil }
            let bytes = tiff[place..<place + count]
            return (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) {
                $0 << 8 | Int($1)
            }
        }
        guard number(2, 2) == 42, let start = number(4, 4), let entries = number(start, 2)
        else { return 1 }
        // An entry: tag, type (3 is a number of 2 bytes), count, value.
        for entry in 0..<entries {
            let place = start + 2 + 12 * entry
            guard let tag = number(place, 2) else { return 1 }
            guard tag == 0x0112 else { continue }
            guard number(place + 2, 2) == 3, let value = number(place + 8, 2),
                (1...8).contains(value)
            else { return 1 }
            return value
        }
        return 1
    }
}

extension Image {
    /// The picture upright, of one that a camera has stored with an orientation from 1 to 8.
    package func turned(_ orientation: Int) -> Image {
        guard orientation != 1 else { return self }
        // Rows of the upright picture are columns of the stored one.
        let isOnItsSide = orientation >= 5
        let (width, height) = isOnItsSide ? (height, width) : (width, height)
        var result = [UInt8]()
        result.reserveCapacity(pixels.count)
        for y in 0..<height {
            for x in 0..<width {
                let (column, row) =
                    switch orientation {
                    case 2: (width - 1 - x, y)
                    case 3: (width - 1 - x, height - 1 - y)
                    case 4: (x, height - 1 - y)
                    case 5: (y, x)
                    case 6: (y, width - 1 - x)
                    case 7: (height - 1 - y, width - 1 - x)
                    default: (height - 1 - y, x)
                    }
                let place = channels * (row * self.width + column)
                for channel in 0..<channels { result.append(pixels[place + channel]) }
            }
        }
        return Image(unchecked: result, width: width, height: height, channels: channels)
    }
}
