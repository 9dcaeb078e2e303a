/// Convolutions as seven loops.
extension Naive {
    /// y = max(bias + x ∗ weights, 0), and of each 2 × 2 of it the largest if `maxPool`.
    package static func convolutionForward(
        _ shape: ConvolutionShape, maxPool: Bool, weights: Span<Float>, x: Span<Float>,
        into y: inout Output
    ) {
        let extent = maxPool ? shape.pooled : shape.output
        let window = maxPool ? 2 : 1
        weights.withUnsafeBufferPointer { w in
            x.withUnsafeBufferPointer { x in
                y.withUnsafeMutableBufferPointer { y in
                    y.update(repeating: 0)
                    forEachOutput(shape, extent) { n, o, row, column, place in
                        var best: Float = 0
                        for r in 0..<window {
                            for c in 0..<window {
                                let sum = weightedSum(
                                    shape, n, o, row * window + r, column * window + c, w, x)
                                best = max(best, sum)
                            }
                        }
                        y[place] = best
                    }
                }
            }
        }
    }

    // One output before the activation.
    private static func weightedSum(
        _ shape: ConvolutionShape, _ n: Int, _ o: Int, _ row: Int, _ column: Int,
        _ w: UnsafeBufferPointer<Float>, _ x: UnsafeBufferPointer<Float>
    ) -> Float {
        var sum = w[shape.biasPlace(o)]
        forEachProduct(shape, n, o, row, column) { tap, i in sum += w[tap] * x[i] }
        return sum
    }

    // Calls `body` with the places of weight and input of every product of an output.
    @inline(__always)
    private static func forEachProduct(
        _ shape: ConvolutionShape, _ n: Int, _ o: Int, _ row: Int, _ column: Int,
        _ body: (_ w: Int, _ x: Int) -> Void
    ) {
        for i in 0..<shape.inputs {
            let weights = shape.weightPlace(o, i, 0, 0)
            let channel = n * shape.inputSize + shape.inputPlace(i, 0, 0)
            for r in 0..<shape.window.height {
                let down = row * shape.stride.height + r - shape.padding.height
                guard down >= 0 && down < shape.image.height else { continue }
                for c in 0..<shape.window.width {
                    let right = column * shape.stride.width + c - shape.padding.width
                    guard right >= 0 && right < shape.image.width else { continue }
                    body(
                        weights + (r * shape.window.width + c) * shape.tapStep,
                        channel + (down * shape.image.width + right) * shape.pixelStep)
                }
            }
        }
    }

    // Calls `body` with every output of images of this extent, and its place.
    @inline(__always)
    private static func forEachOutput(
        _ shape: ConvolutionShape, _ extent: ConvolutionShape.Extent,
        _ body: (_ n: Int, _ o: Int, _ row: Int, _ column: Int, _ place: Int) -> Void
    ) {
        for n in 0..<shape.batch {
            for o in 0..<shape.outputs {
                for row in 0..<extent.height {
                    for column in 0..<extent.width {
                        let place = shape.outputPlace(o, row, column, of: extent)
                        body(n, o, row, column, n * shape.outputSize(extent) + place)
                    }
                }
            }
        }
    }

    /// dx, the gradient by the input, from that by the sums before the activation.
    package static func convolutionBackwardData(
        _ shape: ConvolutionShape, weights: Span<Float>, delta: Span<Float>, into dx: inout Output
    ) {
        weights.withUnsafeBufferPointer { w in
            delta.withUnsafeBufferPointer { delta in
                dx.withUnsafeMutableBufferPointer { dx in
                    dx.update(repeating: 0)
                    forEachOutput(shape, shape.output) { n, o, row, column, d in
                        forEachProduct(shape, n, o, row, column) { tap, x in
                            dx[x] += w[tap] * delta[d]
                        }
                    }
                }
            }
        }
    }

    /// The gradient by weights and biases.
    package static func convolutionBackwardWeights(
        _ shape: ConvolutionShape, x: Span<Float>, delta: Span<Float>, into gradient: inout Output
    ) {
        x.withUnsafeBufferPointer { x in
            delta.withUnsafeBufferPointer { delta in
                gradient.withUnsafeMutableBufferPointer { gradient in
                    gradient.update(repeating: 0)
                    forEachOutput(shape, shape.output) { n, o, row, column, d in
                        gradient[shape.biasPlace(o)] += delta[d]
                        forEachProduct(shape, n, o, row, column) { tap, i in
                            gradient[tap] += x[i] * delta[d]
                        }
                    }
                }
            }
        }
    }
}
