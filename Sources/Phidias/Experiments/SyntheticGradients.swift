import PhidiasKernels

/// The kernels' momentum update on synthetic gradients.
package enum SyntheticGradients {
    /// Independent normal gradients from the counter-based generator (seed, purpose `user`),
    /// observed after the update.
    ///
    /// The variance ratio has a relative standard error of about √(4 α² / ((1 − α²) N)) with
    /// N = weights · steps: the square of the average has an integrated time of (1 + α²)/(1 − α²) steps,
    /// one of which is the gradients' own, by whose variance it is divided.
    /// - Parameter onStep: called after each step with the number of steps done and of all, those
    ///   in which the velocity settles included; what it throws ends the measurement.
    package static func window(
        learningRate: Float, momentum: Float, weights: Int, steps: Int, seed: UInt64,
        onStep: (_ done: Int, _ all: Int) throws -> Void = { _, _ in }
    ) throws -> GradientWindow {
        precondition(weights > 0 && steps > 1, "\(weights) weights, \(steps) steps")
        var window = GradientWindow(
            layer: 0, length: weights, learningRate: learningRate, momentum: momentum, seed: seed)
        var velocity = [Float](repeating: 0, count: weights)
        var parameters = velocity
        // The velocity starts at 0: the remaining influence of that is below 10⁻⁶.
        let start = Trainer.settlingSteps(momentum: momentum)
        for step in 0..<start + steps {
            let gradient = normal(count: weights, seed: seed, step: UInt32(step))
            update(&velocity, &parameters, gradient, learningRate, momentum)
            if step >= start { window.add(gradient: gradient, velocity: velocity) }
            try onStep(step + 1, start + steps)
        }
        return window
    }

    /// The velocity after each step, in units of −η, when a first gradient of 1 is followed by
    /// zeros.
    package static func impulseResponse(
        learningRate: Float, momentum: Float, steps: Int
    ) -> [Double] {
        var velocity: [Float] = [0], parameters: [Float] = [0]
        return (0..<steps).map { step in
            update(&velocity, &parameters, [step == 0 ? 1 : 0], learningRate, momentum)
            return Double(velocity[0]) / -Double(learningRate)
        }
    }

    static func update(
        _ velocity: inout [Float], _ parameters: inout [Float], _ gradient: [Float],
        _ learningRate: Float, _ momentum: Float
    ) {
        var velocitySpan = velocity.mutableSpan
        var parameterSpan = parameters.mutableSpan
        Kernels.momentumUpdate(
            learningRate: learningRate, momentum: momentum, gradient: gradient.span,
            velocity: &velocitySpan, weights: &parameterSpan, threads: 1)
    }

    /// Standard normal numbers: Box and Muller, *Annals of Mathematical Statistics* 29 (1958).
    static func normal(count: Int, seed: UInt64, step: UInt32) -> [Float] {
        let random = CounterRandom(seed: seed, purpose: .user, epoch: step)
        var values: [Float] = []
        values.reserveCapacity(count + 3)
        var index: UInt64 = 0
        while values.count < count {
            let bits = random.bits(index)
            for (first, second) in [(bits.x, bits.y), (bits.z, bits.w)] {
                // In (0, 1]: the logarithm is finite.
                let uniform = (Double(first) + 1) * 0x1p-32
                let radius = (-2 * PortableMath.log(uniform)).squareRoot()
                let angle = 2 * Double.pi * (Double(second) * 0x1p-32)
                values.append(Float(radius * PortableMath.cos(angle)))
                values.append(Float(radius * PortableMath.sin(angle)))
            }
            index += 1
        }
        return Array(values.prefix(count))
    }
}
