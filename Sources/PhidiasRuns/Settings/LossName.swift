import Phidias

/// The built-in losses by name.
public enum LossName: String, Sendable, Hashable, CaseIterable {
    /// The synaptic loss, our reconstruction.
    case synaptic
    /// Cross-entropy.
    case crossEntropy = "cross-entropy"
    /// Half the squared error of the probabilities.
    case meanSquare = "mean-square"
    /// Half the squared error of numbers to predict.
    case squaredError = "squared-error"

    /// Those for classes, which can be compared.
    public static let ofClasses: [LossName] = [.synaptic, .crossEntropy, .meanSquare]

    /// The loss itself.
    /// - Throws: `SettingError.lossNeedsSigmoid` for the mean square of softmax outputs,
    ///   `.lossNeedsClasses` for a loss of classes where numbers are to be predicted.
    public func loss(_ output: OutputActivation) throws(SettingError) -> any Loss {
        guard self == .squaredError || output != .identity else {
            throw .lossNeedsClasses(rawValue)
        }
        switch self {
        case .squaredError: return SquaredErrorLoss()
        case .synaptic: return SynapticLoss(outputActivation: output)
        case .crossEntropy: return CrossEntropyLoss(outputActivation: output)
        case .meanSquare:
            guard output == .sigmoid else { throw .lossNeedsSigmoid(rawValue) }
            return MeanSquareLoss()
        }
    }
}
