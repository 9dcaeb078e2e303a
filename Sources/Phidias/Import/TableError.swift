/// Tables and arrays that cannot be read as data, or not without being told how. Lines, fields and
/// columns are counted from 1.
public enum TableError: PhidiasError, Equatable {
    /// A line does not follow the format, or has not as many fields as the others.
    case line(path: String, line: Int, reason: String)
    /// A field cannot be what its column is taken for; `column` says which.
    case field(path: String, line: Int, column: String, reason: String)
    /// A field is missing, and nothing was said about missing values.
    case missing(path: String, line: Int, column: String)
    /// Several columns, or none, look like labels.
    case whichLabel(path: String, seen: String)
    /// All columns look like pixels: the data is made for prediction.
    case noLabels(path: String, seen: String)
    /// There is no such column, or more than one.
    case column(path: String, asked: String, reason: String)
    /// The labels of a column cannot be classes.
    case classes(path: String, column: String, reason: String)
    /// Too many different texts in a column.
    case categories(path: String, column: String, most: Int)
    /// The values could be pixels, and could be measurements.
    case imagesOrTable(path: String, seen: String)
    /// The number of values does not tell the size of an image.
    case shape(path: String, values: Int, reason: String)
    /// The values do not tell which of them is white.
    case range(path: String, lowest: Double, highest: Double)
    /// What was asked for does not go together.
    case choice(path: String, reason: String)
    /// A damaged file of arrays, or one of a kind that is not read.
    case array(path: String, reason: String)
    /// The names of the arrays do not tell which are images and which are labels.
    case whichArrays(path: String, found: [String])
    /// A folder has several sets of files, or not the one that was named.
    case whichSet(path: String, found: [String])
    /// A file of another kind.
    case kind(path: String, found: String)

    public var description: String {
        switch self {
        case .line(let path, let line, let reason): "\(path): line \(line): \(reason)."
        case .field(let path, let line, let column, let reason):
            "\(path): line \(line), \(column): \(reason)."
        case .missing(let path, let line, let column):
            "\(path): line \(line), \(column): the value is missing."
        case .whichLabel(let path, let seen):
            "\(path): it is not clear which column has the labels: \(seen)."
        case .noLabels(let path, let seen):
            "\(path): has no labels: \(seen). Such a file is for prediction, not for training."
        case .column(let path, let asked, let reason): "\(path): column '\(asked)': \(reason)."
        case .classes(let path, let column, let reason):
            "\(path): \(column) cannot be the labels: \(reason)."
        case .categories(let path, let column, let most):
            "\(path): \(column) has more than \(most) different texts, too many for categories."
        case .imagesOrTable(let path, let seen):
            "\(path): it is not clear whether these are images or measurements: \(seen)."
        case .shape(let path, let values, let reason):
            "\(path): \(values) values of an image: \(reason)."
        case .range(let path, let lowest, let highest):
            "\(path): the values are from \(lowest.short) to \(highest.short), which does not tell which of them is white."
        case .choice(let path, let reason), .array(let path, let reason): "\(path): \(reason)."
        case .whichArrays(let path, let found):
            "\(path): its arrays do not tell which are images and which are labels: \(found.isEmpty ? "there are none" : found.joined(separator: ", "))."
        case .whichSet(let path, let found):
            "\(path): has files of the sets \(found.joined(separator: ", ")); one is imported at a time."
        case .kind(let path, let found): "\(path): is \(found), which is not read here."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .choice, .column: 64
        default: 65
        }
    }
}

extension Double {
    /// A whole number without a point, any other as it is.
    var short: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}
