/// A convolution over a batch of images, and where the kernels' arrays have its values. Images lie as
/// [image][⌈channels / 16⌉][height][width][16], the input of a network's first convolution as
/// [image][height][width][channels]; weights as [⌈outputs / 16⌉][tap][16] with taps in the order
/// (block of inputs, row, column, input of the block), then one for the bias. Padding is zero.
package struct ConvolutionShape: Sendable, Hashable, CustomStringConvertible {
    package struct Extent: Sendable, Hashable {
        package let height, width: Int

        package init(_ height: Int, _ width: Int) { (self.height, self.width) = (height, width) }
    }

    static let lanes = 16

    package let batch, inputs, outputs: Int
    package let image, window, stride, padding: Extent
    package let isFirst: Bool

    package init(
        batch: Int, inputs: Int, outputs: Int, image: Extent, window: Extent = Extent(3, 3),
        stride: Extent = Extent(1, 1), padding: Extent = Extent(1, 1), isFirst: Bool = false
    ) {
        (self.batch, self.inputs, self.outputs) = (batch, inputs, outputs)
        (self.image, self.window, self.stride) = (image, window, stride)
        (self.padding, self.isFirst) = (padding, isFirst)
    }

    /// Batch × inputs → outputs × height × width, and what is not 3 × 3 with a border of 1.
    package var description: String {
        let text = "\(batch)×\(inputs)→\(outputs)×\(image.height)×\(image.width)"
        let usual = ConvolutionShape(
            batch: batch, inputs: inputs, outputs: outputs, image: image, isFirst: isFirst)
        guard self != usual else { return text }
        return text + " \(window.height)×\(window.width)"
            + " stride \(stride.height)×\(stride.width) pad \(padding.height)×\(padding.width)"
    }

    // MARK: Counts

    /// Pixels of an output, before a pool.
    package var output: Extent {
        Extent(
            (image.height + 2 * padding.height - window.height) / stride.height + 1,
            (image.width + 2 * padding.width - window.width) / stride.width + 1)
    }

    /// Pixels behind a max-pool of 2 × 2.
    package var pooled: Extent { Extent(output.height / 2, output.width / 2) }

    /// Terms of an output.
    package var taps: Int { inputs * window.height * window.width }

    /// Of every pass, two for each product; taps outside an image count.
    package var flops: Double { 2 * Double(batch * outputs * output.height * output.width * taps) }

    private static func blocks(_ channels: Int) -> Int { (channels + lanes - 1) / lanes }

    /// Channels side by side in the input, and how many such blocks there are.
    var inputLanes: Int { isFirst ? inputs : Self.lanes }
    var inputBlocks: Int { isFirst ? 1 : Self.blocks(inputs) }
    var outputBlocks: Int { Self.blocks(outputs) }
    /// Rows of a panel of weights before the bias.
    var rows: Int { inputBlocks * window.height * window.width * inputLanes }

    /// Floats of an image of the input or of an output with so many pixels, and of the weights.
    package var inputSize: Int { inputBlocks * image.height * image.width * inputLanes }
    package func outputSize(_ extent: Extent) -> Int {
        outputBlocks * extent.height * extent.width * Self.lanes
    }
    package var weightSize: Int { outputBlocks * (rows + 1) * Self.lanes }

    // MARK: Places

    /// Where an image's array has an input.
    package func inputPlace(_ channel: Int, _ row: Int, _ column: Int) -> Int {
        let (block, lane) = (channel / inputLanes, channel % inputLanes)
        return ((block * image.height + row) * image.width + column) * inputLanes + lane
    }

    /// Where an image's array has an output.
    package func outputPlace(
        _ channel: Int, _ row: Int, _ column: Int, of extent: Extent
    ) -> Int {
        let (block, lane) = (channel / Self.lanes, channel % Self.lanes)
        return ((block * extent.height + row) * extent.width + column) * Self.lanes + lane
    }

    package func weightPlace(_ output: Int, _ input: Int, _ row: Int, _ column: Int) -> Int {
        let (block, lane) = (input / inputLanes, input % inputLanes)
        let tap = (block * window.height + row) * window.width + column
        return place(output, row: tap * inputLanes + lane)
    }

    /// Floats from an input pixel to the next, and from a tap of the window to the next.
    var pixelStep: Int { inputLanes }
    var tapStep: Int { inputLanes * Self.lanes }

    package func biasPlace(_ output: Int) -> Int { place(output, row: rows) }

    private func place(_ output: Int, row: Int) -> Int {
        (output / Self.lanes * (rows + 1) + row) * Self.lanes + output % Self.lanes
    }
}
