extension FilterImage {
    /// Images of bytes from black to white, with the channels of an image one below the other.
    package func draw(images: [[UInt8]], of shape: ImageShape) throws(ImageError) -> Image {
        try gray(images, shape).picture
    }

    /// The same with each row of the grid numbered from 0 at its left, and the columns from 1.
    package func drawNumbered(images: [[UInt8]], of shape: ImageShape) throws(ImageError) -> Image {
        var options = self
        while true {
            let (picture, grid) = try options.gray(images, shape)
            do {
                return try picture.numbered(
                    rows: grid.ruler(first: 0, grid.rows, of: shape.channels * shape.rows),
                    columns: grid.ruler(first: 1, grid.columns, of: shape.columns))
            } catch .pictureSize where scale == nil && grid.scale > 1 {
                options.scale = grid.scale - 1
            } catch {
                throw error
            }
        }
    }

    private func gray(
        _ images: [[UInt8]], _ shape: ImageShape
    ) throws(ImageError) -> (picture: Image, grid: FilterGrid) {
        var options = self
        (options.colorMap, options.peak) = (.gray, 1)
        return try options.drawOnGrid(
            images.flatMap { $0.map { Float($0) / 127.5 - 1 } },
            rows: shape.channels * shape.rows, width: shape.columns)
    }
}
