/// The size of an image, or of a layer's output image.
public struct ImageShape: Sendable, Hashable {
    /// The number of values per pixel.
    public var channels: Int
    /// Height in pixels.
    public var rows: Int
    /// Width in pixels.
    public var columns: Int

    /// Any sizes; `Network` checks them.
    public init(channels: Int = 1, rows: Int, columns: Int) {
        self.channels = channels
        self.rows = rows
        self.columns = columns
    }

    /// The number of values; `Int.max` where an `Int` cannot hold it.
    public var count: Int {
        if channels == 0 || rows == 0 || columns == 0 { return 0 }
        let (plane, overflow) = rows.multipliedReportingOverflow(by: columns)
        let (all, another) = channels.multipliedReportingOverflow(by: plane)
        return overflow || another ? .max : all
    }
}

extension ImageShape {
    /// The size for messages: the channels only if there are several.
    package var pixels: String { channels == 1 ? "\(rows) × \(columns)" : description }
}

extension ImageShape: CustomStringConvertible {
    /// Channels, rows and columns, as in "16 × 14 × 14".
    public var description: String { "\(channels) × \(rows) × \(columns)" }
}

/// The height and width of a window, a stride or a border.
public struct Extent: Sendable, Hashable {
    /// Height.
    public var rows: Int
    /// Width.
    public var columns: Int

    /// Any numbers; `Network` checks them.
    public init(_ rows: Int, _ columns: Int) {
        self.rows = rows
        self.columns = columns
    }
}

extension Extent: ExpressibleByIntegerLiteral {
    /// The same size in both directions.
    public init(integerLiteral value: Int) { self.init(value, value) }
}

extension Extent: CustomStringConvertible {
    /// Rows and columns, as in "3x3".
    public var description: String { "\(rows)x\(columns)" }
}

/// The shape of a layer's output for one image.
public enum LayerShape: Sendable, Hashable {
    /// An image, [channels][rows][columns].
    case image(ImageShape)
    /// A number of units with one value each.
    case units(Int)

    /// The number of values.
    public var count: Int {
        switch self {
        case .image(let shape): shape.count
        case .units(let count): count
        }
    }
}

extension LayerShape: CustomStringConvertible {
    /// The shape, as in "16 × 14 × 14" or "128".
    public var description: String {
        switch self {
        case .image(let shape): shape.description
        case .units(let count): String(count)
        }
    }
}
