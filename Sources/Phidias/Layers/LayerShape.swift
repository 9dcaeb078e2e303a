/// Sizes of an image, or of what a layer makes of one.
public struct ImageShape: Sendable, Hashable {
    /// Values a pixel, height and width.
    public var channels, rows, columns: Int

    /// Any sizes; `Network` checks them.
    public init(channels: Int = 1, rows: Int, columns: Int) {
        self.channels = channels
        self.rows = rows
        self.columns = columns
    }

    /// Values in all; `Int.max` where an `Int` cannot hold them.
    public var count: Int {
        if channels == 0 || rows == 0 || columns == 0 { return 0 }
        let (plane, overflow) = rows.multipliedReportingOverflow(by: columns)
        let (all, another) = channels.multipliedReportingOverflow(by: plane)
        return overflow || another ? .max : all
    }
}

extension ImageShape {
    /// As people say it: the channels only where there are several.
    var pixels: String { channels == 1 ? "\(rows) × \(columns)" : description }
}

extension ImageShape: CustomStringConvertible {
    /// As in "16 × 14 × 14": channels, rows, columns.
    public var description: String { "\(channels) × \(rows) × \(columns)" }
}

/// Height and width of a window, a step or a border.
public struct Extent: Sendable, Hashable {
    /// From top to bottom, and from left to right.
    public var rows, columns: Int

    /// Any numbers; `Network` checks them.
    public init(_ rows: Int, _ columns: Int) {
        self.rows = rows
        self.columns = columns
    }
}

extension Extent: ExpressibleByIntegerLiteral {
    /// The same in both directions.
    public init(integerLiteral value: Int) { self.init(value, value) }
}

extension Extent: CustomStringConvertible {
    /// As in "3x3".
    public var description: String { "\(rows)x\(columns)" }
}

/// What a layer gives for an image.
public enum LayerShape: Sendable, Hashable {
    /// [channels][rows][columns]
    case image(ImageShape)
    /// A number for each unit.
    case units(Int)

    /// Values in all.
    public var count: Int {
        switch self {
        case .image(let shape): shape.count
        case .units(let count): count
        }
    }
}

extension LayerShape: CustomStringConvertible {
    /// As in "16 × 14 × 14" or "128".
    public var description: String {
        switch self {
        case .image(let shape): shape.description
        case .units(let count): String(count)
        }
    }
}
