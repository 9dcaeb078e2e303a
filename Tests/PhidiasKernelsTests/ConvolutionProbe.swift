import PhidiasKernels
import PureSwiftKernels

/// Networks around one stage, which bring to light what the kernels compute in it.
///
/// Below: for a stage that is not the first, a convolution over an image of one pixel of value 1,
/// with a kernel as large as the stage's input. Its weights are that input, and its weights'
/// gradient is the stage's gradient by its input, both without a rounding.
/// Above: a layer of one output, whose weights are, times the gradient by the logit, the deltas of
/// the stage's outputs, without a rounding if that gradient is a power of two.
struct ConvolutionProbe {
    private(set) var stage: StageShape
    let input, output: ImageShape
    let isFirst: Bool
    let weights: DenseValues
    /// Of a first stage: bytes of the batch; else an image for the generator.
    let bytes: [UInt8]
    let image: [Float]
    /// Of the stage's outputs, [image][output], and the logits' gradients that make them.
    let deltas: [[Double]]
    private let injector: [Float]
    private let logitDelta: [Float]
    let batch: Int
    static let scale: Float = 0x1.010102p-7, offset: Float = -1

    /// nil if the stage does not fit the input.
    init?(_ stage: StageShape, input: ImageShape, isFirst: Bool, batch: Int, seed: Int) {
        guard let output = stage.output(of: input) else { return nil }
        var state = UInt64(seed)
        func next() -> UInt32 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt32(state >> 33)
        }
        func float() -> Float { Float(next() >> 7) * 0x1p-23 - 1 }
        (self.stage, self.input, self.output, self.isFirst) = (stage, input, output, isFirst)
        self.batch = isFirst ? batch : 1
        if case .convolution(let channels) = stage.kind {
            weights = DenseValues(
                weight: (0..<channels * input.channels * stage.window.height * stage.window.width)
                    .map { _ in float() }, bias: (0..<channels).map { _ in float() })
        } else {
            weights = DenseValues(weight: [], bias: [])
        }
        bytes = (0..<self.batch * input.count).map { _ in
            let byte = next()
            return byte & 3 == 0 ? 0 : UInt8(truncatingIfNeeded: byte >> 8)
        }
        // Zeros and equal values too, for the ties of pools.
        image = (0..<input.count).map { _ in next() & 3 == 0 ? 0 : Float(next() % 64) / 32 - 1 }
        injector = (0..<output.count).map { _ in next() & 7 == 0 ? 0 : float() }
        logitDelta = (0..<self.batch).map { $0 % 3 == 0 ? 1 : $0 % 3 == 1 ? -0.5 : 0.25 }
        let own = injector
        deltas = logitDelta.map { d in own.map { Double($0 * d) } }
    }

    mutating func drop(_ share: Float) { stage.dropout = share }

    /// The stage's input in the order of the oracle, of an image of the batch.
    func inputs(_ index: Int) -> [Double] {
        guard isFirst else { return image.map(Double.init) }
        return bytes[index * input.count..<(index + 1) * input.count].map {
            Double(Self.offset.addingProduct(Float($0), Self.scale))
        }
    }

    /// The generator's weights, whose tap (r, c) makes pixel (height − 1 − r, width − 1 − c), or
    /// the way back.
    private func turned(_ values: [Float]) -> [Float] {
        let pixels = input.height * input.width
        return values.indices.map { values[$0 / pixels * pixels + pixels - 1 - $0 % pixels] }
    }

    struct Results: Equatable {
        /// [image][output], as the kernels have them.
        var outputs: [[Float]]
        var gradient: DenseValues
        /// The gradient by the input; empty for a first stage.
        var inputDeltas: [Float]

        /// All bits, for comparisons; a NaN never occurs.
        var bits: [[UInt32]] {
            (outputs + [gradient.weight, gradient.bias, inputDeltas]).map { $0.map(\.bitPattern) }
        }
    }

    func run(threads: Int = 1, dropout: DropoutKey? = nil) throws -> Results {
        let layer = DenseShape(inputs: output.count, outputs: 1, activation: .identity)
        let generator = StageShape.convolution(
            input.channels, kernel: Extent(input.height, input.width),
            padding: Extent(input.height - 1, input.width - 1))
        let one = ImageShape(channels: 1, height: 1, width: 1)
        let stack = try NetworkStack(
            .init(
                input: isFirst ? input : one, stages: isFirst ? [stage] : [generator, stage],
                layers: [layer]), batchCapacity: batch, role: .training, threads: threads)
        let place = isFirst ? 0 : 1
        if !isFirst {
            stack.set(
                of: 0,
                to: DenseValues(
                    weight: turned(image), bias: [Float](repeating: 0, count: input.channels)))
        }
        stack.set(of: place, to: weights)
        stack.set(of: place + 1, to: DenseValues(weight: injector, bias: [0]))
        let bytes: [UInt8] = isFirst ? bytes : [1]
        let indices = (0..<UInt32(batch)).map { $0 }
        var logits = [Float](repeating: 0, count: batch)
        var span = logits.mutableSpan
        stack.forward(
            images: bytes.span, indices: indices.span, scale: isFirst ? Self.scale : 1,
            offset: isFirst ? Self.offset : 0, dropout: dropout, logits: &span, threads: threads)
        try stack.gradient(delta: logitDelta.span)
        return Results(
            outputs: (0..<batch).map { stack.outputs(ofStage: place, image: $0) },
            gradient: stack.values(.gradient, of: place),
            inputDeltas: isFirst ? [] : turned(stack.values(.gradient, of: 0).weight))
    }
}

