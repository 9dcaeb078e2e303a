import KernelOperations
import PhidiasKernels
import PureSwiftKernels
import Testing

extension KernelTests {
    /// One stage at a time against the oracle, over random shapes, strides and borders.
    @Suite struct Convolutions {
        /// Probes of stages of a kind, as first stage or above another.
        static func probes(_ count: Int, _ seed: Int, isFirst: Bool) -> [ConvolutionProbe] {
            var state = UInt64(seed)
            func below(_ bound: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % bound
            }
            func extent(_ least: Int, _ count: Int) -> Extent {
                Extent(least + below(count), least + below(count))
            }
            var probes: [ConvolutionProbe] = []
            while probes.count < count {
                let stage: StageShape
                let window = extent(1, 4), stride = extent(1, below(2) == 0 ? 3 : 1)
                switch below(6) {
                case 0: stage = .pool(.maxPool, window: window, stride: stride)
                case 1: stage = .pool(.averagePool, window: window, stride: stride)
                default:
                    let activation = ActivationKind.allCases[below(ActivationKind.allCases.count)]
                    stage = .convolution(
                        1 + below(36), kernel: window, stride: stride, padding: extent(0, 5),
                        activation: activation,
                        maxPool: activation.commutesWithMaxPool && below(2) == 0)
                }
                let input = ImageShape(
                    channels: 1 + below(below(2) == 0 ? 4 : 35), height: 1 + below(12),
                    width: 1 + below(14))
                let batch = 1 + below(20)
                let probe = ConvolutionProbe(
                    stage, input: input, isFirst: isFirst, batch: batch, seed: probes.count)
                if let probe { probes.append(probe) }
            }
            return probes
        }

        /// The shapes of dbl-2024.
        static let known = [
            ConvolutionProbe(
                .convolution(
                    16, kernel: Extent(3), padding: Extent(1), activation: .relu, maxPool: true),
                input: ImageShape(channels: 1, height: 28, width: 28), isFirst: true, batch: 5,
                seed: 1),
            ConvolutionProbe(
                .convolution(
                    32, kernel: Extent(3), padding: Extent(1), activation: .relu, maxPool: true),
                input: ImageShape(channels: 16, height: 14, width: 14), isFirst: false, batch: 1,
                seed: 2),
        ].compactMap { $0 }

        static let all = known + probes(60, 3, isFirst: true) + probes(100, 4, isFirst: false)

        /// What is wrong with a stage's results, or nil. `compared`: whether its deltas were, which
        /// a tie behind a max-pool does not allow.
        static func fault(
            _ oracle: StageOracle, _ results: ConvolutionProbe.Results, compared: inout Bool
        ) -> String? {
            let probe = oracle.probe
            var deltas: [[Double]] = []
            for image in 0..<probe.batch {
                let (exact, bounds) = oracle.outputs(image)
                guard Stack.isWithin(results.outputs[image], exact, bounds) else {
                    return "outputs of image \(image)"
                }
                if let delta = oracle.convolutionDeltas(image, outputs: results.outputs[image]) {
                    deltas.append(delta)
                }
            }
            compared = deltas.count == probe.batch || !probe.stage.isConvolution
            guard compared else { return nil }
            guard oracle.gradientIsRight(results.gradient, deltas: deltas) else {
                return "gradient"
            }
            let right =
                probe.isFirst
                || oracle.inputDeltasAreRight(
                    results.inputDeltas, delta: deltas.first ?? [], outputs: results.outputs[0])
            return right ? nil : "deltas of inputs"
        }

        @Test func stagesAreRight() throws {
            var comparisons = 0
            for probe in Self.all {
                var compared = false
                let fault = try Self.fault(
                    StageOracle(probe), probe.run(threads: 2), compared: &compared)
                comparisons += compared ? 1 : 0
                #expect(fault == nil, "\(probe.stage) over \(probe.input)")
            }
            // Ties are few, or the test would prove little.
            #expect(comparisons > Self.all.count * 3 / 4)
        }

