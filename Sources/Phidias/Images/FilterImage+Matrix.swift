import PhidiasKernels

extension FilterImage {
    /// The longer side of a matrix has about so many pixels where the scale is ours to choose, and its
    /// cells have at least and at most so many.
    private static let matrixSide = 1600, smallestCell = 3, largestCell = 32

    /// Draws [units, inputs] as one matrix with numbered rows and columns, wider than high.
    /// - Returns: the picture, and pixels of a cell in each direction.
    func drawMatrix(
        _ weights: [Float], units: Int
    ) throws(ImageError) -> (image: Image, scale: Int) {
        let inputs = weights.count / units
        // What is wrong is told by unit and input.
        _ = try FilterShape(weights, rows: 1, width: inputs)
        if let columns, columns < 1 {
            throw .option(name: "The number of columns", value: columns, minimum: 1)
        }
        if let peak, !(peak >= 0 && peak.isFinite) { throw .peak(peak) }
        let (rows, columns) = (min(units, inputs), max(units, inputs))
        var options = self
        (options.columns, options.peak) = (1, 1)
        try Memory.checkPixels(
            MemoryLayout<Float>.stride * weights.count, of: "The picture of the filters")
        let cells = relative(weights, units, inputs)
        let wanted = min(max(Self.matrixSide / columns, Self.smallestCell), Self.largestCell)
        return try Self.fitting(scale, from: wanted) { scale throws(ImageError) in
            options.scale = scale
            let (picture, grid) = try options.drawOnGrid(cells, rows: rows, width: columns)
            func ruler(_ count: Int) -> Ruler {
                Ruler(first: 0, count: count, start: grid.line, size: scale, pitch: scale)
            }
            return (try picture.numbered(rows: ruler(rows), columns: ruler(columns)), scale)
        }
    }

    /// Each weight as a part of the one that has the full colours, exchanged if there are more units
    /// than inputs.
    private func relative(_ weights: [Float], _ units: Int, _ inputs: Int) -> [Float] {
        let common = peak ?? (scaling == .global ? Self.peak(weights[...]) : nil)
        var cells = [Float](repeating: 0, count: weights.count)
        for unit in 0..<units {
            let peak = common ?? Self.peak(weights[unit * inputs..<(unit + 1) * inputs])
            guard peak > 0 else { continue }
            for input in 0..<inputs {
                // A weight may be infinitely many times a tiny peak.
                let part = min(max(weights[unit * inputs + input] / peak, -1), 1)
                cells[units > inputs ? input * units + unit : unit * inputs + input] = part
            }
        }
        return cells
    }
}