/// Of a stage in `Double`, given the outputs that the kernels made: what they should have made, and
/// bounds of the errors.
struct StageOracle {
    var probe: ConvolutionProbe
    var weights: DenseValues

    init(_ probe: ConvolutionProbe) { (self.probe, weights) = (probe, probe.weights) }

    private var stage: StageShape { probe.stage }

    private func extent(_ e: Extent) -> OracleConvolution.Extent { (e.height, e.width) }

    private var convolution: OracleConvolution? {
        guard case .convolution(let channels) = stage.kind else { return nil }
        return OracleConvolution(
            inputs: probe.input.channels, outputs: channels,
            image: (probe.input.height, probe.input.width), kernel: extent(stage.window),
            stride: extent(stage.stride), padding: extent(stage.padding),
            weight: weights.weight.map(Double.init), bias: weights.bias.map(Double.init))
    }

    /// The pool of the stage, or the one behind its convolution.
    private func windows(of convolution: OracleConvolution?) -> OracleWindows {
        guard let convolution else {
            return OracleWindows(
                channels: probe.input.channels, image: (probe.input.height, probe.input.width),
                window: extent(stage.window), stride: extent(stage.stride))
        }
        return OracleWindows(
            channels: convolution.outputs, image: convolution.output, window: (2, 2),
            stride: (2, 2))
    }

    /// k steps of fma from the bias: γ_{k+3}(Σ|w||x| + |b|). Then the activation's
    /// bound; a maximum never widens it.
    func outputs(_ image: Int) -> (exact: [Double], bounds: [Double]) {
        let x = probe.inputs(image)
        guard let convolution else {
            let windows = windows(of: nil)
            if stage.kind == .maxPool {
                let exact = windows.largest(x).values
                return (exact, exact.map { _ in 0 })
            }
            let sums = windows.average(x)
            let gamma = Oracle.gamma(stage.window.height * stage.window.width + 1)
            return (sums.values, sums.magnitudes.map { gamma * $0 })
        }
        let sums = convolution.weightedSums(x), gamma = Oracle.gamma(convolution.taps + 3)
        let exact = sums.values.map { stage.activation.oracle($0) }
        let bounds = zip(sums.magnitudes, exact).map { magnitude, y in
            KernelTests.Stack.outputBound(stage.activation.oracle, y, sum: gamma * magnitude)
        }
        guard stage.maxPool else { return (exact, bounds) }
        return (windows(of: convolution).largest(exact).values, widest(bounds, convolution))
    }

