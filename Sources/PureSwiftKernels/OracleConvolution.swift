/// A convolution of one image in `Double`, as its definition has it, with the magnitudes for
/// derived bounds. Images are [channels][height][width], weights [outputs][inputs][kernel height]
/// [kernel width]; pixels outside an image are zero.
package struct OracleConvolution: Sendable {
    package typealias Extent = (height: Int, width: Int)

    package var inputs, outputs: Int
    package var image, kernel, stride, padding: Extent
    package var weight, bias: [Double]

    package init(
        inputs: Int, outputs: Int, image: Extent, kernel: Extent, stride: Extent = (1, 1),
        padding: Extent = (0, 0), weight: [Double], bias: [Double]
    ) {
        precondition(weight.count == outputs * inputs * kernel.height * kernel.width)
        precondition(bias.count == outputs)
        (self.inputs, self.outputs, self.image, self.kernel) = (inputs, outputs, image, kernel)
        (self.stride, self.padding) = (stride, padding)
        (self.weight, self.bias) = (weight, bias)
    }

    /// Pixels of an output channel.
    package var output: Extent {
        (
            (image.height + 2 * padding.height - kernel.height) / stride.height + 1,
            (image.width + 2 * padding.width - kernel.width) / stride.width + 1
        )
    }

    /// Most terms of an output.
    package var taps: Int { inputs * kernel.height * kernel.width }

    /// Calls `body` with the places of output, weight and input of every product.
    private func forEachProduct(_ body: (_ y: Int, _ w: Int, _ x: Int) -> Void) {
        let output = output
        for o in 0..<outputs {
            for row in 0..<output.height {
                for column in 0..<output.width {
                    let y = (o * output.height + row) * output.width + column
                    for i in 0..<inputs {
                        for r in 0..<kernel.height {
                            let down = row * stride.height + r - padding.height
                            guard (0..<image.height).contains(down) else { continue }
                            for c in 0..<kernel.width {
                                let right = column * stride.width + c - padding.width
                                guard (0..<image.width).contains(right) else { continue }
                                body(
                                    y, ((o * inputs + i) * kernel.height + r) * kernel.width + c,
                                    (i * image.height + down) * image.width + right)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Outputs before the activation.
    package func weightedSums(_ x: [Double]) -> Oracle.Sums {
        let pixels = output.height * output.width
        let start = bias.flatMap { [Double](repeating: $0, count: pixels) }
        var sums = Oracle.Sums(values: start, magnitudes: start.map(abs))
        forEachProduct { y, w, i in
            sums.values[y] += weight[w] * x[i]
            sums.magnitudes[y] += abs(weight[w] * x[i])
        }
        return sums
    }

    /// The gradient by the inputs from `delta`, that by the outputs.
    package func inputDeltas(_ delta: [Double]) -> Oracle.Sums {
        let zeros = [Double](repeating: 0, count: inputs * image.height * image.width)
        var sums = Oracle.Sums(values: zeros, magnitudes: zeros)
        forEachProduct { y, w, i in
            sums.values[i] += weight[w] * delta[y]
            sums.magnitudes[i] += abs(weight[w] * delta[y])
        }
        return sums
    }

    /// The gradients by weights and biases.
    package func gradients(
        _ delta: [Double], inputs x: [Double]
    ) -> (weight: Oracle.Sums, bias: Oracle.Sums) {
        let zeros = weight.map { _ in 0.0 }, none = bias.map { _ in 0.0 }
        var weights = Oracle.Sums(values: zeros, magnitudes: zeros)
        var biases = Oracle.Sums(values: none, magnitudes: none)
        forEachProduct { y, w, i in
            weights.values[w] += x[i] * delta[y]
            weights.magnitudes[w] += abs(x[i] * delta[y])
        }
        let pixels = output.height * output.width
        for (y, d) in delta.enumerated() {
            biases.values[y / pixels] += d
            biases.magnitudes[y / pixels] += abs(d)
        }
        return (weights, biases)
    }
}

/// Windows over the channels of one image, for pools: pixels that fill no window are left out.
package struct OracleWindows: Sendable {
    package var channels: Int
    package var image, window, stride: OracleConvolution.Extent

    package init(
        channels: Int, image: OracleConvolution.Extent, window: OracleConvolution.Extent,
        stride: OracleConvolution.Extent
    ) {
        (self.channels, self.image, self.window, self.stride) = (channels, image, window, stride)
    }

    package var output: OracleConvolution.Extent {
        (
            (image.height - window.height) / stride.height + 1,
            (image.width - window.width) / stride.width + 1
        )
    }

    /// Places in the image that output `y` sees, row by row.
    private func places(_ y: Int) -> [Int] {
        let output = output, pixel = y % (output.height * output.width)
        let channel = y / (output.height * output.width)
        return (0..<window.height).flatMap { r in
            (0..<window.width).map { c in
                (channel * image.height + pixel / output.width * stride.height + r) * image.width
                    + pixel % output.width * stride.width + c
            }
        }
    }

    private var count: Int { channels * output.height * output.width }

    /// The first largest value of each window, or its last NaN, and where in the image it is.
    package func largest(_ x: [Double]) -> (values: [Double], places: [Int]) {
        let found = (0..<count).map { y in
            places(y).reduce(places(y)[0]) { x[$1] > x[$0] || x[$1].isNaN ? $1 : $0 }
        }
        return (found.map { x[$0] }, found)
    }

    /// The gradient by the image from that by the largest values.
    package func largestBackward(_ delta: [Double], places: [Int]) -> Oracle.Sums {
        var sums = noSums
        for (d, place) in zip(delta, places) {
            sums.values[place] += d
            sums.magnitudes[place] += abs(d)
        }
        return sums
    }

    /// The average of each window, and that of its absolute values.
    package func average(_ x: [Double]) -> Oracle.Sums {
        let pixels = Double(window.height * window.width)
        return Oracle.Sums(
            values: (0..<count).map { places($0).reduce(0) { $0 + x[$1] } / pixels },
            magnitudes: (0..<count).map { places($0).reduce(0) { $0 + abs(x[$1]) } / pixels })
    }

    /// The gradient by the image from that by the averages.
    package func averageBackward(_ delta: [Double]) -> Oracle.Sums {
        var sums = noSums
        for (y, d) in delta.enumerated() {
            for place in places(y) {
                sums.values[place] += d / Double(window.height * window.width)
                sums.magnitudes[place] += abs(d) / Double(window.height * window.width)
            }
        }
        return sums
    }

    private var noSums: Oracle.Sums {
        let zeros = [Double](repeating: 0, count: channels * image.height * image.width)
        return Oracle.Sums(values: zeros, magnitudes: zeros)
    }
}
