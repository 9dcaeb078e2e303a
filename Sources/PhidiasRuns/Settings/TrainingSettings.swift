import Phidias

/// Everything that decides what a training computes, and what is kept of it on the way.
///
///     var settings = TrainingSettings()
///     settings.data = .folder("data/mnist")
///     settings.network = .dense(hidden: [300, 100], activation: .relu)
///     settings.epochs = 5
///
/// Each setting is declared once, as a `TrainingSetting`: its name in records, its form as text,
/// its meaning. Records, resuming, sweeps and reports follow from these declarations.
public struct TrainingSettings: Sendable, Hashable {
    // MARK: Data

    /// Where the images come from.
    public var data = DataSource.synthetic
    /// The seed for initial weights, shuffles, splits, dropout, augmentation and synthetic digits.
    public var seed: UInt64 = 1
    /// The share of each class that is kept out of training for validation, above 0 and below 1;
    /// nil for none.
    public var validation: Double?

    /// The number of classes, from 2 to 256, beyond which a label is an error; nil for as many as the
    /// data has.
    public var classes: Int?

    // MARK: Network

    /// The layers.
    public var network = NetworkChoice.dense(hidden: [128], activation: .sigmoid)
    /// How logits become probabilities, where `network` does not say it.
    public var outputActivation = OutputActivation.sigmoid
    /// What pixels are mapped to, where `network` does not say it.
    public var inputRange = InputRange.zeroToOne

    /// How rows of numbers, and numbers to predict, are brought to a common scale, which is that of
    /// the training part.
    public var standardize = Standardization.Method.deviation

    // MARK: Loss and optimizer

    /// The loss to minimize; nil for what is usual for the network: synaptic, or cross-entropy for
    /// `dbl-2024`.
    public var loss: LossName?
    /// How gradients become steps. A learning rate that is usual for the optimizer before becomes the
    /// one that is usual for this.
    public var optimizerName = OptimizerName.sgd {
        didSet {
            if learningRate == oldValue.usualLearningRate {
                learningRate = optimizerName.usualLearningRate
            }
        }
    }
    /// The learning rate η that the schedule starts from, finite and above 0.
    public var learningRate = GoldenRatio.learningRate
    /// The momentum weight α of gradient descent.
    public var momentum = Momentum.golden
    /// λ ≥ 0: λw is added to the gradient of every parameter w, biases too; by `adamw`, ηλw is taken
    /// from w.
    public var weightDecay = 0.0
    /// Whether the momentum has Nesterov's form.
    public var nesterov = false
    /// The weight of Adam's first moment before, in 0 ..< 1.
    public var beta1 = Self.usualAdam.beta1
    /// The weight of Adam's second moment before, in 0 ..< 1.
    public var beta2 = Self.usualAdam.beta2
    /// What Adam adds to the root of the second moment, above 0.
    public var epsilon = Self.usualAdam.epsilon
    /// The largest Euclidean norm of a step's gradient, above 0; a longer one is scaled down to it.
    /// Nil for no limit.
    public var clipNorm: Double?
    /// The share of each target that is spread evenly over all classes while training, from 0 and
    /// below 1.
    public var labelSmoothing = 0.0

    // MARK: Augmentation

    /// The most pixels that a training image is shifted along each axis.
    public var shift = 0.0
    /// The most degrees that a training image is rotated, either way.
    public var rotation = 0.0
    /// The most pixels that control points of the elastic distortion are displaced along each axis.
    public var elastic = 0.0
    /// The distance between control points of the elastic distortion, in pixels.
    public var elasticSpacing = Augmentation.usualSpacing

    // MARK: Schedule

    /// The course of the learning rate over the run.
    public var schedule = Schedule.constant
    /// Epochs of linear rise before the schedule, at least 0.
    public var warmUp = 0.0
    /// Passes over the training images, at least 1.
    public var epochs = 10
    /// Images per batch, at least 1.
    public var batchSize = 64

    // MARK: Checkpoints

    /// When checkpoints are written.
    public var checkpointEvery = CheckpointInterval.epochs(1)
    /// How many checkpoints are kept, at least 1: the newest ones, and the one that a divergence goes
    /// back to.
    public var keep = 2
    /// Epochs without a better validation loss after which training ends with the best weights; nil
    /// for never.
    public var patience: Int?
    /// What is done when training diverges: when a weight or loss is no longer finite, or an epoch's
    /// loss is too high.
    public var onDivergence = DivergenceResponse.stop
    /// An epoch whose mean loss is above so many times the loss before training has diverged, at least
    /// 1; nil for never.
    public var divergesAbove: Double? = 10
    /// Whether the test images are evaluated after every epoch though there are validation images;
    /// else only at the end of the run, so that they are not used for tuning.
    public var testEveryEpoch = false
    /// Steps between two pictures of the filters, at least 1; nil for no pictures.
    public var filtersEvery: Int?

    /// The defaults: synthetic digits, 784-128-10, the synaptic loss, golden parameters, ten epochs.
    public init() {}
}

/// Where images come from.
public enum DataSource: Sendable, Hashable {
    /// Digits that are drawn from the seed.
    case synthetic
    /// A folder with four IDX files, such as those of MNIST.
    case folder(String)

    /// Reads the folder, or draws the digits.
    /// - Parameters:
    ///   - seed: the seed of synthetic digits.
    ///   - classes: the number of classes of a folder's data; nil for as many as it has.
    /// - Throws: `DataError`; `SettingError.value` for a number of classes that synthetic digits do
    ///   not have.
    public func load(seed: UInt64, classes: Int? = nil) throws -> DataPair {
        switch self {
        case .synthetic:
            let pair = try SyntheticDigits.pair(seed: seed)
            try pair.check(classes: classes)
            return pair
        case .folder(let path): return try DataPair(directory: path, classes: classes)
        }
    }
}

extension DataPair {
    /// - Throws: `SettingError.value` if the data has another number of classes.
    func check(classes: Int?) throws(SettingError) {
        guard let classes, classes != training.classes else { return }
        throw .value(
            setting: "classes", text: "\(classes)",
            expected: "\(training.classes), as the data has")
    }
}

/// When checkpoints are written.
public enum CheckpointInterval: Sendable, Hashable {
    /// After this many epochs each time, at least 1.
    case epochs(Int)
    /// After this many minutes each time, above 0 and at most 10⁹.
    case minutes(Double)

    /// Whether a checkpoint is due after a number of epochs, regardless of the clock.
    func isDue(after epochs: Int) -> Bool {
        if case .epochs(let every) = self { epochs % every == 0 } else { false }
    }

    /// Nil if epochs are counted.
    var time: Duration? {
        if case .minutes(let minutes) = self { .seconds(minutes * 60) } else { nil }
    }

    var isValid: Bool {
        switch self {
        case .epochs(let count): count > 0
        case .minutes(let count): count > 0 && count <= 1e9
        }
    }
}

/// What a run does when training diverges.
public enum DivergenceResponse: String, Sendable, Hashable, CaseIterable {
    /// End training.
    case stop
    /// Go back to the last checkpoint at the end of an epoch and continue at half the learning rate
    /// with coupled momentum, at most `TrainingSettings.mostHalvings` times.
    case halve
}

extension TrainingSettings {
    static let usualAdam = Adam.Options()

    /// How often a run goes back after diverging, at most.
    public static let mostHalvings = 5
}
