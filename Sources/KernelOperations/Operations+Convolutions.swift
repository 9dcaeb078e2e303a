import PhidiasKernels
import PureSwiftKernels

extension KernelOperation {
    /// The passes of a convolution alone.
    static let convolutions = ConvolutionPass.allCases.map { convolution($0) }

    /// The two of dbl-2024. The first one's input are images, whose gradient nobody asks for.
    package static let convolutionShapes = [
        ConvolutionShape(batch: 64, inputs: 1, outputs: 16, image: .init(28, 28), isFirst: true),
        ConvolutionShape(batch: 64, inputs: 16, outputs: 32, image: .init(14, 14)),
    ]

    // Around blocks of channels and tiles of pixels; borders that are narrow, and wider than the
    // window; fewer and more images than chains.
    private static let edgeConvolutions = [
        ConvolutionShape(
            batch: 2, inputs: 3, outputs: 2, image: .init(3, 4), window: .init(2, 2),
            padding: .init(0, 0)),
        ConvolutionShape(batch: 20, inputs: 1, outputs: 16, image: .init(7, 9), isFirst: true),
        ConvolutionShape(
            batch: 3, inputs: 3, outputs: 17, image: .init(6, 6), window: .init(2, 3),
            stride: .init(2, 1), padding: .init(1, 2), isFirst: true),
        ConvolutionShape(batch: 17, inputs: 16, outputs: 32, image: .init(6, 5)),
        ConvolutionShape(
            batch: 5, inputs: 18, outputs: 33, image: .init(9, 7), window: .init(3, 2),
            stride: .init(2, 3), padding: .init(0, 1)),
        ConvolutionShape(
            batch: 2, inputs: 4, outputs: 5, image: .init(4, 13), window: .init(1, 1),
            padding: .init(0, 0)),
        ConvolutionShape(
            batch: 2, inputs: 5, outputs: 3, image: .init(3, 3), window: .init(5, 5),
            padding: .init(4, 3)),
        ConvolutionShape(
            batch: 1, inputs: 2, outputs: 3, image: .init(4, 5), window: .init(1, 4),
            stride: .init(3, 1), padding: .init(2, 3)),
        ConvolutionShape(batch: 40, inputs: 1, outputs: 3, image: .init(2, 2)),
        ConvolutionShape(batch: 0, inputs: 2, outputs: 3, image: .init(2, 3)),
    ]

    private static func convolution(_ pass: ConvolutionPass) -> KernelOperation {
        func sizes(_ shapes: [ConvolutionShape]) -> [Size] {
            shapes.filter { shape in
                switch pass {
                case .forwardPool: shape.pooled.height > 0 && shape.pooled.width > 0
                case .backwardData: !shape.isFirst
                case .forward, .backwardWeights: true
                }
            }.map { Size($0) }
        }
        return KernelOperation(
            name: "conv-\(pass.rawValue)", edges: sizes(edgeConvolutions),
            benchmarks: sizes(convolutionShapes), flops: { shape(of: $0).flops },
            bytes: { size in
                let shape = shape(of: size)
                let image = shape.inputSize + shape.outputSize(shape.output)
                return 4 * Double(shape.batch * image + shape.weightSize)
            }, isTuned: true
        ) { size, seed in
            prepareConvolution(
                pass, ConvolutionData(shape(of: size), seed: seed),
                isAligned: seed == timingSeed)
        }
    }

    private static func shape(of size: Size) -> ConvolutionShape {
        guard let shape = size.convolution else { preconditionFailure("\(size): no convolution") }
        return shape
    }

    package static func prepareConvolution(
        _ pass: ConvolutionPass, _ data: ConvolutionData, isAligned: Bool
    ) -> KernelCase {
        func guarded(_ values: [Float]) -> GuardedMatrix {
            GuardedMatrix(values, isAligned: isAligned)
        }
        let weights = guarded(data.weightArray)
        let x = guarded(data.xArray), delta = guarded(data.deltaArray)
        let result = guarded([Float](repeating: .nan, count: data.resultSize(pass)))
        return KernelCase(outputs: [result], overwrites: true) { _ in
            [data.expectation(pass)]
        } body: { implementation, buffers in
            let arrays = ConvolutionArrays(
                pass: pass, shape: data.shape, weights: weights, x: x, delta: delta)
            try withSpan(&buffers, result.extent) { out in
                try arrays.run(implementation, &out)
            }
            return 0
        }
    }
}

/// The arrays of a pass, and everybody's call with them.
private struct ConvolutionArrays {
    let pass: ConvolutionPass
    let shape: ConvolutionShape
    let weights, x, delta: GuardedMatrix

    private var stage: StageShape {
        .convolution(
            shape.outputs, kernel: Extent(shape.window.height, shape.window.width),
            stride: Extent(shape.stride.height, shape.stride.width),
            padding: Extent(shape.padding.height, shape.padding.width), activation: .relu,
            maxPool: pass == .forwardPool)
    }

    func run(_ implementation: Implementation, _ out: inout MutableSpan<Float>) throws {
        let weights = weights.storage.span.extracting(weights.extent)
        let x = x.storage.span.extracting(x.extent)
        let delta = delta.storage.span.extracting(delta.extent)
        switch implementation {
        case .kernels(let threads): try byKernels(weights, x, delta, &out, threads)
        case .naive: byNaive(weights, x, delta, &out)
        case .tuned(let threads): byTuned(weights, x, delta, &out, threads)
        }
    }

    private func byKernels(
        _ weights: Span<Float>, _ x: Span<Float>, _ delta: Span<Float>,
        _ out: inout MutableSpan<Float>, _ threads: Int
    ) throws {
        let input = ImageShape(
            channels: shape.inputs, height: shape.image.height, width: shape.image.width)
        switch pass {
        case .forward, .forwardPool:
            try Kernels.convolutionForward(
                stage, input: input, isFirst: shape.isFirst, batch: shape.batch, weights: weights,
                x: x, into: &out, threads: threads)
        case .backwardData:
            try Kernels.convolutionBackwardData(
                stage, input: input, batch: shape.batch, weights: weights, delta: delta,
                into: &out, threads: threads)
        case .backwardWeights:
            try Kernels.convolutionBackwardWeights(
                stage, input: input, isFirst: shape.isFirst, batch: shape.batch, x: x,
                delta: delta, into: &out, threads: threads)
        }
    }

    private func byNaive(
        _ weights: Span<Float>, _ x: Span<Float>, _ delta: Span<Float>,
        _ out: inout MutableSpan<Float>
    ) {
        switch pass {
        case .forward, .forwardPool:
            Naive.convolutionForward(
                shape, maxPool: pass == .forwardPool, weights: weights, x: x, into: &out)
        case .backwardData:
            Naive.convolutionBackwardData(shape, weights: weights, delta: delta, into: &out)
        case .backwardWeights:
            Naive.convolutionBackwardWeights(shape, x: x, delta: delta, into: &out)
        }
    }

    private func byTuned(
        _ weights: Span<Float>, _ x: Span<Float>, _ delta: Span<Float>,
        _ out: inout MutableSpan<Float>, _ threads: Int
    ) {
        switch pass {
        case .forward, .forwardPool:
            Tuned.convolutionForward(
                shape, maxPool: pass == .forwardPool, weights: weights, x: x, into: &out,
                threads: threads)
        case .backwardData:
            Tuned.convolutionBackwardData(
                shape, weights: weights, delta: delta, into: &out, threads: threads)
        case .backwardWeights:
            Tuned.convolutionBackwardWeights(
                shape, x: x, delta: delta, into: &out, threads: threads)
        }
    }
}
