import CKernels

package enum ActivationKind: Sendable, CaseIterable {
    case identity, sigmoid, relu, tanh, leakyReLU

    var cValue: ck_activation {
        switch self {
        case .identity: CK_IDENTITY
        case .sigmoid: CK_SIGMOID
        case .relu: CK_RELU
        case .tanh: CK_TANH
        case .leakyReLU: CK_LEAKY_RELU
        }
    }

    /// Whether it may come after a max-pool as well as before: it keeps the order of numbers, and 0.
    package var commutesWithMaxPool: Bool { self != .sigmoid && self != .tanh }
}

package struct DenseShape: Sendable, Equatable {
    package let inputs, outputs: Int
    package let activation: ActivationKind

    package init(inputs: Int, outputs: Int, activation: ActivationKind) {
        precondition(inputs > 0 && outputs > 0, "layer of \(inputs) inputs and \(outputs) outputs")
        self.inputs = inputs
        self.outputs = outputs
        self.activation = activation
    }
}

/// The weights and biases of one layer, or values of their shape: [outputs, inputs] and [outputs].
package struct DenseValues: Sendable, Equatable {
    package var weight: [Float]
    package var bias: [Float]

    package init(weight: [Float], bias: [Float]) {
        self.weight = weight
        self.bias = bias
    }
}
