import PureSwiftKernels
import Testing

/// The oracle's convolutions and pools: against values worked out by hand, and their way back
/// against differences. Both are linear, or linear between ties, so a difference of any step is the
/// derivative but for rounding.
@Suite struct OracleConvolutionTests {
    private static let shapes: [OracleConvolution] = [
        make(inputs: 2, outputs: 3, image: (5, 4), kernel: (3, 3), padding: (1, 1)),
        make(inputs: 1, outputs: 2, image: (7, 6), kernel: (2, 3), stride: (2, 3)),
        make(
            inputs: 3, outputs: 1, image: (4, 5), kernel: (1, 4), stride: (3, 1), padding: (2, 3)),
    ]

    private static func make(
        inputs: Int, outputs: Int, image: OracleConvolution.Extent,
        kernel: OracleConvolution.Extent, stride: OracleConvolution.Extent = (1, 1),
        padding: OracleConvolution.Extent = (0, 0)
    ) -> OracleConvolution {
        OracleConvolution(
            inputs: inputs, outputs: outputs, image: image, kernel: kernel, stride: stride,
            padding: padding,
            weight: OracleGradientTests.values(
                inputs * outputs * kernel.height * kernel.width, start: 3),
            bias: OracleGradientTests.values(outputs, start: 77))
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test func aConvolutionByHand() {
        let one = OracleConvolution(
            inputs: 1, outputs: 1, image: (2, 3), kernel: (2, 2), stride: (1, 2), padding: (0, 1),
            weight: [1, 2, 3, 4], bias: [10])
        // Columns −1, 0 and 1, 2 of [1 2 3; 4 5 6].
        let sums = one.weightedSums([1, 2, 3, 4, 5, 6])
        // 10 + 2·1 + 4·4 and 10 + 1·2 + 2·3 + 3·5 + 4·6
        let expected: [Double] = [28, 57]
        #expect(sums.values == expected)
        #expect(sums.magnitudes == sums.values)
    }

    @Test(arguments: 0..<3) func wayBackEqualsDifferences(shape: Int) {
        let convolution = Self.shapes[shape]
        let image = convolution.image
        let x = OracleGradientTests.values(
            convolution.inputs * image.height * image.width, start: 11)
        let y = convolution.weightedSums(x).values
        let delta = OracleGradientTests.values(y.count, start: 500)
        let (weight, bias) = convolution.gradients(delta, inputs: x)
        let inputs = convolution.inputDeltas(delta)
        func difference(_ moved: OracleConvolution, _ x: [Double]) -> Double {
            dot(delta, moved.weightedSums(x).values) - dot(delta, y)
        }
        for i in weight.values.indices {
            var moved = convolution
            moved.weight[i] += 1
            #expect(abs(difference(moved, x) - weight.values[i]) < 1e-12)
        }
        for i in bias.values.indices {
            var moved = convolution
            moved.bias[i] += 1
            #expect(abs(difference(moved, x) - bias.values[i]) < 1e-12)
        }
        for i in x.indices {
            var moved = x
            moved[i] += 1
            #expect(abs(difference(convolution, moved) - inputs.values[i]) < 1e-12)
        }
    }

    @Test func poolsByHand() {
        let windows = OracleWindows(channels: 1, image: (3, 5), window: (2, 2), stride: (1, 2))
        let x: [Double] = [1, 7, 7, 2, 9, 3, 7, 0, 4, 9, 5, 5, 5, 5, 9]
        let (values, places) = windows.largest(x)
        #expect(values == [7, 7, 7, 5])
        #expect(places == [1, 2, 6, 12])
        let averages: [Double] = [4.5, 3.25, 5, 3.5]
        #expect(windows.average(x).values == averages)
        let spoiled = windows.largest([1, 2, .nan, .nan] + x[4...])
        #expect(spoiled.values[0] == 7 && spoiled.values[1].isNaN && spoiled.places[1] == 3)
    }

    @Test func waysBackOfPoolsEqualDifferences() {
        // Windows overlap, and the last column is in none.
        let windows = OracleWindows(channels: 2, image: (5, 6), window: (3, 2), stride: (1, 3))
        let x = OracleGradientTests.values(60, start: 5)
        let (values, places) = windows.largest(x)
        let averages = windows.average(x).values
        let delta = OracleGradientTests.values(values.count, start: 40)
        let largest = windows.largestBackward(delta, places: places).values
        let average = windows.averageBackward(delta).values
        let step = 0x1p-30  // changes no order
        for i in x.indices {
            var moved = x
            moved[i] += step
            let change = dot(delta, windows.largest(moved).values) - dot(delta, values)
            #expect(abs(change / step - largest[i]) < 1e-5)
            let other = dot(delta, windows.average(moved).values) - dot(delta, averages)
            #expect(abs(other / step - average[i]) < 1e-5)
        }
    }
}
