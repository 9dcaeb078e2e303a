import PhidiasKernels

/// Gradients, velocities and curvature of an epoch, measured without changing the training.
package struct SmoothingEpoch: Sendable {
    /// Curvature along a step in weight space.
    package struct Step: Sendable {
        /// The step, counted from 1 over the run.
        package let step: Int
        package let curvature: LossSurface.Curvature

        package init(step: Int, curvature: LossSurface.Curvature) {
            (self.step, self.curvature) = (step, curvature)
        }
    }

    /// The epoch, counted from 1.
    package let epoch: Int
    package let trainingLoss, trainingAccuracy: Double
    /// The first step of the windows of training, counted from 1 over the run.
    package let firstStep: Int
    /// One window for each chosen layer, during training.
    package let training: [GradientWindow]
    /// The same for the batches of the next epoch with the weights fixed at the end of this one:
    /// noise alone.
    package let frozen: [GradientWindow]
    package let steps: [Step]
    /// The Hessian's largest eigenvalue at the end of the epoch.
    package let largest: LossSurface.Curvature
}

extension Trainer {
    /// The measurements of an experiment.
    package struct SmoothingPlan: Sendable {
        package var epochs: Int
        /// The measured layers, counted from 0.
        package var layers: [Int]
        /// The number of images for the curvature of their mean loss, and of steps per epoch at
        /// which it is measured.
        package var curvatureImages, curvatureSteps: Int
        /// Iterations of Lanczos' method for the largest curvature.
        package var iterations: Int

        package init(
            epochs: Int, layers: [Int], curvatureImages: Int, curvatureSteps: Int, iterations: Int
        ) {
            self.epochs = epochs
            self.layers = layers
            self.curvatureImages = curvatureImages
            self.curvatureSteps = curvatureSteps
            self.iterations = iterations
        }
    }

    /// The number of steps after which the initial velocity of 0 no longer matters: αᵏ < 10⁻⁶.
    package static func settlingSteps(momentum: Float) -> Int {
        let rate = momentum > 0 ? -PortableMath.log(Double(momentum)) : .infinity
        return Int((6 * PortableMath.log(10) / rate).rounded(.up))
    }

    /// Checks that there is memory for the whole measurement: the kernels' buffers of the training and
    /// of the loss surface, and twelve vectors of `Double` over all parameters: the moments of two
    /// windows and of the epoch before, and those of Lanczos' method and its gradients.
    private static func checkSmoothingMemory(
        _ network: Network, batchSize: Int, threads: Int
    ) throws(ModelError) {
        let vectors = 12 * MemoryLayout<Double>.stride * network.parameterCount
        let bytes = 2 * network.trainingMemory(batchSize: batchSize, threads: threads) + vectors
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
    }

