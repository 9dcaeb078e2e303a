import Phidias

/// Why settings cannot be used for training. Settings are named as in records.
public enum SettingError: PhidiasError, Equatable {
    /// A text that is not a value of the setting.
    case value(setting: String, text: String, expected: String)
    /// A name that is not a setting's.
    case unknown(String)
    /// The network is described by two settings at once.
    case describedTwice(by: String)
    /// A text that does not name a network.
    case noNetwork(String)
    /// A loss that is defined for sigmoid outputs only.
    case lossNeedsSigmoid(String)
    /// A loss of classes where numbers are to be predicted.
    case lossNeedsClasses(String)
    /// A setting that is for numbers to predict, or for rows of numbers, and data that has others.
    case kind(setting: String, value: String, data: String)
    /// A setting of another optimizer than the chosen one.
    case otherOptimizer(setting: String, optimizer: String)
    /// A recipe for gradient descent with another optimizer.
    case presetNeedsSGD(preset: String, optimizer: String)
    /// Patience without the validation that it depends on.
    case patienceWithoutValidation
    /// Checkpoints that are written by the clock, which would decide what a divergence goes back to.
    case clockDecides(interval: String)
    /// The filters of the first layer are too many for a picture.
    case filters(reason: String)

    public var description: String {
        switch self {
        case .value(let setting, let text, let expected):
            "The setting '\(setting)' is '\(text)'; it must be \(expected)."
        case .unknown(let name):
            "There is no setting '\(name)'."
        case .describedTwice(let other):
            "'network' and '\(other)' both describe the network; give only one of them."
        case .noNetwork(let text):
            "'\(text)' is not a network: there is no such file, and it is none of \(NetworkPreset.allCases.map(\.rawValue).joined(separator: ", ")). Layers are given as in 'conv 16 3x3 relu, maxpool 2, dense 10'."
        case .lossNeedsSigmoid(let name):
            "The \(name) loss is defined for sigmoid outputs only; choose the output activation sigmoid."
        case .lossNeedsClasses(let name):
            "The \(name) loss is for classes, but the data has numbers to predict: use the loss squared-error, or none."
        case .kind(let setting, let value, let data):
            "The setting '\(setting)' is '\(value)', but the data has \(data)."
        case .otherOptimizer(let setting, let optimizer):
            "The optimizer \(optimizer) has no '\(setting)': leave it out."
        case .presetNeedsSGD(let preset, let optimizer):
            "The recipe '\(preset)' is for gradient descent with momentum, not for \(optimizer): leave it out."
        case .patienceWithoutValidation:
            "Patience depends on the validation loss: give a validation share too, such as 0.1."
        case .clockDecides(let interval):
            "A run that diverges goes back to a checkpoint, and with one every \(interval) the clock would decide which: give epochs instead."
        case .filters(let reason):
            "The filters of the first layer cannot be drawn while training: \(reason)"
        }
    }

    public var exitCode: Int32 {
        if case .noNetwork = self { 66 } else { 64 }
    }
}
