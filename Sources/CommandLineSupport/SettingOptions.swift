import ArgumentParser
import Phidias
import PhidiasRuns

/// Options for settings of training, as texts that `TrainingSetting` reads. A sweep takes lists of
/// values, every other command the last value.
///
/// Each command consists of the groups that it needs.
package protocol SettingOptions: ParsableArguments {
    /// The texts on the command line, by the name of the setting.
    var given: [(name: String, texts: [String])] { get }
}

extension SettingOptions {
    /// The settings of a single training.
    package var values: [RunDocument.Setting] {
        given.compactMap { name, texts in texts.last.map { .init(name: name, value: $0) } }
    }
}

extension Option where Value == [String] {
    /// The option of a setting, with its name and help.
    package init(wrappedValue: [String], setting name: String) {
        self.init(
            wrappedValue: wrappedValue, name: .customLong(name.replacing("_", with: "-")),
            parsing: .unconditionalSingleValue, help: .setting(name))
    }
}

extension ArgumentHelp {
    package static func setting(_ name: String) -> ArgumentHelp {
        guard let setting = TrainingSetting.named(name) else {
            preconditionFailure("there is no setting '\(name)'")
        }
        return ArgumentHelp(
            "\(setting.summary)", valueName: valueNames[name] ?? name.replacing("_", with: "-"))
    }

    /// Names of values, where the option's own name would not say what they are.
    private static let valueNames = [
        "data": "folder", "classes": "count", "validation": "share", "hidden": "units",
        "activation": "name",
        "output_activation": "name", "input_range": "range", "loss": "name",
        "optimizer": "name", "label_smoothing": "share", "beta1": "weight", "beta2": "weight",
        "epsilon": "number", "learning_rate": "rate", "momentum": "weight",
        "weight_decay": "lambda",
        "nesterov": "bool", "clip_norm": "norm", "shift": "pixels", "rotation": "degrees",
        "elastic": "pixels", "elastic_spacing": "pixels", "warm_up": "epochs",
        "batch_size": "images", "checkpoint_every": "interval", "keep": "count",
        "patience": "epochs", "on_divergence": "response", "diverges_above": "factor",
        "test_every_epoch": "bool", "filters_every": "steps",
    ]
}

package struct DataOptions: SettingOptions {
    @Option(help: .setting("data")) var data: String?
    @Option(setting: "seed") var seed: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] {
        // A folder may have a name that means something else in a record.
        [("data", data.map { [DataSource.folder($0).settingText] } ?? []), ("seed", seed)]
    }
}

package struct ClassOptions: SettingOptions {
    @Option(setting: "classes") var classes: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] { [("classes", classes)] }
}

package struct ValidationOptions: SettingOptions {
    @Option(setting: "validation") var validation: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] { [("validation", validation)] }
}

package struct NetworkOptions: SettingOptions {
    @Option(setting: "network") var network: [String] = []
    @Option(setting: "hidden") var hidden: [String] = []
    @Option(setting: "activation") var activation: [String] = []
    @Option(setting: "output_activation") var outputActivation: [String] = []
    @Option(setting: "input_range") var inputRange: [String] = []
    @Option(setting: "standardize") var standardize: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] {
        [
            ("network", network), ("hidden", hidden), ("activation", activation),
            ("output_activation", outputActivation), ("input_range", inputRange),
            ("standardize", standardize),
        ]
    }
}

package struct LossOptions: SettingOptions {
    @Option(setting: "loss") var loss: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] { [("loss", loss)] }
}

package struct RateOptions: SettingOptions {
    @Option(setting: "learning_rate") var learningRate: [String] = []
    @Option(setting: "momentum") var momentum: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] {
        [("learning_rate", learningRate), ("momentum", momentum)]
    }
}

package struct OptimizerOptions: SettingOptions {
    @Option(setting: "optimizer") var optimizer: [String] = []
    @Option(setting: "beta1") var beta1: [String] = []
    @Option(setting: "beta2") var beta2: [String] = []
    @Option(setting: "epsilon") var epsilon: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] {
        [("optimizer", optimizer), ("beta1", beta1), ("beta2", beta2), ("epsilon", epsilon)]
    }
}

package struct TargetOptions: SettingOptions {
    @Option(setting: "label_smoothing") var labelSmoothing: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] {
        [("label_smoothing", labelSmoothing)]
    }
}

/// Additions to a step.
package struct StepOptions: SettingOptions {
    @Option(setting: "weight_decay") var weightDecay: [String] = []
    @Option(defaultAsFlag: "true", help: .setting("nesterov")) var nesterov: String?
    @Option(setting: "clip_norm") var clipNorm: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] {
        [
            ("weight_decay", weightDecay), ("nesterov", nesterov.map { [$0] } ?? []),
            ("clip_norm", clipNorm),
        ]
    }
}

package struct AugmentationOptions: SettingOptions {
    @Option(setting: "shift") var shift: [String] = []
    @Option(setting: "rotation") var rotation: [String] = []
    @Option(setting: "elastic") var elastic: [String] = []
    @Option(setting: "elastic_spacing") var elasticSpacing: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] {
        [
            ("shift", shift), ("rotation", rotation), ("elastic", elastic),
            ("elastic_spacing", elasticSpacing),
        ]
    }
}

package struct ScheduleOptions: SettingOptions {
    @Option(setting: "schedule") var schedule: [String] = []
    @Option(setting: "warm_up") var warmUp: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] {
        [("schedule", schedule), ("warm_up", warmUp)]
    }
}

package struct LengthOptions: SettingOptions {
    @Option(setting: "epochs") var epochs: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] { [("epochs", epochs)] }
}

package struct BatchOptions: SettingOptions {
    @Option(setting: "batch_size") var batchSize: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] { [("batch_size", batchSize)] }
}

package struct CheckpointOptions: SettingOptions {
    @Option(setting: "checkpoint_every") var checkpointEvery: [String] = []
    @Option(setting: "keep") var keep: [String] = []
    @Option(setting: "patience") var patience: [String] = []
    @Option(setting: "on_divergence") var onDivergence: [String] = []
    @Option(setting: "diverges_above") var divergesAbove: [String] = []
    @Option(defaultAsFlag: "true", help: .setting("test_every_epoch")) var testEveryEpoch: String?
    @Option(setting: "filters_every") var filtersEvery: [String] = []

    package init() {}

    package var given: [(name: String, texts: [String])] {
        [
            ("checkpoint_every", checkpointEvery), ("keep", keep), ("patience", patience),
            ("on_divergence", onDivergence), ("diverges_above", divergesAbove),
            ("test_every_epoch", testEveryEpoch.map { [$0] } ?? []),
            ("filters_every", filtersEvery),
        ]
    }
}

extension TrainingSettings {
    /// The defaults with the changes that options make.
    package init(_ options: any SettingOptions...) throws {
        self.init()
        try set(options.flatMap(\.values))
    }
}
