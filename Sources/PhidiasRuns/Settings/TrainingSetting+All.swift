import Phidias

extension TrainingSetting {
    /// Every setting, in the order of records.
    public static let all: [TrainingSetting] = [
        TrainingSetting(
            "data", \.data, .data, .neutral,
            "A folder with four IDX files, such as those of MNIST. (default: synthetic digits)",
            read: { $0.data = $1 == "synthetic" ? .synthetic : .folder($1) },
            write: { $0.data.settingText }),
        network, hidden, activation,
        TrainingSetting(
            "output_activation", \.outputActivation, .network, .axis,
            "The function that turns logits into probabilities: sigmoid or softmax. (default: sigmoid)",
            read: { $0.outputActivation = try .init(reading: $1, of: "output_activation") },
            write: { $0.network.isWhole ? nil : $0.outputActivation.rawValue }),
        TrainingSetting(
            "input_range", \.inputRange, .network, .axis,
            "The range that pixels are mapped to: 0..1 or -1..1. (default: 0..1)",
            read: { $0.inputRange = try .init(reading: $1, of: "input_range") },
            write: { $0.network.isWhole ? nil : $0.inputRange.rawValue }),
        TrainingSetting(
            "standardize", \.standardize, .network, .axis, absent: "deviation",
            "How columns of numbers are brought to a common scale: deviation (mean 0, standard deviation 1), range (0 to 1) or none. (default: deviation)"
        ),
        TrainingSetting(
            "loss", \.loss, .optimizer, [.axis, .measure],
            "The loss to minimize: synaptic, cross-entropy or mean-square; squared-error for numbers to predict. The synaptic loss is this project's reconstruction. (default: synaptic, for dbl-2024 cross-entropy)",
            read: { $0.loss = try LossName(reading: $1, of: "loss") },
            write: { $0.lossName.rawValue }),
        TrainingSetting(
            "label_smoothing", \.labelSmoothing, .optimizer, .axis, absent: "0.0",
            "The share of each target that is spread evenly over all classes while training, such as 0.1. Test and validation losses are of the labels. (default: 0)"
        ),
        TrainingSetting(
            "optimizer", \.optimizerName, .optimizer, .axis, absent: "sgd",
            "How gradients become steps: sgd (gradient descent with momentum), adam or adamw. (default: sgd)"
        ),
        TrainingSetting(
            "learning_rate", \.learningRate, .optimizer, .axis,
            "The learning rate η: golden or a number. (default: golden, for adam and adamw \(Adam.usualLearningRate))",
            read: { $0.learningRate = try LearningRate.base($1) },
            write: { settings in
                settings.learningRate == GoldenRatio.learningRate
                    ? "golden" : settings.learningRate.settingText
            }),
        TrainingSetting(
            "momentum", \.momentum, .optimizer, .axis,
            "The momentum weight α of sgd: golden, coupled (1 − √η at every step) or a number. (default: golden)",
            read: { $0.momentum = try Momentum($1) },
            write: { $0.optimizerName == .sgd ? $0.momentum.settingText : nil }),
        TrainingSetting(
            "weight_decay", \.weightDecay, .optimizer, .axis, absent: "0.0",
            "λ: adds λw to the gradient of every parameter w, biases too; adamw takes ηλw from w instead. (default: 0)"
        ),
        TrainingSetting(
            "nesterov", \.nesterov, .optimizer, .axis, absent: "false",
            "Use Nesterov's form of momentum, with sgd."),
        TrainingSetting(
            "beta1", \.beta1, .optimizer, .axis, absent: usualAdam.beta1.settingText,
            "β₁ of Adam, the weight of the mean gradient before. (default: \(usualAdam.beta1))"),
        TrainingSetting(
            "beta2", \.beta2, .optimizer, .axis, absent: usualAdam.beta2.settingText,
            "β₂ of Adam, the weight of the mean square before. (default: \(usualAdam.beta2))"),
        TrainingSetting(
            "epsilon", \.epsilon, .optimizer, .axis, absent: usualAdam.epsilon.settingText,
            "ε of Adam, which is added to the root of the mean square. (default: \(usualAdam.epsilon))"
        ),
        TrainingSetting(
            "clip_norm", \.clipNorm, .optimizer, .axis, absent: "none",
            "The largest Euclidean norm of a step's gradient; longer ones are scaled down to it. (default: no limit)"
        ),
        TrainingSetting(
            "shift", \.shift, .augmentation, .axis, absent: "0.0",
            "Shift each image along each axis by at most this many pixels. (default: 0)"),
        TrainingSetting(
            "rotation", \.rotation, .augmentation, .axis, absent: "0.0",
            "Rotate each image by at most this many degrees. (default: 0)"),
        TrainingSetting(
            "elastic", \.elastic, .augmentation, .axis, absent: "0.0",
            "Distort each image elastically: displace control points along each axis by at most this many pixels, such as 3. (default: 0)"
        ),
        TrainingSetting(
            "elastic_spacing", \.elasticSpacing, .augmentation, .axis,
            absent: String(Augmentation.usualSpacing),
            "The distance between those control points, in pixels. (default: \(Augmentation.usualSpacing))",
            read: { $0.elasticSpacing = try .init(reading: $1, of: "elastic_spacing") },
            write: { $0.elastic == 0 ? nil : $0.elasticSpacing.settingText }),
        TrainingSetting(
            "schedule", \.schedule, .schedule, [.axis, .commas],
            "The course of the learning rate: constant, step:EPOCHS,FACTOR, exponential:FACTOR, cosine[:FINAL] or one-cycle[:PEAK]. (default: constant)"
        ),
        TrainingSetting(
            "warm_up", \.warmUp, .schedule, .axis,
            "Epochs over which the learning rate first rises linearly. (default: 0)"),
        TrainingSetting(
            "epochs", \.epochs, .schedule, .axis,
            "Passes over the training images. (default: 10)"),
        TrainingSetting(
            "batch_size", \.batchSize, .schedule, [.axis, .batches],
            "Images per batch. (default: 64)"),
        TrainingSetting(
            "seed", \.seed, .data, [.batches, .measure],
            "The seed for weights, shuffles, splits and synthetic digits. (default: 1)"),
        TrainingSetting(
            "validation", \.validation, .data, [.batches, .measure],
            "The share of each class to keep out of training for validation, such as 0.1. (default: none)"
        ),
        TrainingSetting(
            "classes", \.classes, .data, [], absent: "none",
            "The number of classes: a label beyond is an error. (default: as many as the data has)",
            expected: "a number from 2 to 256", bounds: { (2...256).contains($0 ?? 2) }),
        checkpointEvery,
        TrainingSetting(
            "keep", \.keep, .checkpoints, .neutral,
            "How many of the newest checkpoints to keep, besides the one that a divergence goes back to. (default: 2)",
            expected: "a number from 1", bounds: { $0 > 0 }),
        TrainingSetting(
            "patience", \.patience, .checkpoints, [],
            "Stop when the validation loss has not improved for this many epochs, and take the best weights. Needs a validation share. (default: never)",
            expected: "a number of epochs from 1", bounds: { $0 ?? 1 > 0 }),
        TrainingSetting(
            "on_divergence", \.onDivergence, .checkpoints, [],
            "What to do when training diverges: stop, or halve (go back to the last checkpoint and continue at half the learning rate, of sgd with coupled momentum, at most \(TrainingSettings.mostHalvings) times). (default: stop)"
        ),
        TrainingSetting(
            "diverges_above", \.divergesAbove, .checkpoints, [], absent: "none",
            "Also treat training as diverged when the mean loss of an epoch exceeds the loss before training by this factor; none for never. (default: 10)",
            expected: "a number from 1", bounds: { $0 ?? 1 >= 1 && ($0 ?? 1).isFinite }),
        TrainingSetting(
            "test_every_epoch", \.testEveryEpoch, .checkpoints, [], absent: "true",
            "With a validation share: evaluate the test images after every epoch, not only at the end.",
            read: { $0.testEveryEpoch = try .init(reading: $1, of: "test_every_epoch") },
            // Without validation there is nothing else to look at.
            write: { $0.validation != nil && !$0.testEveryEpoch ? "false" : nil }),
        TrainingSetting(
            "filters_every", \.filtersEvery, .checkpoints, .neutral,
            "Draw the filters every so many steps, as numbered PNG files in frames/. (default: never)",
            expected: "a number of steps from 1", bounds: { $0 ?? 1 > 0 }),
    ]

