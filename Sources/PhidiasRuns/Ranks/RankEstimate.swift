import Phidias

/// An estimate of what a step takes when several machines share the training of one network, a rank on
/// each: when that is worth it. It agrees within some per cent with what was measured on one machine.
///
/// A rank computes its share of the units of every layer but the last. Of a layer between hidden ones it
/// updates the weights into its own units and those out of its own units below. For each hidden layer
/// the ranks exchange activations, and for each but the first deltas too; then they agree on how to go
/// on. What is exchanged does not become less with more ranks, so that the speed-up has a limit.
public struct RankEstimate: Sendable, Hashable {
    /// What lies between the machines.
    public struct Link: Sendable, Hashable {
        /// The time that a short message takes, in seconds.
        public var latency: Double
        /// Bytes in a second, each way.
        public var bandwidth: Double

        /// - Parameters:
        ///   - latency: in seconds, at least 0.
        ///   - bandwidth: in bytes a second, above 0.
        public init(latency: Double, bandwidth: Double) {
            (self.latency, self.bandwidth) = (latency, bandwidth)
        }

        /// Ethernet of 10 Gb/s.
        public static let ethernet = Link(latency: 10e-6, bandwidth: 1.1e9)
        /// InfiniBand of 100 Gb/s.
        public static let infiniBand = Link(latency: 1.5e-6, bandwidth: 10e9)
    }

    /// Inputs, and units of each layer.
    private let sizes: [Int]
    /// Images of a step.
    public let batchSize: Int

    /// - Parameters:
    ///   - network: of dense layers alone.
    ///   - batchSize: images of a step.
    /// - Throws: `RankError.network` for another network.
    public init(_ network: Network, batchSize: Int) throws(RankError) {
        guard network.isDense else { throw .network(network.description) }
        sizes = [network.inputs] + network.weighted.map(\.outputs)
        self.batchSize = batchSize
    }

    /// Seconds of software in a collective call, beside its messages.
    private static let software = 3e-6
    /// Seconds in which the threads of a machine meet, twice for each layer.
    private static let meeting = 1e-6

    private static func panels(_ units: Int) -> Int { (units + 15) / 16 }

    /// Additions and multiplications of one product with the weights of layer `place`, whose units fill
    /// whole panels.
    private func product(_ place: Int) -> Double {
        2 * Double(batchSize) * Double(sizes[place]) * Double(Self.panels(sizes[place + 1]) * 16)
    }

    /// The layers, from 0.
    private var layers: Range<Int> { 0..<sizes.count - 1 }

    /// The largest share that a rank has of the units of layer `place`; of the last it has all.
    private func share(_ place: Int, _ ranks: Int) -> Double {
        let panels = Self.panels(sizes[place + 1])
        return place == layers.upperBound - 1
            ? 1 : Double((panels + ranks - 1) / ranks) / Double(panels)
    }

    /// Additions and multiplications of a step, by the rank that has most to do: forward, weight gradient
    /// and, above the first layer, deltas.
    /// - Parameter ranks: at least 1.
    public func flops(ranks: Int) -> Double {
        layers.reduce(0) { sum, place in
            let own = share(place, ranks)
            guard place > 0 else { return sum + 2 * product(0) * own }
            let below = share(place - 1, ranks)
            let isLast = place == layers.upperBound - 1
            // Weights into own units and out of them, those that are both only once.
            let updated = isLast ? 1 : own + below - own * below
            return sum + product(place) * (own + below + updated)
        }
    }

    /// The bytes of each array that the ranks exchange in a step: 2 L − 1 for L hidden layers.
    private var exchanges: [Double] {
        layers.dropLast().flatMap { place -> [Double] in
            let bytes = 4 * Double(batchSize) * Double(Self.panels(sizes[place + 1]) * 16)
            return place > 0 ? [bytes, bytes] : [bytes]
        }
    }

    /// Seconds that the messages of a step take; 0 for one rank.
    /// - Parameters:
    ///   - ranks: at least 1.
    ///   - link: between them.
    public func messageSeconds(ranks: Int, over link: Link) -> Double {
        guard ranks > 1 else { return 0 }
        var rounds = 0
        while 1 << rounds < ranks { rounds += 1 }
        let latency = Double(rounds) * link.latency
        let others = Double(ranks - 1) / Double(ranks)
        let agreement = Self.software + 2 * latency
        return exchanges.reduce(agreement) {
            $0 + Self.software + latency + $1 * others / link.bandwidth
        }
    }

    /// Seconds of a step.
    /// - Parameters:
    ///   - ranks: at least 1.
    ///   - speed: additions and multiplications of a machine in a second, when it trains such a network
    ///     alone.
    ///   - link: between the machines.
    public func seconds(ranks: Int, speed: Double, over link: Link) -> Double {
        flops(ranks: ranks) / speed + 2 * Double(layers.count) * Self.meeting
            + messageSeconds(ranks: ranks, over: link)
    }
}

extension RankEstimate {
    /// Additions and multiplications in a second of this machine, when it trains such a network alone:
    /// measured over about half a second, with images of whose pixels one in five is set, as of
    /// handwritten digits.
    /// - Parameter threads: of a step.
    /// - Throws: `ModelError` where memory or threads are missing.
    public func measuredSpeed(threads: Int) throws -> Double {
        let classes = max(sizes[sizes.count - 1], 2)
        let network = try Network(
            input: ImageShape(rows: 1, columns: sizes[0]),
            layers: sizes[1...].dropLast().map { .dense(Dense($0, activation: .sigmoid)) }
                + [.dense(Dense(classes, activation: .identity))])
        let count = 4 * batchSize
        let images = (0..<UInt32(count * sizes[0])).map { place -> UInt8 in
            ((place &* 2_654_435_761) >> 16) % 5 == 0 ? 200 : 0
        }
        let data = try Dataset(
            images: images, labels: (0..<count).map { UInt8($0 % classes) }, rows: 1,
            columns: sizes[0], classes: classes)
        let trainer = try Trainer(
            model: try Model(network: network, seed: 1),
            optimizer: MomentumSGD(learningRate: LearningRate(1e-6), momentum: .constant(0.5)),
            batchSize: batchSize, threads: threads)
        // Without the first steps, which bring memory near.
        let warmUp = 4
        var start = ContinuousClock.now, steps = 0
        try trainer.train(
            on: data, epochs: Trainer.mostEpochs,
            shouldStop: { steps > warmUp && start.duration(to: .now) > .milliseconds(500) },
            onStep: { step in
                steps = step.step
                if steps == warmUp { start = .now }
            })
        let seconds = start.duration(to: .now) / .seconds(1)
        return flops(ranks: 1) * Double(steps - warmUp) / seconds
    }
}
