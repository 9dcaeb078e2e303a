import Phidias
import PhidiasRuns

/// What to do about an error of the library, in the words of the command line.
package enum Hint {
    /// What follows the error's own sentence; empty where that says it all.
    package static func text(for error: any Error) -> String {
        guard let hint = hint(for: error) else { return "" }
        return hint.hasPrefix("\n") ? hint : " " + hint
    }

    private static func hint(for error: any Error) -> String? {
        switch error {
        case SettingError.value(let setting, _, _): "(\(option(setting)))"
        case ModelError.noThreads, ModelError.threadVariable: "(--threads)"
        case DataError.exists: "Choose another --output, or replace the data with --force."
        case DataError.otherForm: "(phidias data import)"
        case ImportError.file: "Leave out such files with --skip-bad."
        case ImportError.sizes: "Resize them, as with --size 28x28."
        case ImportError.channels: "(--channels)"
        case ImportError.size: "(--size)"
        case DataError.missing(_, let reason) where reason.contains("no such folder"):
            "tools/fetch-mnist gets MNIST; without --data, synthetic digits are drawn."
        case PredictionError.several: "(--segments)"
        case ExportError.exists: "Choose another --output, or replace it with --force."
        case ExportError.name: "(--name)"
        case ExportError.noBytes: "(--input)"
        case is NetworkFileError:
            "phidias summary --document dbl-2024 shows what such a file holds."
        case SettingError.describedTwice(let other):
            "(--network, \(option(other)))"
        case SettingError.lossNeedsSigmoid: "(--output-activation sigmoid)"
        case SettingError.otherOptimizer(let setting, _): "(\(option(setting)), --optimizer)"
        case SettingError.presetNeedsSGD: "(--preset, --optimizer)"
        case SweepError.mixedOptimizers: "(--learning-rate)"
        case SettingError.patienceWithoutValidation: "(--validation)"
        case SettingError.clockDecides: "(--checkpoint-every)"
        case SettingError.filters: "Leave out --filters-every."
        case RunError.exists(let folder, _):
            "Continue it with --resume \(folder.shellQuoted), choose another --output, or replace it with --force."
        case RunError.changes:
            "\nLeave them as they were, or allow the change with --allow-change."
        case RunError.lostChanges: "(--allow-change, with the changes to make again)"
        case RunError.finished:
            "\nGive more --epochs or --patience, or train a new run."
        case RunError.otherData, RunError.noData: "Name the folder of the data with --data."
        case ReportError.otherData: "Leave out --data, or give the run's."
        case SweepError.otherSweep: "Choose another --output."
        case SweepError.emptyValue(let setting, _), SweepError.sameValue(let setting, _, _),
            SweepError.presetAndValues(_, let setting):
            "(\(option(setting)))"
        case SweepError.mixedNetworks: "(phidias summary --document)"
        case SweepError.firstFolds: "(--first-folds, --folds)"
        case SweepError.folds: "(--folds)"
        case SweepError.seeds: "(--seeds)"
        case ExperimentError.count(let name, _, _):
            "(--\(name.replacing(" ", with: "-")))"
        case ExperimentError.allRatesDiverged: "(--rates)"
        case ExperimentError.otherProgress: "(--output)"
        case ChartRendererError.missing:
            "Install librsvg2-bin (Debian: apt-get install librsvg2-bin), or leave out --png."
        case ChartRendererError.failed: "(--png)"
        case let error as TableError: importHint(for: error)
        default: nil
        }
    }

    private static func importHint(for error: TableError) -> String? {
        switch error {
        case .missing:
            "An import fills it with --missing mean, or leaves the column out with --drop."
        case .whichLabel:
            "Say which with --label: a name, a number, first, last or none; or name numbers to predict with --target."
        case .noLabels: "(phidias predict, or --label)"
        case .column: "(--label, --target, --drop)"
        case .classes: "(--label, --target)"
        case .categories: "Leave it out with --drop."
        case .imagesOrTable: "Say which with --as images or --as table."
        case .shape: "(--size, --channels, --as table)"
        case .range: "Say the value of white with --scale, or --as table."
        case .whichSet: "Name one with --keys."
        case .whichArrays: "Name them with --keys IMAGES,LABELS or with four names."
        default: nil
        }
    }

    private static func option(_ setting: String) -> String {
        "--\(setting.replacing("_", with: "-"))"
    }
}