    private static let usualAdam = TrainingSettings.usualAdam

    static let network = TrainingSetting(
        "network", \.network, .network, [.axis, .commas], absent: "none",
        "Layers such as 'conv 16 3x3 pad 1 relu, maxpool 2, dropout 0.25, dense 10', which replace hidden units and activation; or mlp, dbl-2024 or a JSON file, which replace output activation and input range too.",
        read: { $0.network = try NetworkChoice($1) }, write: { $0.network.text })

    static let hidden = TrainingSetting(
        "hidden", \.network, .network, [.axis, .commas],
        "Units of the hidden layers, such as 300,100; 0 for none. (default: 128)",
        read: { settings, text in
            let sizes = text.split(separator: ",", omittingEmptySubsequences: false).map {
                Int($0)
            }
            guard text == "0" || sizes.allSatisfy({ $0 ?? 0 > 0 }) else {
                throw SettingError.value(
                    setting: "hidden", text: text,
                    expected: "a list of layer sizes such as 128 or 300,100")
            }
            settings.network = .dense(
                hidden: text == "0" ? [] : sizes.compactMap { $0 },
                activation: settings.network.activation)
        },
        write: { settings in
            settings.network.hidden.map { sizes in
                sizes.isEmpty ? "0" : sizes.map { String($0) }.joined(separator: ",")
            }
        })