    /// The widest bound of each window.
    private func widest(_ bounds: [Double], _ convolution: OracleConvolution) -> [Double] {
        windows(of: convolution).largest(bounds).values
    }

    /// Deltas of the convolution's sums, by the slopes of the outputs that the kernels made; the
    /// error is that of two roundings at most. nil where the kernels could see another largest value
    /// than the oracle does: their sums differ by less than the bounds.
    func convolutionDeltas(_ image: Int, outputs: [Float]) -> [Double]? {
        guard let convolution else { return nil }
        var delta = zip(probe.deltas[image], outputs).map {
            $0 * stage.activation.oracle.slope(output: Double($1))
        }
        guard stage.maxPool else { return delta }
        let sums = convolution.weightedSums(probe.inputs(image))
        let windows = windows(of: convolution)
        let places = windows.largest(sums.values).places
        let gamma = Oracle.gamma(convolution.taps + 3)
        // The second largest value of each window must be clearly below the largest.
        var others = sums.values
        for place in places { others[place] = -.infinity }
        let seconds = windows.largest(others)
        for (index, place) in places.enumerated() where delta[index] != 0 {
            let second = seconds.places[index]
            let apart = gamma * (sums.magnitudes[place] + sums.magnitudes[second])
            if !(sums.values[place] - seconds.values[index] > apart) { return nil }
        }
        delta = windows.largestBackward(delta, places: places).values
        return delta
    }

    /// Whether gradients are within γ_n of the sum of the terms' magnitudes, n their number over
    /// all images and pixels, and two more for the delta's own roundings.
    func gradientIsRight(_ got: DenseValues, deltas: [[Double]]) -> Bool {
        guard let convolution else { return got.weight.isEmpty && got.bias.isEmpty }
        let sums = deltas.enumerated().map { image, delta in
            convolution.gradients(delta, inputs: probe.inputs(image))
        }
        func total(_ of: KeyPath<Oracle.Sums, [Double]>, _ count: Int, bias: Bool) -> [Double] {
            sums.reduce(into: [Double](repeating: 0, count: count)) { total, own in
                for (i, value) in (bias ? own.bias : own.weight)[keyPath: of].enumerated() {
                    total[i] += value
                }
            }
        }
        let output = convolution.output
        let gamma = Oracle.gamma(deltas.count * output.height * output.width + 3)
        func isRight(_ got: [Float], bias: Bool) -> Bool {
            KernelTests.Stack.isWithin(
                got, total(\.values, got.count, bias: bias),
                total(\.magnitudes, got.count, bias: bias).map { gamma * $0 })
        }
        return isRight(got.weight, bias: false) && isRight(got.bias, bias: true)
    }

    /// The gradient by the input, of a stage that is not the first: a chain over the taps that meet
    /// a pixel, or over the windows.
    func inputDeltasAreRight(_ got: [Float], delta: [Double], outputs: [Float]) -> Bool {
        let sums: Oracle.Sums, count: Int
        if let convolution {
            sums = convolution.inputDeltas(delta)
            count = convolution.outputs * stage.window.height * stage.window.width
        } else {
            let windows = windows(of: nil)
            sums =
                stage.kind == .maxPool
                ? windows.largestBackward(
                    probe.deltas[0], places: windows.largest(probe.inputs(0)).places)
                : windows.averageBackward(probe.deltas[0])
            count = stage.window.height * stage.window.width
        }
        let gamma = Oracle.gamma(count + 3)
        return KernelTests.Stack.isWithin(got, sums.values, sums.magnitudes.map { gamma * $0 })
    }
}
