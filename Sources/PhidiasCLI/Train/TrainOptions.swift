import ArgumentParser
import CommandLineSupport
import PhidiasRuns

/// Every setting of a training.
struct TrainOptions: SettingOptions {
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Data") var classes: ClassOptions
    @OptionGroup(title: "Data") var validation: ValidationOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Loss and optimizer") var loss: LossOptions
    @OptionGroup(title: "Loss and optimizer") var targets: TargetOptions
    @OptionGroup(title: "Loss and optimizer") var optimizer: OptimizerOptions
    @OptionGroup(title: "Loss and optimizer") var recipe: RecipeOptions
    @OptionGroup(title: "Loss and optimizer") var rates: RateOptions
    @OptionGroup(title: "Loss and optimizer") var step: StepOptions
    @OptionGroup(title: "Schedule") var schedule: ScheduleOptions
    @OptionGroup(title: "Schedule") var length: LengthOptions
    @OptionGroup(title: "Schedule") var batch: BatchOptions
    @OptionGroup(title: "Augmentation") var augmentation: AugmentationOptions
    @OptionGroup(title: "Checkpoints") var checkpoints: CheckpointOptions

    var given: [(name: String, texts: [String])] {
        let groups: [any SettingOptions] = [
            data, classes, validation, network, loss, targets, optimizer, rates, step, schedule,
            length, batch,
            augmentation, checkpoints,
        ]
        return groups.flatMap(\.given)
    }

    /// Changes what is given. Options of their own are stronger than the recipe.
    func apply(to settings: inout TrainingSettings) throws {
        try settings.set(values)
        guard let preset = recipe.preset else { return }
        guard settings.optimizerName == .sgd else {
            throw SettingError.presetNeedsSGD(
                preset: preset.rawValue, optimizer: settings.optimizerName.rawValue)
        }
        preset.apply(to: &settings)
        try settings.set(rates.values + schedule.values)
    }
}

extension TrainingPreset: ExpressibleByArgument {}

struct RecipeOptions: ParsableArguments {
    @Option(
        help:
            "golden, the default, or fast: one cycle of the learning rate up to 0.3, with relu, tanh or leaky-relu 0.1, times the square root of batch / 64, with momentum 0.9."
    )
    var preset: TrainingPreset?
}
