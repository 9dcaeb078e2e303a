import Glibc

/// The names of classes: which texts can be names, and how a list of them is kept. As a JSON array it
/// lies in `classes.json` beside a data set's IDX files, in a model's metadata and in a run's record.
package enum ClassNames {
    /// The file beside a data set's IDX files.
    static let file = "classes.json"
    /// The most bytes of a name, as UTF-8.
    package static let longest = 256
    /// The largest list that is read: 256 names of which every byte is escaped, as six.
    static let largestList = 1 << 19

    /// Why texts cannot be the names of so many classes, as the end of a sentence; nil if they can.
    package static func problem(_ names: [String], classes: Int) -> String? {
        guard names.count == classes else {
            return "there are \(names.count) names for \(classes) classes"
        }
        for (label, name) in names.enumerated() {
            if name.allSatisfy(\.isWhitespace) { return "the name of class \(label) is empty" }
            guard name.utf8.count <= longest else {
                return "the name of class \(label) has more than \(longest) bytes"
            }
            if let scalar = name.unicodeScalars.first(where: isHidden) {
                return
                    "the name of class \(label) holds U+\(hex(scalar)), which is no character to "
                    + "be seen"
            }
        }
        var seen: [String: Int] = [:]
        for (label, name) in names.enumerated() {
            if let first = seen.updateValue(label, forKey: name) {
                return "the classes \(first) and \(label) have the same name, '\(name)'"
            }
        }
        return nil
    }

    /// Controls, ends of lines, and what reverses the direction of a text.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: return true
        default:
            return (0x202a...0x202e).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value)
        }
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Names for all classes of a network that has more than the data: the others are their numbers.
    /// - Returns: nil where a number is a name already.
    package static func extended(_ names: [String]?, to classes: Int) -> [String]? {
        guard let names else { return nil }
        let all = names + (names.count..<max(classes, names.count)).map(String.init)
        return problem(all, classes: classes) == nil ? all : nil
    }

    // MARK: - As JSON

    package static func json(_ names: [String]) -> JSON { .array(names.map { .string($0) }) }

    /// The names of a list of texts; nil if it is anything else.
    package static func texts(_ json: JSON) -> [String]? {
        let texts = json.arrayValue?.compactMap(\.stringValue)
        return texts?.count == json.arrayValue?.count ? texts : nil
    }

    /// Reads the content of `classes.json`.
    /// - Throws: `DataError.classNames`.
    package static func parse(_ bytes: [UInt8], path: String) throws(DataError) -> [String] {
        let json: JSON
        do {
            json = try JSON(
                parsing: bytes, limits: .init(bytes: largestList, depth: 2, values: 300))
        } catch {
            throw .classNames(path: path, reason: "byte \(error.byte): \(error.reason)")
        }
        guard let names = texts(json), (2...256).contains(names.count) else {
            throw .classNames(path: path, reason: "it is not a JSON array of 2 to 256 texts")
        }
        if let problem = problem(names, classes: names.count) {
            throw .classNames(path: path, reason: problem)
        }
        return names
    }

    /// The names in a data set's folder; nil if it has none.
    static func read(_ directory: String) throws(DataError) -> [String]? {
        let path = "\(directory)/\(file)"
        guard access(path, F_OK) == 0 else { return nil }
        return try parse(try FileBytes.read(path, limit: largestList), path: path)
    }
}
