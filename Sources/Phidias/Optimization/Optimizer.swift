import PhidiasKernels

/// How gradients become steps.
public enum Optimizer: Sendable, Hashable {
    /// Gradient descent with momentum, of which the theory of the golden parameters speaks.
    case sgd(MomentumSGD)
    /// Steps that are scaled for each parameter by its own gradients.
    case adam(Adam)

    /// η as a function of the step.
    public var learningRate: LearningRate {
        switch self {
        case .sgd(let sgd): sgd.learningRate
        case .adam(let adam): adam.learningRate
        }
    }

    /// The optimizer of a run after a divergence: half the learning rate and, of gradient descent, the
    /// momentum coupled to it.
    public var halved: Optimizer {
        switch self {
        case .sgd(let sgd): .sgd(sgd.halved)
        case .adam(let adam): .adam(adam.halved)
        }
    }

    /// η and the weight of the moment before (α, or Adam's β₁) of a step, rounded once to what the
    /// kernels use.
    /// - Parameters:
    ///   - step: counted from 0.
    ///   - run: whose length the schedule goes by.
    /// - Throws: `OptimizationError`, as `MomentumSGD.values(atStep:of:)`.
    public func values(atStep step: Int, of run: RunLength) throws(OptimizationError) -> (
        learningRate: Float, momentum: Float
    ) {
        switch self {
        case .sgd(let sgd): try sgd.values(atStep: step, of: run)
        case .adam(let adam):
            (Float(try adam.learningRate.value(atStep: step, of: run)), Float(adam.options.beta1))
        }
    }

    /// Gradient descent with momentum, if it is that.
    package var sgd: MomentumSGD? { if case .sgd(let sgd) = self { sgd } else { nil } }

    /// Whether it keeps second moments of the gradients.
    var hasSecondMoments: Bool { sgd == nil }

    /// Back-propagates the gradient by the logits of the stack's batch, and takes a step.
    /// - Parameters:
    ///   - values: η and α of the step.
    ///   - step: counted from 1 over the run.
    /// - Returns: the index of the first layer with a weight or moment that is not finite, or nil.
    /// - Throws: `ModelError.memory`.
    func step(
        _ stack: LayerStack, delta: Span<Float>, _ values: (learningRate: Float, momentum: Float),
        number step: Int
    ) throws(ModelError) -> Int? {
        switch self {
        case .sgd(let sgd): try stack.backward(delta: delta, rule: sgd.rule(values))
        case .adam(let adam):
            try stack.backward(delta: delta, rule: adam.rule(values.learningRate, step: step))
        }
    }
}
