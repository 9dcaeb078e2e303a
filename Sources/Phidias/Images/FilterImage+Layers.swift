extension FilterImage {
    /// Draws a layer's weights and writes them as a PNG file, with texts that name model, layer
    /// and scaling; see `draw(_:layer:)`.
    /// - Parameters:
    ///   - model: The model whose weights are drawn.
    ///   - layer: The layer's index among all, from 0.
    ///   - name: What the text calls the model, for instance its file.
    ///   - path: The file to write.
    /// - Throws: `FileError`, `ImageError`.
    public func write(_ model: Model, layer: Int, name: String, to path: String) throws {
        _ = try writeDescribed(model, layer: layer, name: name, to: path)
    }

    /// The same.
    /// - Returns: what was drawn, and how large.
    package func writeDescribed(
        _ model: Model, layer: Int, name: String, to path: String
    ) throws -> String {
        let drawn = try LayerPicture(self, model, layer)
        try PNG.write(
            drawn.image,
            text: [
                "Title": "Weights of layer \(layer) of \(name)", "Description": drawn.description,
                "Model": "\(name) (\(model.network))", "Layer": String(layer),
                "Scaling": peak.map { "full colours at \($0)" } ?? scaling.rawValue,
                "Colormap": colorMap.rawValue,
                "Software": "Phidias",
            ], to: path)
        return drawn.summary
    }

    /// Draws a layer's weights.
    ///
    /// A layer over an image is a grid of pictures. The kernels of a convolution over several channels
    /// form a row for each output, with a column for each input, unless `columns` says otherwise; a
    /// dense layer's units have the channels of their image one below the other.
    ///
    /// Inputs that are units of another dense layer have no place in an image. Such a layer is one
    /// matrix, with a row for each unit and a column for each input, or with both exchanged if there
    /// are more units: it is never higher than wide. Rows and columns are numbered from 0, and
    /// `columns` has no say. Without a `scale` its cells have 3 to 32 pixels a side, so that it is
    /// about 1,600 pixels wide.
    /// - Parameters:
    ///   - model: the model whose weights are drawn.
    ///   - layer: the layer's index among all, from 0.
    /// - Throws: `ImageError`: no such layer or one without weights, a weight or peak that is not
    ///   finite, a picture too large.
    public func draw(_ model: Model, layer: Int) throws(ImageError) -> Image {
        try LayerPicture(self, model, layer).image
    }

    /// A layer's weights [units, rows, width] as `draw` takes them; one row of those that form no
    /// picture.
    /// - Throws: `ImageError.layer`, `.noWeights`.
    package static func filters(
        of model: Model, layer: Int
    ) throws(ImageError) -> (weights: [Float], rows: Int, width: Int) {
        let number = try number(of: layer, in: model.network)
        let shape = shape(model, number)
        return (
            model.parameters[number].weight, shape?.rows ?? 1,
            shape?.width ?? model.network.weighted[number].inputs
        )
    }

    /// Its place among the layers that have weights.
    fileprivate static func number(of layer: Int, in network: Network) throws(ImageError) -> Int {
        guard network.layers.indices.contains(layer) else {
            throw .layer(layer, count: network.layers.count)
        }
        guard let number = network.weighted.firstIndex(where: { $0.index == layer }) else {
            throw .noWeights(layer: layer, known: network.weighted.map(\.index))
        }
        return number
    }

    /// Size of a picture: a kernel's; of a unit over an image, the image's with its channels one below
    /// the other. Inputs that are units have no place in one: nil.
    fileprivate static func shape(_ model: Model, _ number: Int) -> (rows: Int, width: Int)? {
        let layer = model.network.weighted[number]
        if layer.isConvolution { return (layer.shape[2], layer.shape[3]) }
        // Flatten and dropout keep the order of an image's values.
        var (below, input) = (layer.index, layer.input)
        while below > 0, case .units = input {
            switch model.network.layers[below - 1] {
            case .flatten, .dropout: below -= 1
            default: return nil
            }
            input =
                below > 0 ? model.network.shapes[below - 1] : .image(model.network.input)
        }
        guard case .image(let image) = input else { return nil }
        return (layer.inputs / image.columns, image.columns)
    }
}

/// A layer's weights, drawn.
private struct LayerPicture {
    let image: Image
    /// What is drawn, and how large.
    let summary: String
    /// What the file says of it.
    let description: String

    init(_ options: FilterImage, _ model: Model, _ layer: Int) throws(ImageError) {
        let (weights, rows, width) = try FilterImage.filters(of: model, layer: layer)
        let number = try FilterImage.number(of: layer, in: model.network)
        let weighted = model.network.weighted[number]
        let scale: Int
        var content = "\(weighted.outputs) units of "
        if FilterImage.shape(model, number) == nil {
            (image, scale) = try options.drawMatrix(weights, units: weighted.outputs)
            content += "\(width) weights, "
            content +=
                weighted.outputs > width
                ? "a column for each unit and a row for each input"
                : "a row for each unit and a column for each input"
        } else {
            var options = options
            if weighted.isConvolution {
                content = "\(weights.count / (rows * width)) kernels of "
                if weighted.shape[1] > 1 { options.columns = options.columns ?? weighted.shape[1] }
            }
            let (picture, grid) = try options.drawOnGrid(weights, rows: rows, width: width)
            (image, scale) = (picture, grid.scale)
            content += "\(rows) × \(width) weights, row by row"
        }
        let side = scale == 1 ? "1 pixel" : "\(scale) × \(scale) pixels"
        summary = "\(content); a weight has \(side), the picture \(image.width) × \(image.height)"
        description = "\(content); the largest magnitude is \(FilterImage.peak(weights[...]))"
    }
}
