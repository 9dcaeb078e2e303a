import PhidiasKernels

/// The mean loss over fixed images as a function of the weights: its value, gradient and curvature.
/// Weights are one vector: layer by layer, weights and then biases.
package final class LossSurface {
    /// The number of images that the mean is taken over.
    package let images: Int
    /// Asked between the batches of a gradient; true ends it with `MeasurementStopped`.
    package var shouldStop: () -> Bool = { false }
    private let network: Network
    private let loss: any Loss
    private let data: Dataset
    private let inputs: NetworkInputs
    private let targets: NetworkTargets
    private let threads: Int
    private let stack: LayerStack
    private let order: [UInt32]
    private var buffers: BatchBuffers

    /// - Parameters:
    ///   - scalings: how the model at hand standardizes numbers.
    ///   - images: number of images to use, chosen by seed; at most all of them.
    ///   - batchSize: the most images of a `batchGradient`.
    package init(
        network: Network, scalings: Model.Scalings = .init(), loss: any Loss, data: Dataset,
        images: Int, batchSize: Int = 1, seed: UInt64, threads: Int
    ) throws {
        precondition(images > 0 && images <= data.count, "\(images) of \(data.count) images")
        self.network = network
        (self.loss, self.data, self.images, self.threads) = (loss, data, images, threads)
        let capacity = max(min(images, Model.evaluationBatch), batchSize)
        var model = try Model(network: network, seed: 0)
        model.scalings = scalings
        (inputs, targets) = (try model.inputs(of: data), model.targets(of: data))
        stack = try model.stack(
            batchCapacity: capacity, role: .training, threads: threads)
        // No training epoch has the number 0.
        order = Array(data.order(seed: seed, epoch: 0).prefix(images))
        buffers = BatchBuffers(capacity: capacity, classes: network.classes)
    }

    /// The loss at some weights.
    package func value(at weights: [Float]) -> Double {
        FlatParameters.write(weights, to: stack)
        var sum = 0.0
        for start in stride(from: 0, to: images, by: Model.evaluationBatch) {
            sum += run(order, start..<min(start + Model.evaluationBatch, images), scale: 0)
        }
        return sum / Double(images)
    }

    /// The gradient at some weights, its batches summed in double precision.
    package func gradient(at weights: [Float]) throws -> [Double] {
        FlatParameters.write(weights, to: stack)
        var sum = [Double](repeating: 0, count: weights.count)
        for start in stride(from: 0, to: images, by: Model.evaluationBatch) {
            try MeasurementStopped.check(shouldStop)
            let batch = start..<min(start + Model.evaluationBatch, images)
            _ = run(order, batch, scale: 1 / Float(images))
            try differentiate(batch.count)
            let part = FlatParameters.read(.gradient, of: stack)
            for index in sum.indices { sum[index] += Double(part[index]) }
        }
        return sum
    }

    /// Calls `body` with the gradients of the batches of an epoch, at fixed weights, layer by
    /// layer; before them those of its last `lead` batches.
    func batchGradients(
        at weights: [Float], epoch: Int, batchSize: Int, seed: UInt64, lead: Int,
        _ body: (_ isLead: Bool, _ layers: [[Float]]) -> Void
    ) throws {
        FlatParameters.write(weights, to: stack)
        let order = data.order(seed: seed, epoch: epoch)
        let count = (data.count + batchSize - 1) / batchSize
        for place in -lead..<count {
            try MeasurementStopped.check(shouldStop)
            let first = (place % count + count) % count * batchSize
            let batch = first..<min(first + batchSize, data.count)
            _ = run(order, batch, scale: 1 / Float(batch.count))
            try differentiate(batch.count)
            body(
                place < 0,
                network.weighted.indices.map { FlatParameters.layer(.gradient, $0, of: stack) })
        }
    }

    /// Computes the stack's gradient for the images of the last `run`.
    private func differentiate(_ images: Int) throws {
        let delta = buffers.delta
        try stack.gradient(delta: delta.span.extracting(buffers.used(images)))
    }

    /// The sum of the images' losses; the buffers keep the gradient with respect to the logits
    /// times `scale`.
    private func run(_ order: [UInt32], _ range: Range<Int>, scale: Float) -> Double {
        let batch = order.span.extracting(range)
        let inputs = inputs
        return buffers.evaluate(loss, targets, at: batch, scale: scale) { logits in
            stack.forward(inputs, indices: batch, logits: &logits, threads: threads)
        }
    }
}

extension LossSurface {
    /// Curvature along a direction, and an estimate of its error.
    package struct Curvature: Sendable {
        package let value, error: Double

        package init(value: Double, error: Double) {
            (self.value, self.error) = (value, error)
        }
    }

    /// The step of the central differences along a unit vector: long enough to avoid cancellation
    /// in float gradients, short enough for the third derivative of the slope.
    package static let reach = 0.05

    /// uᵀ H u by central differences of the gradient along the unit vector u: the difference over
    /// 2 · reach, and as its error a third of what one twice as long differs by, which is the
    /// leading term of the truncation. Costs four gradients over all images.
    package func curvature(at weights: [Float], along direction: [Float]) throws -> Curvature {
        let unit = Self.normalized(direction.map(Double.init))
        let near = Self.dot(try product(at: weights, unit, reach: Self.reach), unit)
        let far = Self.dot(try product(at: weights, unit, reach: 2 * Self.reach), unit)
        return Curvature(value: near, error: abs(far - near) / 3)
    }

    /// The Hessian's largest eigenvalue, by Lanczos' method from a random vector; the error is
    /// ‖Hu − λu‖, within which there is an eigenvalue. Each iteration costs two gradients.
    ///
    /// Source: Golub and Van Loan, *Matrix Computations*, sect. 10.1. Rounding makes the vectors lose
    /// their orthogonality, which repeats eigenvalues but moves none.
    /// - Precondition: there is at least one iteration.
    package func largestCurvature(
        at weights: [Float], iterations: Int, seed: UInt64
    ) throws -> Curvature {
        let start = SyntheticGradients.normal(count: weights.count, seed: seed, step: .max)
        var unit = Self.normalized(start.map(Double.init))
        var before = [Double](repeating: 0, count: unit.count)
        var matrix = Tridiagonal()
        for _ in 0..<min(iterations, unit.count) {
            var next = try product(at: weights, unit, reach: Self.reach)
            let along = Self.dot(next, unit)
            for place in next.indices {
                next[place] -= along * unit[place] + matrix.link * before[place]
            }
            let length = Self.dot(next, next).squareRoot()
            matrix.add(along, link: length)
            guard length > 0 else { break }
            (before, unit) = (unit, next.map { $0 / length })
        }
        let (value, share) = matrix.largest
        return Curvature(value: value, error: matrix.link * share)
    }

    /// H u by a central difference.
    private func product(
        at weights: [Float], _ unit: [Double], reach: Double
    ) throws -> [Double] {
        func moved(_ distance: Double) -> [Float] {
            zip(weights, unit).map { Float(Double($0) + distance * $1) }
        }
        let (above, below) = (moved(reach), moved(-reach))
        let (high, low) = (try gradient(at: above), try gradient(at: below))
        return zip(high, low).map { ($0 - $1) / (2 * reach) }
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private static func normalized(_ vector: [Double]) -> [Double] {
        let length = dot(vector, vector).squareRoot()
        return length > 0 ? vector.map { $0 / length } : vector
    }
}
