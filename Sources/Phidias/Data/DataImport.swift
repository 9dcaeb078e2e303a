import Foundation

/// Data of other forms, as a data set.
public enum DataImport {
    static let largestImage = 1 << 20

    /// A folder of PNG files with one subfolder a class (classes in the order of the subfolders'
    /// names, or by number if all are numbers), or a CSV file with lines of label and pixels.
    /// - Throws: `DataError` or `ImageError` with file and line.
    public static func read(_ source: String) throws -> Dataset {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source, isDirectory: &isDirectory) else {
            throw DataError.missing(path: source, reason: "no such file or folder")
        }
        return isDirectory.boolValue ? try folder(source) : try csv(source)
    }

    private static func names(in folder: String) throws(DataError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw .missing(path: folder, reason: "the folder cannot be read")
        }
    }

    static func folder(_ source: String) throws -> Dataset {
        var classes = try names(in: source).filter { name in
            var isDirectory: ObjCBool = false
            return !name.hasPrefix(".")
                && FileManager.default.fileExists(
                    atPath: source + "/" + name, isDirectory: &isDirectory) && isDirectory.boolValue
        }
        let numbers = classes.compactMap(Int.init)
        let numbered = numbers.count == classes.count && numbers.allSatisfy { (0..<256).contains($0) }
        if numbered { classes.sort { (Int($0) ?? 0) < (Int($1) ?? 0) } }
        guard (1...256).contains(classes.count) else {
            throw DataError.empty("\(source): a folder with 1 to 256 subfolders of PNG files, it")
        }
        var images: [UInt8] = []
        var labels: [UInt8] = []
        var size: (Int, Int)?
        for (index, name) in classes.enumerated() {
            let label = numbered ? (Int(name) ?? index) : index
            for file in try names(in: "\(source)/\(name)") where file.lowercased().hasSuffix(".png") {
                let path = "\(source)/\(name)/\(file)"
                let image = try PNG.readGray(path: path)
                if let size, size != (image.width, image.height) {
                    throw DataError.pixels(
                        path: path, expected: "\(size.0) × \(size.1)",
                        found: "\(image.width) × \(image.height)")
                }
                size = (image.width, image.height)
                images.append(contentsOf: image.pixels)
                labels.append(UInt8(label))
            }
        }
        guard let size else { throw DataError.empty("\(source) with its subfolders") }
        return try Dataset(
            images: images, labels: labels, rows: size.1, columns: size.0,
            classes: max(2, Int(labels.max() ?? 0) + 1))
    }

    static func csv(_ path: String) throws(DataError) -> Dataset {
        let bytes = try FileBytes.read(path, limit: 4 << 30)
        var images: [UInt8] = []
        var labels: [UInt8] = []
        var pixels: Int?
        for (index, raw) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            let line = raw.last == 0x0d ? raw.dropLast() : raw
            if line.isEmpty { continue }
            let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            let values = fields.map(Self.byte)
            guard values.allSatisfy({ $0 != nil }) else {
                if index == 0 { continue }  // a line of column names
                let place = values.firstIndex { $0 == nil } ?? 0
                throw .csv(
                    path: path, line: index + 1,
                    reason: "field \(place + 1) is not a whole number from 0 to 255")
            }
            if let pixels, pixels != fields.count - 1 {
                throw .csv(
                    path: path, line: index + 1,
                    reason: "\(fields.count - 1) pixels, but the lines before have \(pixels)")
            }
            pixels = fields.count - 1
            labels.append(values[0] ?? 0)
            images.append(contentsOf: values.dropFirst().compactMap { $0 })
        }
        let side = Int(Double(pixels ?? 0).squareRoot())
        guard let pixels, pixels > 0, side * side == pixels else {
            throw .csv(
                path: path, line: 1, reason: "\(pixels ?? 0) pixels do not make a square image")
        }
        return try Dataset(
            images: images, labels: labels, rows: side, columns: side,
            classes: max(2, Int(labels.max() ?? 0) + 1))
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
