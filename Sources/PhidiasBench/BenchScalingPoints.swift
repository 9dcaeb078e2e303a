import Foundation
import KernelOperations
import Phidias
import PhidiasKernels
import PhidiasRuns

/// One quantity that grows while the others stay.
struct ScalingSweep {
    let name, axis: String
    /// Whether the axis shows powers of two.
    var isLogarithmic = true
    let points: [ScalingPoint]

    /// Of MNIST's pixels 19 in 100 are set; of synthetic digits more are.
    private static let density = 19

    static func all(threads: Int) throws -> [ScalingSweep] {
        let counts = threads > 1 ? [1, threads] : [1]
        func points(
            _ values: [Int], threads: (Int) -> Int, isDensity: Bool = false,
            _ settings: (Int) -> (hidden: [Int], batch: Int)
        ) throws -> [ScalingPoint] {
            try [InputRange.zeroToOne, .minusOneToOne].flatMap { range in
                try values.map { value in
                    let (hidden, batch) = settings(value)
                    return ScalingPoint(
                        value: value, network: try Network(inputRange: range, hidden: hidden),
                        batch: batch, threads: threads(value),
                        density: isDensity ? value : Self.density)
                }
            }
        }
        func sweep(
            _ name: String, _ axis: String, _ values: [Int], isDensity: Bool = false,
            _ settings: (Int) -> (hidden: [Int], batch: Int)
        ) throws -> ScalingSweep {
            ScalingSweep(
                name: name, axis: axis, isLogarithmic: !isDensity,
                points: try counts.flatMap { threads in
                    try points(values, threads: { _ in threads }, isDensity: isDensity, settings)
                })
        }
        let powers = (0...12).map { 1 << $0 }
        return [
            try sweep("hidden", "hidden units, batch 64", Array(powers[5...])) { ([$0], 64) },
            try sweep("batch", "images per batch, 784-128-10", powers) { ([128], $0) },
            try sweep("depth", "hidden layers of 128, batch 64", Array(1...8)) {
                ([Int](repeating: 128, count: $0), 64)
            },
            ScalingSweep(
                name: "threads", axis: "threads, 784-512-10, batch 256",
                points: try points(Array(1...threads), threads: { $0 }) { _ in ([512], 256) }),
            try sweep(
                "density", "pixels set in %, 784-128-10, batch 64",
                Array(stride(from: 0, through: 100, by: 10)), isDensity: true
            ) { _ in ([128], 64) },
        ]
    }
}

/// A training whose time is measured, and the least time it could take.
struct ScalingPoint: CustomStringConvertible {
    let value: Int
    let network: Network
    let batch, threads: Int
    /// How many of 100 pixels are set, in random places.
    let density: Int

    /// Whether pixels that are not set are zero, which kernels may leave out, and not -1.
    var canLeaveOutZeros: Bool { network.inputRange == .zeroToOne }

    struct Result: CustomStringConvertible {
        let secondsPerImage: Double
        /// The least possible time over the measured one.
        let efficiency: Double
        let isBoundByMemory: Bool
        /// Whether every thread had a core of its own.
        let isPlaced: Bool

        var description: String {
            "\((secondsPerImage * 1e6).fixed(3)) µs per image, \((efficiency * 100).fixed(0)) %"
        }
    }

    var description: String {
        let black = canLeaveOutZeros ? "" : ", black is -1"
        return "\(network), batch \(batch), \(threads.counted("thread")), \(density) % set\(black):"
    }

    private static let attempts = 6
    private static let warmEpochs = 1, leastEpochs = 3

    /// Trains for about `seconds` and takes the median epoch; again if the threads had no cores of
    /// their own.
    func measure(on digits: Dataset, seconds: Double) throws -> Result {
        let data = try Self.noise(percent: density, count: max(batch, 2048), like: digits)
        var last: Result?
        for _ in 0..<Self.attempts {
            let trainer = try Trainer(
                model: Model(network: network, seed: 1), batchSize: batch, threads: threads)
            let before = Placement.probe(seconds: 0.06, threads: threads)
            var times: [Double] = []
            do {
                try trainer.train(
                    on: data, epochs: 1_000_000,
                    onEpoch: { epoch in
                        times.append(epoch.seconds)
                        let enough = Self.warmEpochs + Self.leastEpochs
                        if trainer.seconds >= seconds && times.count >= enough { throw Enough() }
                    })
            } catch is Enough {}
            let sorted = times.dropFirst(Self.warmEpochs).sorted()
            let after = Placement.probe(seconds: 0.06, threads: threads)
            let result = try judge(sorted[sorted.count / 2] / Double(data.count), before, after)
            if result.isPlaced { return result }
            last = result
        }
        guard let last else { preconditionFailure("no attempt") }
        return last
    }

    private static func noise(
        percent: Int, count: Int, like digits: Dataset
    ) throws -> Dataset {
        var random = InputGenerator(seed: 1)
        let images = (0..<count * digits.rows * digits.columns).map { _ in
            Int.random(in: 0..<100, using: &random) < percent
                ? UInt8.random(in: 1...255, using: &random) : 0
        }
        return try Dataset(
            images: images, labels: Array(digits.labels.prefix(count)), rows: digits.rows,
            columns: digits.columns, classes: digits.classes)
    }

    private struct Enough: Error {}

    private func judge(
        _ secondsPerImage: Double, _ before: Placement, _ after: Placement
    ) throws -> Result {
        let bandwidth = try Probe.bandwidth(seconds: 0.01, threads: threads, bytes: workingSet)
        let compute = network.trainingFlops / ((before.peak + after.peak) / 2)
        let memory = bytesPerImage / bandwidth.triad
        return Result(
            secondsPerImage: secondsPerImage, efficiency: max(compute, memory) / secondsPerImage,
            isBoundByMemory: memory > compute, isPlaced: before.isGood && after.isGood)
    }

    private var units: Int { network.shapes.reduce(0) { $0 + $1.count } }

    /// What a step touches: weights and velocity, the packed batch, activations and deltas.
    private var workingSet: Int {
        8 * network.parameterCount + 4 * batch * (network.inputs + 2 * units)
    }

    /// A step reads the weights forward, and reads and writes weights and velocity when it
    /// updates: 20 bytes a parameter. An image is read as bytes, written and read as floats; an
    /// activation and a delta of each unit are written and read.
    private var bytesPerImage: Double {
        20 * Double(network.parameterCount) / Double(batch)
            + 9 * Double(network.inputs) + 16 * Double(units)
    }
}
