import Glibc

/// The names of the columns of rows of numbers, and of the numbers to predict. A JSON object with
/// `features` and `targets` keeps them in `columns.json` beside a data set's IDX files, in a model's
/// metadata and in a run's record.
public struct ColumnNames: Sendable, Hashable {
    /// A name for each column; empty for images. The column of a category is named like
    /// `color=red`: it is 1 where the text of `color` is `red`, else 0.
    public let features: [String]
    /// A name for each number to predict; empty for classes.
    public let targets: [String]

    /// The file beside a data set's IDX files.
    static let file = "columns.json"
    /// The largest file that is read.
    static let largest = 1 << 22

    /// Any names; `Dataset` checks that they are as many as its columns.
    public init(features: [String], targets: [String]) {
        self.features = features
        self.targets = targets
    }

    /// Whether they are those of so many columns, and can be kept: there is one for each column, or
    /// none at all, and no control character in any.
    func fit(columns: Int, targets count: Int) -> Bool {
        [(features, columns), (targets, count)].allSatisfy { names, count in
            (names.isEmpty || names.count == count)
                && names.allSatisfy { name in
                    name.utf8.count <= ClassNames.longest
                        && name.unicodeScalars.allSatisfy {
                            $0.properties.generalCategory != .control
                        }
                }
        }
    }

    package var json: JSON {
        .members([
            "features": .array(features.map { .string($0) }),
            "targets": .array(targets.map { .string($0) }),
        ])
    }

    /// Reads what `json` gives; nil if it is anything else.
    package init?(_ json: JSON) {
        guard let features = json["features"].flatMap(ClassNames.texts),
            let targets = json["targets"].flatMap(ClassNames.texts),
            json.objectValue?.count == 2
        else { return nil }
        self.init(features: features, targets: targets)
    }

    /// Reads a text of `json`; nil if it is anything else.
    package init?(text: [UInt8]) {
        let limits = JSON.Limits(bytes: Self.largest, depth: 3, values: 1 << 17)
        guard let json = try? JSON(parsing: text, limits: limits) else { return nil }
        self.init(json)
    }

    /// The names in a data set's folder; nil if it has none.
    static func read(_ directory: String) throws(DataError) -> ColumnNames? {
        let path = "\(directory)/\(file)"
        guard access(path, F_OK) == 0 else { return nil }
        guard let names = ColumnNames(text: try FileBytes.read(path, limit: largest)) else {
            throw .columnNames(path: path)
        }
        return names
    }
}
