import Phidias

/// Settings that no training can follow. Settings are named as in records.
public enum SettingError: PhidiasError, Equatable {
    /// A text that is no value of the setting.
    case value(setting: String, text: String, expected: String)
    /// A name that no setting has.
    case unknown(String)
    /// The network is described by two settings at once.
    case describedTwice(by: String)
    /// A text that names no network.
    case noNetwork(String)
    /// A loss that is defined for sigmoid outputs alone.
    case lossNeedsSigmoid(String)
    /// Patience looks at the validation loss, and there is no validation.
    case patienceWithoutValidation
    /// Checkpoints are counted by the clock, which would decide what a divergence goes back to.
    case clockDecides(interval: String)
    /// The filters of the first layer are too many for a picture.
    case filters(reason: String)

    public var description: String {
        switch self {
        case .value(let setting, let text, let expected):
            "\(Self.words(setting)) '\(text)' is not \(expected)."
        case .unknown(let name):
            "A training has no setting '\(name)'."
        case .describedTwice(let other):
            "'network' and '\(other)' both describe the network; give one of them."
        case .noNetwork(let text):
            "'\(text)' is no network: there is no such file, and it is none of \(NetworkPreset.allCases.map(\.rawValue).joined(separator: ", ")). Layers are given as in 'conv 16 3x3 relu, maxpool 2, dense 10'."
        case .lossNeedsSigmoid(let name):
            "The \(name) loss is for sigmoid outputs; choose the output activation sigmoid."
        case .patienceWithoutValidation:
            "Patience looks at the validation loss: give a share for validation too, such as 0.1."
        case .clockDecides(let interval):
            "Halving after a divergence goes back to a checkpoint, and with one every \(interval) the clock would decide which: give epochs."
        case .filters(let reason):
            "The filters of the first layer cannot be drawn while training: \(reason)"
        }
    }

    public var exitCode: Int32 {
        if case .noNetwork = self { 66 } else { 64 }
    }

    /// A name as people say it, at the start of a sentence.
    private static func words(_ setting: String) -> String {
        "The " + setting.replacing("_", with: " ")
    }
}
