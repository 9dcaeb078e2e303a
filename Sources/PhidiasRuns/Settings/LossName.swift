import Phidias

/// The built-in losses by name.
public enum LossName: String, Sendable, Hashable, CaseIterable {
    /// The synaptic loss, our reconstruction.
    case synaptic
    /// Cross-entropy.
    case crossEntropy = "cross-entropy"
    /// Half the squared error of the probabilities.
    case meanSquare = "mean-square"

    /// The loss itself.
    /// - Throws: `SettingError.lossNeedsSigmoid` for the mean square of softmax outputs.
    public func loss(_ output: OutputActivation) throws(SettingError) -> any Loss {
        switch self {
        case .synaptic: return SynapticLoss(outputActivation: output)
        case .crossEntropy: return CrossEntropyLoss(outputActivation: output)
        case .meanSquare:
            guard output == .sigmoid else { throw .lossNeedsSigmoid(rawValue) }
            return MeanSquareLoss()
        }
    }
}
