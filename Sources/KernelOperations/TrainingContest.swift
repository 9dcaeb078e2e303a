import PhidiasKernels
import PureSwiftKernels

/// One training step of a 784-128-10 network on a batch of 64 by the library's kernels and by
/// pure Swift: synaptic loss, golden parameters, bytes in and new weights out.
package struct TrainingContest {
    package static let widths = [784, 128, 10]
    package static let batch = 64
    private static let imageCount = 4096
    private static let learningRate: Float = 0x1.03fae6p-6
    private static let momentum: Float = 0x1.bf812p-1

    private let images: [UInt8]
    private let labels: [Int]
    private let weights: [DenseValues]
    private let threads: Int

    package init(threads: Int) {
        var inputs = InputGenerator(seed: 784)
        let pixels = Self.widths[0]
        // Four fifths of a digit's pixels are background.
        images = (0..<Self.imageCount * pixels).map { _ in
            inputs.below(5) > 0 ? 0 : UInt8(inputs.below(256))
        }
        labels = (0..<Self.imageCount).map { _ in inputs.below(10) }
        weights = zip(Self.widths, Self.widths.dropFirst()).map { fanIn, fanOut in
            let reach = (6 / Float(fanIn + fanOut)).squareRoot()
            return DenseValues(
                weight: inputs.floats(fanIn * fanOut, -reach...reach),
                bias: [Float](repeating: 0, count: fanOut))
        }
        self.threads = threads
    }

    private func indices(step: Int) -> [UInt32] {
        (0..<Self.batch).map { UInt32((step * Self.batch + $0) % Self.imageCount) }
    }

    private func targets(_ indices: [UInt32]) -> [Float] {
        indices.flatMap { index in (0..<10).map { $0 == labels[Int(index)] ? 1 : 0 } }
    }

    private static let scale: Float = 1 / 255

    /// The batch as floats: the Swift networks' part of what the kernels do while packing.
    private func inputs(_ indices: [UInt32]) -> [Float] {
        let pixels = Self.widths[0]
        return [Float](unsafeUninitializedCapacity: indices.count * pixels) { to, count in
            for (row, index) in indices.enumerated() {
                let from = Int(index) * pixels
                for p in 0..<pixels { to[row * pixels + p] = Float(images[from + p]) * Self.scale }
            }
            count = indices.count * pixels
        }
    }

    private func makeStack() throws -> NetworkStack {
        let shapes = [
            DenseShape(inputs: 784, outputs: 128, activation: .sigmoid),
            DenseShape(inputs: 128, outputs: 10, activation: .identity),
        ]
        let stack = try NetworkStack(
            .init(layers: shapes), batchCapacity: Self.batch, role: .training, threads: threads)
        for (index, values) in weights.enumerated() { stack.set(of: index, to: values) }
        return stack
    }

    private func makeNetwork(_ implementation: SwiftNetwork.Implementation) -> SwiftNetwork {
        let layers = weights.indices.map { index in
            let (inputs, outputs) = (Self.widths[index], Self.widths[index + 1])
            let weight = weights[index].weight
            return SwiftNetwork.Layer(
                inputs: inputs, outputs: outputs,
                weight: (0..<weight.count).map { weight[$0 % outputs * inputs + $0 / outputs] },
                bias: weights[index].bias)
        }
        return SwiftNetwork(layers: layers, implementation: implementation)
    }

    private func step(_ stack: NetworkStack, _ number: Int) {
        let indices = indices(step: number), targets = targets(indices)
        var logits = [Float](repeating: 0, count: targets.count)
        var loss = logits, delta = logits
        do {
            var span = logits.mutableSpan
            stack.forward(
                images: images.span, indices: indices.span, scale: Self.scale, offset: 0,
                logits: &span, threads: threads)
        }
        do {
            var values = loss.mutableSpan, gradient = delta.mutableSpan
            Kernels.synapticLoss(
                logits: logits.span, targets: targets.span, scale: 1 / Float(Self.batch),
                loss: &values, delta: &gradient, threads: threads)
        }
        _ = stack.backward(
            delta: delta.span, learningRate: Self.learningRate, momentum: Self.momentum)
    }

    private func step(_ network: inout SwiftNetwork, _ number: Int) {
        let indices = indices(step: number)
        _ = network.step(
            inputs(indices), targets: targets(indices), batch: Self.batch, loss: .synaptic,
            learningRate: Self.learningRate, momentum: Self.momentum)
    }

    /// Naive, tuned, and the kernels: each verified by one step, then ready to be timed.
    package func contenders() throws -> [Contest.Contender] {
        let exact = exactStep()
        var contenders: [Contest.Contender] = []
        for (name, implementation) in [
            ("naive", SwiftNetwork.Implementation.naive), ("tuned", .tuned(threads: threads)),
        ] {
            var network = makeNetwork(implementation)
            step(&network, 0)
            try verify(name, network.layers.map(\.weight), exact)
            var number = 1
            contenders.append(
                Contest.Contender(name: name) { [self] in
                    number += 1
                    return timed { step(&network, number) }
                })
        }
        let stack = try makeStack()
        step(stack, 0)
        let stepped = weights.indices.map { index in
            let outputs = Self.widths[index + 1], inputs = Self.widths[index]
            let weight = stack.values(of: index).weight
            return (0..<weight.count).map { weight[$0 % outputs * inputs + $0 / outputs] }
        }
        try verify("kernels", stepped, exact)
        var number = 1
        contenders.append(
            Contest.Contender(name: "kernels") { [self] in
                number += 1
                return timed { step(stack, number) }
            })
        return contenders
    }

    // Weights [inputs, outputs] of every layer after the first step, by the oracle, and the
    // Euclidean length of the step.
    private func exactStep() -> [(weights: [Double], length: Double)] {
        let network = OracleNetwork(
            layers: weights.indices.map { index in
                OracleNetwork.Layer(
                    inputs: Self.widths[index], outputs: Self.widths[index + 1],
                    activation: index == 0 ? .sigmoid : .identity,
                    weight: weights[index].weight.map(Double.init),
                    bias: weights[index].bias.map(Double.init))
            })
        let indices = indices(step: 0)
        let x = inputs(indices).map(Double.init)
        let outputs = network.forward(x, batch: Self.batch)
        let (_, delta) = OracleNetwork.loss(
            .synaptic, logits: outputs[1], targets: targets(indices).map(Double.init),
            batch: Self.batch)
        let gradients = network.backward(x, outputs: outputs, delta: delta, batch: Self.batch)
        return zip(network.layers, gradients).map { layer, gradient in
            let steps = gradient.weight.map { -Double(Self.learningRate) * $0 }
            let moved = zip(layer.weight, steps).map(+)
            return (
                moved.indices.map {
                    moved[$0 % layer.outputs * layer.inputs + $0 / layer.outputs]
                },
                steps.reduce(0) { $0 + $1 * $1 }.squareRoot()
            )
        }
    }

    // The longest chain of roundings from an input to a gradient is one sum over the pixels, one
    // over the hidden units, one over the batch and a few dozen more; a weight itself is rounded
    // once. Lengths, not elements: this guards against a wrong step, the tests bound each layer.
    private func verify(
        _ name: String, _ got: [[Float]], _ exact: [(weights: [Double], length: Double)]
    ) throws {
        let gamma = Oracle.gamma(784 + 128 + Self.batch + 48)
        for (index, layer) in exact.enumerated() {
            let error = zip(got[index], layer.weights).reduce(0) {
                $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1)
            }
            let size = layer.weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let bound = gamma * layer.length + Oracle.unitRoundoff * size
            guard error.squareRoot() <= bound else {
                throw WrongResult(
                    description: "\(name): the first step of layer \(index) is off by "
                        + "\(error.squareRoot()), the bound is \(bound)")
            }
        }
    }
}