    /// Trains with constant learning rate and momentum, and reports on gradients after each epoch.
    /// The weights have the same bits as from `train`. An epoch's window has all of its steps,
    /// except for the first ones of the run, in which the velocity settles.
    /// - Parameters:
    ///   - start: the state at the end of an epoch to continue from: what is reported from there on
    ///     is the same as without a stop.
    ///   - shouldStop: asked between two steps and during measurements.
    ///   - onStep: called after each step with its number, counted from 1.
    ///   - onEpoch: called after each epoch, when `state` is the one to continue from.
    /// - Throws: `MeasurementStopped` if it was asked to stop; else as `train`.
    package func recordSmoothing(
        on data: Dataset, _ plan: SmoothingPlan, from start: TrainingState? = nil,
        shouldStop: @escaping () -> Bool = { false },
        onStep: @escaping (Int) -> Void = { _ in },
        onEpoch: @escaping (SmoothingEpoch) throws -> Void
    ) throws {
        precondition(optimizer.sgd != nil, "measures momentum")
        let run = try run(over: data, epochs: plan.epochs)
        try Self.checkSmoothingMemory(model.network, batchSize: batchSize, threads: threads)
        let (learningRate, momentum) = try optimizer.values(atStep: 0, of: run)
        let settling = Self.settlingSteps(momentum: momentum)
        let counts = model.network.weighted.map(\.parameterCount)
        func windows() -> [GradientWindow] {
            plan.layers.map {
                GradientWindow(
                    layer: $0, length: counts[$0], learningRate: learningRate,
                    momentum: momentum, seed: seed)
            }
        }
        let surface = try LossSurface(
            network: model.network, scalings: model.scalings, loss: loss, data: data,
            images: min(plan.curvatureImages, data.count), batchSize: batchSize, seed: seed,
            threads: threads)
        surface.shouldStop = shouldStop
        let curvatures = min(plan.curvatureSteps, run.stepsPerEpoch)
        /// How many of them, spread as evenly as possible, are among the first `count` steps of an
        /// epoch.
        func due(_ count: Int) -> Int {
            (2 * count * curvatures + run.stepsPerEpoch) / (2 * run.stepsPerEpoch)
        }
        let (batchSize, seed) = (batchSize, seed)
        var step = (start?.position.epochs ?? 0) * run.stepsPerEpoch
        var current = windows()
        var steps: [SmoothingEpoch.Step] = []
        try train(
            on: data, epochs: plan.epochs, from: start,
            Observers(
                shouldStop: MeasurementStopped.asking(shouldStop),
                onGradient: { stack in
                    step += 1
                    for (place, layer) in plan.layers.enumerated() where step > settling {
                        // The stack's velocity is the one before this gradient.
                        let gradient = FlatParameters.layer(.gradient, layer, of: stack)
                        var velocity = FlatParameters.layer(.velocity, layer, of: stack)
                        var moved = [Float](repeating: 0, count: velocity.count)
                        SyntheticGradients.update(
                            &velocity, &moved, gradient, learningRate, momentum)
                        current[place].add(gradient: gradient, velocity: velocity)
                    }
                    let inEpoch = (step - 1) % run.stepsPerEpoch
                    guard due(inEpoch + 1) > due(inEpoch) else { return }
                    let direction = zip(
                        FlatParameters.read(.velocity, of: stack),
                        FlatParameters.read(.gradient, of: stack)
                    ).map { momentum * $0 - learningRate * $1 }
                    let weights = FlatParameters.read(.weights, of: stack)
                    steps.append(
                        .init(
                            step: step,
                            curvature: try surface.curvature(at: weights, along: direction)))
                },
                onStep: { onStep($0.step) },
                onEpoch: { report in
                    let weights = report.model.parameters.flatMap { $0.weight + $0.bias }
                    var frozen = windows()
                    try Self.recordFrozen(
                        &frozen, surface, weights, (learningRate, momentum), counts,
                        epoch: report.epoch + 1, batchSize: batchSize, seed: seed,
                        lead: min(settling, run.stepsPerEpoch))
                    try onEpoch(
                        SmoothingEpoch(
                            epoch: report.epoch, trainingLoss: report.trainingLoss,
                            trainingAccuracy: report.trainingAccuracy ?? .nan,
                            firstStep: max(settling, step - run.stepsPerEpoch) + 1,
                            training: current, frozen: frozen, steps: steps,
                            largest: try surface.largestCurvature(
                                at: weights, iterations: plan.iterations, seed: seed)))
                    current = windows()
                    steps = []
                }))
    }

    private static func recordFrozen(
        _ windows: inout [GradientWindow], _ surface: LossSurface, _ weights: [Float],
        _ values: (learningRate: Float, momentum: Float), _ counts: [Int], epoch: Int,
        batchSize: Int, seed: UInt64, lead: Int
    ) throws {
        var velocity = windows.map { [Float](repeating: 0, count: counts[$0.layer]) }
        var moved = velocity
        try surface.batchGradients(
            at: weights, epoch: epoch, batchSize: batchSize, seed: seed, lead: lead
        ) { isLead, layers in
            for place in windows.indices {
                let gradient = layers[windows[place].layer]
                SyntheticGradients.update(
                    &velocity[place], &moved[place], gradient, values.learningRate,
                    values.momentum)
                if !isLead { windows[place].add(gradient: gradient, velocity: velocity[place]) }
            }
        }
    }
}