    static let activation = TrainingSetting(
        "activation", \.network, .network, .axis,
        "Activation of the hidden layers: sigmoid, relu, tanh or leaky-relu. (default: sigmoid)",
        read: { settings, text in
            guard let activation = Activation(rawValue: text), activation != .identity else {
                throw SettingError.value(
                    setting: "activation", text: text,
                    expected: "one of \(Activation.names.joined(separator: ", "))")
            }
            settings.network = .dense(
                hidden: settings.network.hidden ?? [128], activation: activation)
        },
        write: { $0.network.hidden == nil ? nil : $0.network.activation.rawValue })

    /// Neutral, unless divergences go back to checkpoints.
    static let checkpointEvery = TrainingSetting(
        "checkpoint_every", \.checkpointEvery, .checkpoints, [],
        "Write a checkpoint every so many epochs, such as 5, or minutes, such as 10m. (default: 1)")
}

extension SettingValue {
    /// - Throws: `SettingError.value`.
    fileprivate init(reading text: String, of setting: String) throws {
        guard let value = try Self(settingText: text) else {
            throw SettingError.value(setting: setting, text: text, expected: Self.expected)
        }
        self = value
    }
}

extension NetworkChoice {
    fileprivate var hidden: [Int]? {
        if case .dense(let hidden, _) = self { hidden } else { nil }
    }

    fileprivate var activation: Activation {
        if case .dense(_, let activation) = self { activation } else { .sigmoid }
    }
}

extension DataSource {
    /// The source as a record holds it: a folder is never written with a word that means something
    /// else there.
    package var settingText: String {
        switch self {
        case .synthetic: "synthetic"
        case .folder(let path):
            ["synthetic", "none", "true", "false"].contains(path) ? "./\(path)" : path
        }
    }
}
