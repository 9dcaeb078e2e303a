/// Computes the shapes as layers are added one by one, and refuses layers that do not fit.
struct NetworkShaping {
    private let input: ImageShape
    private(set) var shapes: [LayerShape] = []
    private(set) var weighted: [WeightedLayer] = []
    private var parameters = 0
    /// Whether the values are the output of a dropout layer.
    private var isDropped = false

    /// The input of the next layer.
    var current: LayerShape { shapes.last ?? .image(input) }

    /// - Throws: `NetworkError.image`.
    init(input: ImageShape) throws(NetworkError) {
        let sizes = [input.channels, input.rows, input.columns]
        var count = 1
        for size in sizes {
            guard (1...Network.largestLayer).contains(size) else { throw .image(input) }
            count *= size
            guard count <= Network.largestLayer else { throw .image(input) }
        }
        self.input = input
    }

    mutating func add(_ layer: Layer) throws(NetworkError) {
        let number = shapes.count
        let output: LayerShape
        switch layer {
        case .dense(let dense): output = try self.output(of: dense, number)
        case .conv2D(let convolution): output = .image(try self.output(of: convolution, number))
        case .maxPool2D(let pool):
            output = .image(try pooled(layer, window: pool.window, stride: pool.stride, number))
        case .averagePool2D(let pool):
            output = .image(try pooled(layer, window: pool.window, stride: pool.stride, number))
        case .flatten: output = .units(current.count)
        case .dropout(let dropout):
            // 16 bits decide: a rate that rounds to 1 would drop everything.
            guard dropout.rate >= 0, dropout.rate < 1 - 0x1p-16 else {
                throw .value(
                    layer: number, name: layer.description,
                    reason: "its rate must be at least 0 and below 1 − 2⁻¹⁶")
            }
            guard !isDropped else {
                throw .value(
                    layer: number, name: layer.description,
                    reason: "it follows a dropout; combine the two into one")
            }
            output = current
        }
        switch layer {
        case .dropout: isDropped = true
        case .flatten: break
        case .dense, .conv2D, .maxPool2D, .averagePool2D: isDropped = false
        }
        shapes.append(output)
    }

    private mutating func output(of dense: Dense, _ number: Int) throws(NetworkError) -> LayerShape
    {
        guard (1...Network.largestLayer).contains(dense.outputs) else {
            throw .units(layer: number, count: dense.outputs)
        }
        try weigh([dense.outputs, current.count], dense.activation, number)
        return .units(dense.outputs)
    }

    private mutating func output(of layer: Conv2D, _ number: Int) throws(NetworkError) -> ImageShape
    {
        let name = layer.layer.description
        let image = try image(for: name, number)
        guard (1...Network.largestLayer).contains(layer.outputs) else {
            throw .value(
                layer: number, name: name,
                reason: "it needs 1 to \(Network.largestLayer) channels")
        }
        try check(layer.kernel, "kernel", from: 1, name, number)
        try check(layer.stride, "stride", from: 1, name, number)
        try check(layer.padding, "padding", from: 0, name, number)
        let padded = ImageShape(
            channels: image.channels, rows: image.rows + 2 * layer.padding.rows,
            columns: image.columns + 2 * layer.padding.columns)
        try limit(padded, of: image, name, number)
        let output = try windows(
            layer.kernel, layer.stride, over: padded, channels: layer.outputs, of: image, name,
            number)
        try weigh(
            [layer.outputs, image.channels, layer.kernel.rows, layer.kernel.columns],
            layer.activation, number)
        return output
    }

    private func pooled(
        _ layer: Layer, window: Extent, stride: Extent, _ number: Int
    ) throws(NetworkError) -> ImageShape {
        let name = layer.description
        let image = try image(for: name, number)
        try check(window, "window", from: 1, name, number)
        try check(stride, "stride", from: 1, name, number)
        guard window.rows * window.columns <= 255 else {
            throw .value(
                layer: number, name: name, reason: "its window has more than 255 pixels")
        }
        return try windows(
            window, stride, over: image, channels: image.channels, of: image, name, number)
    }

    private func windows(
        _ window: Extent, _ stride: Extent, over padded: ImageShape, channels: Int,
        of image: ImageShape, _ name: String, _ number: Int
    ) throws(NetworkError) -> ImageShape {
        guard window.rows <= padded.rows, window.columns <= padded.columns else {
            throw .window(layer: number, name: name, window: window, input: image)
        }
        let output = ImageShape(
            channels: channels, rows: (padded.rows - window.rows) / stride.rows + 1,
            columns: (padded.columns - window.columns) / stride.columns + 1)
        try limit(output, of: image, name, number)
        return output
    }

    private func limit(
        _ shape: ImageShape, of image: ImageShape, _ name: String, _ number: Int
    ) throws(NetworkError) {
        // Sides are below 2²¹ and channels at most 2²⁰, so their product fits.
        guard shape.count <= Network.largestImage else {
            throw .values(
                layer: number, name: name, input: .image(image), output: .image(shape))
        }
    }

    private func image(for name: String, _ number: Int) throws(NetworkError) -> ImageShape {
        guard case .image(let shape) = current else {
            throw .wantsImage(layer: number, name: name, found: current)
        }
        return shape
    }

    private func check(
        _ extent: Extent, _ what: String, from least: Int, _ name: String, _ number: Int
    ) throws(NetworkError) {
        let range = least...Network.largestExtent
        guard range.contains(extent.rows), range.contains(extent.columns) else {
            throw .value(
                layer: number, name: name,
                reason: "its \(what) must be from \(least) to \(Network.largestExtent)")
        }
    }

    private mutating func weigh(
        _ shape: [Int], _ activation: Activation, _ number: Int
    ) throws(NetworkError) {
        let layer = WeightedLayer(
            index: number, shape: shape, input: current, activation: activation)
        // At most 2²⁰ outputs of 2⁴⁰ inputs each.
        guard layer.parameterCount <= Network.mostParameters - parameters else {
            throw .parameters(layer: number, inputs: layer.inputs, outputs: layer.outputs)
        }
        parameters += layer.parameterCount
        weighted.append(layer)
    }
}
