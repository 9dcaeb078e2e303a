import FoundationEssentials
import Glibc

/// A number for each pair of two settings, as colours with the numbers written in.
package struct HeatMap: Sendable {
    /// What is special about a cell; told apart by shape.
    package enum Mark: Sendable, Hashable, CaseIterable {
        /// A frame.
        case golden
        /// A star.
        case best
        /// A dot.
        case notWorse
    }

    package struct Place: Sendable, Hashable {
        package let column, row: Int

        package init(column: Int, row: Int) { (self.column, self.row) = (column, row) }
    }

    package let x, y, value: String
    package let columns, rows: [String]
    /// Row by row, the first at the bottom; NaN where there is no number.
    package let values: [[Double]]
    package let digits: Int
    /// The numbers that get the ends of the colour scale; numbers beyond have the same colour.
    package let range: ClosedRange<Double>
    package let marks: [Mark: Set<Place>]
    package let names: [Mark: String]

    /// - Parameters:
    ///   - x, y, value: what the axes and the colours show, with units.
    ///   - columns, rows: one label for each.
    ///   - digits: after the point of the numbers in the cells.
    ///   - range: of the colour scale; without it, from the least to the greatest number.
    ///   - names: what the legend says about a mark, instead of the usual.
    /// - Precondition: there are as many numbers as columns in each of as many rows as labels.
    package init(
        x: String, columns: [String], y: String, rows: [String], value: String,
        values: [[Double]], digits: Int = 2, range: ClosedRange<Double>? = nil,
        marks: [Mark: Set<Place>] = [:], names: [Mark: String] = [:]
    ) {
        precondition(
            values.count == rows.count && values.allSatisfy { $0.count == columns.count },
            "not \(rows.count) rows of \(columns.count) numbers")
        (self.x, self.y, self.value, self.digits) = (x, y, value, digits)
        (self.columns, self.rows, self.values) = (columns, rows, values)
        (self.marks, self.names) = (marks, names)
        let finite = values.flatMap { $0 }.filter(\.isFinite)
        self.range = range ?? (finite.min() ?? 0)...(finite.max() ?? 1)
    }

    /// From 0 to 1 within `range`; nil for what is no number.
    package func level(_ value: Double) -> Double? {
        guard !value.isNaN else { return nil }
        let (low, high) = (range.lowerBound, range.upperBound)
        if value <= low || value >= high { return low == high ? 0.5 : value <= low ? 0 : 1 }
        // Halves, since the difference of huge numbers may be none.
        return (value / 2 - low / 2) / (high / 2 - low / 2)
    }
}

/// The colour map *cividis*, from dark blue to yellow, about the same for all kinds of colour
/// vision, brightness rising evenly: Nuñez, Anderton and Renslow, *PLoS ONE* 13 (2018). Linear
/// between nine of its colours.
package enum Cividis {
    private static let points: [SIMD3<Double>] = [
        [0, 34, 78], [26, 56, 111], [67, 78, 108], [97, 101, 111], [125, 124, 120],
        [155, 148, 118], [188, 174, 108], [222, 201, 88], [254, 232, 56],
    ]

    /// Red, green and blue for a level from 0 to 1.
    package static func color(_ level: Double) -> SIMD3<UInt8> {
        let scaled = min(max(level, 0), 1) * Double(points.count - 1)
        let index = min(Int(scaled), points.count - 2), part = scaled - Double(index)
        let mixed = points[index] + (points[index + 1] - points[index]) * part
        return SIMD3<UInt8>(UInt8(mixed.x + 0.5), UInt8(mixed.y + 0.5), UInt8(mixed.z + 0.5))
    }

    /// Whether dark text is read better on the colour than light text: relative luminance above
    /// 0.18, where the contrasts are equal (WCAG 2.1).
    static func isLight(_ color: SIMD3<UInt8>) -> Bool {
        func linear(_ level: UInt8) -> Double {
            let part = Double(level) / 255
            return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(color.x) + 0.7152 * linear(color.y) + 0.0722 * linear(color.z)
            > 0.18
    }

    static func hex(_ color: SIMD3<UInt8>) -> String {
        String(printing: "#%02x%02x%02x", Int(color.x), Int(color.y), Int(color.z))
    }
}
