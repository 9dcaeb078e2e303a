import PhidiasKernels

/// The gradient and the averaged gradient of one layer over consecutive steps: moments of all
/// weights, and the series of a sample of them.
///
/// The averaged gradient is A(t) = (1 − α) Σ αᵏ g(t − k) = −v(t) (1 − α) / η, ours (docs/theory.md).
package struct GradientWindow: Sendable {
    /// The number of weights whose series are kept.
    package static let sampleSize = 256
    /// The most steps of a series; moments continue.
    package static let longestSeries = 4096

    /// The layer, counted from 0.
    package let layer: Int
    /// Moments over all weights and biases of the layer.
    package private(set) var gradient, average: VectorMoments
    /// Series of the sample: [weight][step].
    package private(set) var gradientSeries, averageSeries: [[Double]]
    /// Their places among the layer's parameters: weights, then biases.
    package let sample: [Int]
    private let scale: Float

    /// The number of steps seen.
    package var steps: Int { gradient.count }

    /// Variance of the averaged gradient over that of the gradient, both summed over all weights.
    package var varianceRatio: Double { average.variance / gradient.variance }

    /// - Parameter length: number of the layer's parameters. The sample is drawn by `seed` with the
    ///   purpose `user`, without repetition.
    init(layer: Int, length: Int, learningRate: Float, momentum: Float, seed: UInt64) {
        self.layer = layer
        gradient = VectorMoments(length: length)
        average = gradient
        let random = CounterRandom(seed: seed, purpose: .user, epoch: UInt32(layer))
        sample = random.permutation(count: length).prefix(Self.sampleSize).map(Int.init).sorted()
        gradientSeries = [[Double]](repeating: [], count: sample.count)
        averageSeries = gradientSeries
        scale = -(1 - momentum) / learningRate
    }

    mutating func add(gradient values: [Float], velocity: [Float]) {
        let averaged = velocity.map { $0 * scale }
        gradient.add(values)
        average.add(averaged)
        guard steps <= Self.longestSeries else { return }
        for (place, index) in sample.enumerated() {
            gradientSeries[place].append(Double(values[index]))
            averageSeries[place].append(Double(averaged[index]))
        }
    }
}

/// The parameters of all layers as one vector: layer by layer, weights and then biases.
enum FlatParameters {
    static func read(_ content: NetworkStack.Content, of stack: LayerStack) -> [Float] {
        stack.network.weighted.indices.flatMap { layer(content, $0, of: stack) }
    }

    static func layer(
        _ content: NetworkStack.Content, _ index: Int, of stack: LayerStack
    ) -> [Float] {
        let values = stack.values(content, of: index)
        return values.weight + values.bias
    }

    static func write(_ flat: [Float], to stack: LayerStack) {
        var start = 0
        for (index, layer) in stack.network.weighted.enumerated() {
            let middle = start + layer.inputs * layer.outputs, end = middle + layer.outputs
            stack.set(
                of: index,
                to: LayerParameters(
                    weight: Array(flat[start..<middle]), bias: Array(flat[middle..<end])))
            start = end
        }
    }
}
