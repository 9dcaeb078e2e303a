extension FilterImage {
    /// Images of bytes from black to white, with the channels of an image one below the other.
    package func draw(images: [[UInt8]], of shape: ImageShape) throws(ImageError) -> Image {
        var picture = self
        (picture.colorMap, picture.peak) = (.gray, 1)
        return try picture.draw(
            weights: images.flatMap { $0.map { Float($0) / 127.5 - 1 } },
            rows: shape.channels * shape.rows, width: shape.columns)
    }
}
