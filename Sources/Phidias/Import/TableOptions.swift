/// What looking at a table or at arrays does not tell, or tells wrongly.
public struct TableOptions: Sendable, Equatable {
    /// What the numbers of a row are.
    public enum Content: String, Sendable, CaseIterable {
        /// Pixels of an image.
        case images
        /// Measurements, of which each has its own unit.
        case table
    }

    /// Where the labels are.
    public enum Label: Sendable, Equatable {
        /// In the first or last column.
        case first, last
        /// Nowhere.
        case nowhere
        /// In the column of that name, or else of that number, counted from 1.
        case column(String)

        /// `first`, `last`, `none`, a name or a number.
        public init(_ text: String) {
            switch text {
            case "first": self = .first
            case "last": self = .last
            case "none": self = .nowhere
            default: self = .column(text)
            }
        }
    }

    /// Images or measurements; nil: found by looking.
    public var content: Content?
    /// The column of labels; nil: found by looking.
    public var label: Label?
    /// Columns of numbers to predict, in place of labels.
    public var targets: [String] = []
    /// Columns that are left out.
    public var dropped: [String] = []
    /// Height and width of an image in pixels; nil: the images are squares.
    public var size: Extent?
    /// Values of a pixel, which follow each other in a row of a table; nil: 1 in a table, in an
    /// array by its shape.
    public var channels: Int?
    /// The value that becomes the byte 255; nil: found by looking.
    public var white: Double?
    /// Whether missing measurements are replaced by the column's mean.
    public var fillsMissing = false
    /// The arrays of a file: images and labels of the training part, and of the test part. Empty:
    /// found by their names.
    public var keys: [String] = []
    /// Whether images have rows and columns swapped; nil: found by the files' names.
    public var isTransposed: Bool?

    /// Everything is found by looking.
    public init() {}
}
