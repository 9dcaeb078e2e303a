import PhidiasKernels
import PureSwiftKernels

/// A pass of a convolution over a batch.
package enum ConvolutionPass: String, Sendable, CaseIterable {
    /// Bias and ReLU included.
    case forward
    /// The same with a max-pool of 2 × 2, as training has it.
    case forwardPool = "forward-pool"
    case backwardData = "backward-data"
    case backwardWeights = "backward-weights"
}

/// What a convolution computes with, in the order of the oracle: x [batch][inputs][height][width],
/// weight [outputs][inputs][height][width], bias, and delta, the gradient by the outputs before the
/// activation, [batch][outputs][height][width].
package struct ConvolutionData: Sendable {
    package let shape: ConvolutionShape
    package let weight, bias, x, delta: [Float]

    package init(_ shape: ConvolutionShape, seed: UInt64) {
        var inputs = InputGenerator(seed: seed)
        let pixels = shape.output.height * shape.output.width
        self.shape = shape
        weight = inputs.floats(shape.outputs * shape.taps)
        bias = inputs.floats(shape.outputs)
        x = inputs.floats(
            shape.batch * shape.inputs * shape.image.height * shape.image.width)
        delta = inputs.floats(shape.batch * shape.outputs * pixels)
    }

    package init(
        _ shape: ConvolutionShape, weight: [Float], bias: [Float], x: [Float], delta: [Float]
    ) {
        (self.shape, self.weight, self.bias) = (shape, weight, bias)
        (self.x, self.delta) = (x, delta)
    }

    // MARK: The kernels' arrays

    // Places of values in the order of the oracle.
    private func places(
        _ channels: Int, _ extent: ConvolutionShape.Extent, size: Int,
        _ place: (Int, Int, Int) -> Int
    ) -> [Int] {
        let image = (0..<channels).flatMap { channel in
            (0..<extent.height).flatMap { row in
                (0..<extent.width).map { place(channel, row, $0) }
            }
        }
        return (0..<shape.batch).flatMap { n in image.map { n * size + $0 } }
    }

    private var inputPlaces: [Int] {
        places(shape.inputs, shape.image, size: shape.inputSize, shape.inputPlace)
    }

    private func outputPlaces(_ extent: ConvolutionShape.Extent) -> [Int] {
        places(shape.outputs, extent, size: shape.outputSize(extent)) {
            shape.outputPlace($0, $1, $2, of: extent)
        }
    }

    // Of weights and, after them, biases.
    private var parameterPlaces: [Int] {
        let weights = (0..<shape.outputs * shape.taps).map { index in
            let pixels = shape.window.height * shape.window.width
            return shape.weightPlace(
                index / shape.taps, index % shape.taps / pixels,
                index % pixels / shape.window.width, index % shape.window.width)
        }
        return weights + (0..<shape.outputs).map { shape.biasPlace($0) }
    }

    // Zeros elsewhere, in lanes past the last channel.
    private func array<Value: Numeric>(_ values: [Value], at places: [Int], size: Int) -> [Value] {
        var array = [Value](repeating: 0, count: size)
        for (place, value) in zip(places, values) { array[place] = value }
        return array
    }

    var weightArray: [Float] {
        array(weight + bias, at: parameterPlaces, size: shape.weightSize)
    }
    var xArray: [Float] { array(x, at: inputPlaces, size: shape.batch * shape.inputSize) }
    var deltaArray: [Float] {
        array(
            delta, at: outputPlaces(shape.output),
            size: shape.batch * shape.outputSize(shape.output))
    }

    // What a pass gives: places, and floats of the array.
    private func result(_ pass: ConvolutionPass) -> (places: [Int], size: Int) {
        switch pass {
        case .forward:
            (outputPlaces(shape.output), shape.batch * shape.outputSize(shape.output))
        case .forwardPool:
            (outputPlaces(shape.pooled), shape.batch * shape.outputSize(shape.pooled))
        case .backwardData: (inputPlaces, shape.batch * shape.inputSize)
        case .backwardWeights: (parameterPlaces, shape.weightSize)
        }
    }

    func resultSize(_ pass: ConvolutionPass) -> Int { result(pass).size }

    /// What the kernels give, in the order of the oracle; gradients by biases after those by
    /// weights.
    package func result(_ pass: ConvolutionPass, threads: Int) throws -> [Float] {
        let prepared = KernelOperation.prepareConvolution(pass, self, isAligned: true)
        let buffer = try prepared.result(.kernels(threads: threads)).buffers[0]
        let array = Array(buffer[prepared.outputs[0].extent])
        return result(pass).places.map { array[$0] }
    }

    // MARK: The oracle

    private var oracle: OracleConvolution {
        OracleConvolution(
            inputs: shape.inputs, outputs: shape.outputs,
            image: (shape.image.height, shape.image.width),
            kernel: (shape.window.height, shape.window.width),
            stride: (shape.stride.height, shape.stride.width),
            padding: (shape.padding.height, shape.padding.width),
            weight: weight.map(Double.init), bias: bias.map(Double.init))
    }

    private func image(_ values: [Float], _ index: Int) -> [Double] {
        let count = values.count / shape.batch
        return values[index * count..<(index + 1) * count].map(Double.init)
    }

    /// What a pass gives, in the kernels' array.
    func expectation(_ pass: ConvolutionPass) -> KernelCase.Expectation {
        // A sum of n products has n − 1 additions and at most a rounding for each product, and may
        // start at the bias.
        let sums = sums(pass), gamma = Oracle.gamma(sums.terms + 3)
        let (places, size) = result(pass)
        return KernelCase.Expectation(
            values: array(sums.values, at: places, size: size),
            bounds: array(sums.magnitudes.map { gamma * $0 }, at: places, size: size))
    }

    // In the order of the oracle, and how many terms a sum has. ReLU and a maximum never widen a
    // bound.
    private func sums(
        _ pass: ConvolutionPass
    ) -> (values: [Double], magnitudes: [Double], terms: Int) {
        let oracle = oracle
        var values: [Double] = [], magnitudes: [Double] = []
        switch pass {
        case .forward, .forwardPool:
            for n in 0..<shape.batch {
                let sums = oracle.weightedSums(image(x, n)), ends = sums.values.map { max($0, 0) }
                values += pass == .forward ? ends : largest(ends)
                magnitudes += pass == .forward ? sums.magnitudes : largest(sums.magnitudes)
            }
            return (values, magnitudes, shape.taps)
        case .backwardData:
            for n in 0..<shape.batch {
                let sums = oracle.inputDeltas(image(delta, n))
                values += sums.values
                magnitudes += sums.magnitudes
            }
            return (values, magnitudes, shape.outputs * shape.window.height * shape.window.width)
        case .backwardWeights:
            values = [Double](repeating: 0, count: weight.count + bias.count)
            magnitudes = values
            for n in 0..<shape.batch {
                let (weights, biases) = oracle.gradients(image(delta, n), inputs: image(x, n))
                for (i, value) in (weights.values + biases.values).enumerated() {
                    values[i] += value
                }
                for (i, value) in (weights.magnitudes + biases.magnitudes).enumerated() {
                    magnitudes[i] += value
                }
            }
            return (values, magnitudes, shape.batch * shape.output.height * shape.output.width)
        }
    }

    // Of each window of 2 × 2.
    private func largest(_ values: [Double]) -> [Double] {
        OracleWindows(
            channels: shape.outputs, image: (shape.output.height, shape.output.width),
            window: (2, 2), stride: (2, 2)
        ).largest(values).values
    }
}
