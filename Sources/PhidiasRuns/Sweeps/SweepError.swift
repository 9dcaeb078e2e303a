import Phidias

/// A sweep that cannot be trained. Settings are named as in records.
public enum SweepError: PhidiasError, Equatable {
    /// A setting without a value, or with an empty one: the grid would have no cell for it.
    case emptyValue(setting: String, texts: [String])
    /// Two texts of a setting that mean the same value.
    case sameValue(setting: String, first: String, second: String)
    /// A preset gives the values of a setting already.
    case presetAndValues(preset: String, setting: String)
    /// Networks that say what logits become, beside others that do not.
    case mixedNetworks
    /// Networks that are usually trained with different losses, and no loss is chosen.
    case mixedLosses
    /// No seed.
    case seeds(Int)
    /// Seeds beyond the largest there is.
    case lastSeed(first: UInt64, count: Int)
    /// Both folds and a share for validation.
    case foldsAndValidation
    /// A number of folds out of range.
    case folds(Int)
    /// A number of first folds that is not from 1 to that of all.
    case firstFolds(Int, of: Int)
    /// A grid with more cells than are counted.
    case tooManyCells
    /// A record that lacks settings of a sweep.
    case missingSettings
    /// The folder holds another sweep.
    case otherSweep(folder: String, reason: String)

    public var description: String {
        switch self {
        case .emptyValue(let setting, let texts):
            "The setting '\(setting)' has an empty value ('\(texts.joined(separator: "', '"))'); the grid would have no cell for it. Give values with '\(SweepSettings.separator(of: setting))' between them."
        case .sameValue(let setting, let first, let second):
            first == second
                ? "The setting '\(setting)' has '\(second)' twice; give each value once."
                : "The setting '\(setting)' has '\(first)' and '\(second)', the same; give each value once."
        case .presetAndValues(let preset, let setting):
            "The preset \(preset) gives learning rates and momenta; leave out '\(setting)', or the preset."
        case .mixedNetworks:
            "There are presets or files among the networks, which say what logits become, and layers, which do not; make files of them all."
        case .mixedLosses:
            "There are networks that are usually trained with different losses; choose one loss."
        case .seeds(let count):
            "With \(count) seeds nothing is trained; the grid is empty. Give 1 or more."
        case .lastSeed(let first, let count):
            "The seed \(first) has no \(count - 1) seeds above it."
        case .foldsAndValidation:
            "Folds and a share for validation both hold images out; give one of them."
        case .folds(let count): "\(count) folds: give 2 to 65536."
        case .firstFolds(let count, let all):
            "The first \(count) folds: give 1 to the number of all folds, \(all)."
        case .tooManyCells:
            "The grid has more than \(SweepPlan.mostCells) cells; give fewer values."
        case .missingSettings: "The settings are not all those of a sweep."
        case .otherSweep(let folder, let reason):
            "\(folder): \(reason)\nResults of different sweeps are not mixed."
        }
    }

    public var exitCode: Int32 {
        if case .otherSweep = self { 73 } else { 64 }
    }
}
