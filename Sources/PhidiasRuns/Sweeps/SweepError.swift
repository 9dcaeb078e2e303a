import Phidias

/// Why a sweep cannot be trained. Settings are named as in records.
public enum SweepError: PhidiasError, Equatable {
    /// A setting without a value, or with an empty one: the grid would have no cell.
    case emptyValue(setting: String, texts: [String])
    /// Two texts of a setting that mean the same value.
    case sameValue(setting: String, first: String, second: String)
    /// A preset already gives the values of a setting.
    case presetAndValues(preset: String, setting: String)
    /// Networks that define the output activation, beside others that do not.
    case mixedNetworks
    /// Networks that are usually trained with different losses, and no loss is chosen.
    case mixedLosses
    /// Optimizers whose usual learning rates differ, and no learning rate is chosen.
    case mixedOptimizers
    /// Fewer seeds than one.
    case seeds(Int)
    /// Seeds beyond the largest that there is.
    case lastSeed(first: UInt64, count: Int)
    /// Both folds and a validation share.
    case foldsAndValidation
    /// A number of folds out of range.
    case folds(Int)
    /// A number of first folds that is not from 1 to the number of folds.
    case firstFolds(Int, of: Int)
    /// A grid with too many cells.
    case tooManyCells
    /// A record that lacks settings of a sweep.
    case missingSettings
    /// The folder holds another sweep.
    case otherSweep(folder: String, reason: String)

    public var description: String {
        switch self {
        case .emptyValue(let setting, let texts):
            "The setting '\(setting)' has an empty value ('\(texts.joined(separator: "', '"))'); the grid would have no cell. Separate the values with '\(SweepSettings.separator(of: setting))'."
        case .sameValue(let setting, let first, let second):
            first == second
                ? "The setting '\(setting)' has '\(second)' twice; give each value once."
                : "The setting '\(setting)' has '\(first)' and '\(second)', which are the same; give each value once."
        case .presetAndValues(let preset, let setting):
            "The preset \(preset) decides '\(setting)' itself; leave out one of them."
        case .mixedNetworks:
            "Some of the networks, presets or files, define the output activation, and others, given as layers, do not; give all of them as files."
        case .mixedLosses:
            "The networks are usually trained with different losses; choose one loss for all."
        case .mixedOptimizers:
            "The optimizers are usually trained with different learning rates, golden and \(Adam.usualLearningRate); choose the learning rates."
        case .seeds(let count):
            "With \(count.counted("seed")) the grid is empty; give at least 1."
        case .lastSeed(let first, let count):
            "There are not \(count.counted("seed")) from \(first) up; begin with a smaller one."
        case .foldsAndValidation:
            "Folds and a validation share both hold images out; give only one of them."
        case .folds(let count): "The number of folds is \(count); it must be from 2 to 65536."
        case .firstFolds(let count, let all):
            "The number of first folds is \(count); it must be from 1 to the number of folds, \(all)."
        case .tooManyCells:
            "The grid has more than \(SweepPlan.mostCells) cells; give fewer values."
        case .missingSettings: "Settings of the sweep are missing."
        case .otherSweep(let folder, let reason):
            "\(folder): \(reason)\nResults of different sweeps cannot be mixed."
        }
    }

    public var exitCode: Int32 {
        if case .otherSweep = self { 73 } else { 64 }
    }
}