        @Test func everyTableAndNumberOfThreadsHasTheBitsOfTheReference() throws {
            defer { KernelTable.select(nil) }
            let key = DropoutKey(seed: 0x1234_5678_9abc_def0, epoch: 5, purpose: 9)
            for var probe in Self.known + Self.probes(40, 7, isFirst: true)
                + Self.probes(60, 8, isFirst: false)
            {
                probe.drop(0.3)
                #expect(KernelTable.select("reference"))
                let reference = try probe.run(dropout: key).bits
                for table in KernelTable.available {
                    #expect(KernelTable.select(table))
                    for threads in [1, 2, 3, 7] {
                        #expect(
                            try probe.run(threads: threads, dropout: key).bits == reference,
                            "\(table), \(threads) threads: \(probe.stage) over \(probe.input)")
                    }
                }
            }
        }

        /// The passes without a network: of first stages, whose batch has several images for each
        /// chain, and of others.
        @Test func aConvolutionAloneHasTheBitsOfANetwork() throws {
            for (isFirst, batch) in [(true, 37), (true, 5), (false, 1)] {
                let input = ImageShape(channels: isFirst ? 2 : 18, height: 6, width: 7)
                let stage = StageShape.convolution(
                    17, kernel: Extent(3, 2), stride: Extent(1, 2), padding: Extent(1, 0))
                let probe = try #require(
                    ConvolutionProbe(stage, input: input, isFirst: isFirst, batch: batch, seed: 9))
                let data = ConvolutionData(
                    ConvolutionShape(
                        batch: batch, inputs: input.channels, outputs: 17, image: .init(6, 7),
                        window: .init(3, 2), stride: .init(1, 2), padding: .init(1, 0),
                        isFirst: isFirst),
                    weight: probe.weights.weight, bias: probe.weights.bias,
                    x: (0..<batch).flatMap { probe.inputs($0).map { Float($0) } },
                    delta: probe.deltas.flatMap { $0.map { Float($0) } })
                let network = try probe.run(threads: 2)
                // Of the network's outputs ReLU changes half, which is not the point here.
                let outputs = network.outputs.flatMap { $0.map { $0 > 0 ? $0 : 0 } }
                #expect(try data.result(.forward, threads: 2) == outputs)
                #expect(
                    try data.result(.backwardWeights, threads: 2)
                        == network.gradient.weight + network.gradient.bias)
                if !isFirst {
                    #expect(
                        try data.result(.backwardData, threads: 2) == network.inputDeltas)
                }
            }
        }

        /// The check of stages is shown wrong weights, outputs and gradients.
        @Test func wrongStagesAreSeen() throws {
            let stage = StageShape.convolution(
                17, kernel: Extent(3), padding: Extent(1), activation: .identity)
            let input = ImageShape(channels: 18, height: 6, width: 5)
            let probe = try #require(
                ConvolutionProbe(stage, input: input, isFirst: false, batch: 1, seed: 5))
            let results = try probe.run()
            var compared = false
            func fault(
                _ change: (inout StageOracle, inout ConvolutionProbe.Results) -> Void
            ) -> String? {
                var oracle = StageOracle(probe), changed = results
                change(&oracle, &changed)
                return Self.fault(oracle, changed, compared: &compared)
            }
            #expect(fault { _, _ in } == nil)
            #expect(fault { oracle, _ in oracle.weights.weight.swapAt(0, 1) } != nil)
            #expect(fault { oracle, _ in oracle.weights.bias.swapAt(0, 16) } != nil)
            #expect(fault { $1.outputs[0][7] += 0x1p-8 } != nil)
            #expect(fault { $1.gradient.weight[9] += 0x1p-12 } != nil)
            #expect(fault { $1.gradient.bias[16] = .nan } != nil)
            #expect(fault { $1.inputDeltas.swapAt(0, 1) } != nil)
        }
    }
}
