import Charts
import Phidias

extension HeatMap {
    /// The colors alone, without labels and marks: each cell a square of `side` pixels, the first
    /// row at the bottom. Cells without a number are mid-gray in a checkered pattern, which no number
    /// has. `PNG.write` makes a file of it.
    /// - Precondition: there is at least one cell, and `side` is positive.
    package func image(side: Int = 24) -> Image {
        precondition(
            !rows.isEmpty && !columns.isEmpty && side > 0,
            "\(columns.count) × \(rows.count) cells of \(side) pixels")
        let (width, height) = (columns.count * side, rows.count * side)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            let row = values[rows.count - 1 - y / side]
            for x in 0..<width {
                let checker: UInt8 = (x / 2 + y / 2).isMultiple(of: 2) ? 96 : 160
                let color = level(row[x / side]).map(Cividis.color) ?? SIMD3(repeating: checker)
                pixels += [color.x, color.y, color.z]
            }
        }
        return Image(unchecked: pixels, width: width, height: height, channels: 3)
    }
}
