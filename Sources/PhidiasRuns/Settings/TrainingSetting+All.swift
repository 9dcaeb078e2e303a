import Phidias

extension TrainingSetting {
    /// Every setting, in the order of records.
    public static let all: [TrainingSetting] = [
        TrainingSetting(
            "data", \.data, .data, .neutral,
            "A folder with the four IDX files of MNIST or the like; without one, synthetic digits.",
            read: { $0.data = $1 == "synthetic" ? .synthetic : .folder($1) },
            write: { $0.data.settingText }),
        network, hidden, activation,
        TrainingSetting(
            "output_activation", \.outputActivation, .network, .axis,
            "How logits become probabilities: sigmoid or softmax. (default: sigmoid)",
            read: { $0.outputActivation = try .init(reading: $1, of: "output_activation") },
            write: { $0.network.isWhole ? nil : $0.outputActivation.rawValue }),
        TrainingSetting(
            "input_range", \.inputRange, .network, .axis,
            "What pixels are mapped to: 0..1 or -1..1. (default: 0..1)",
            read: { $0.inputRange = try .init(reading: $1, of: "input_range") },
            write: { $0.network.isWhole ? nil : $0.inputRange.rawValue }),
        TrainingSetting(
            "loss", \.loss, .optimizer, [.axis, .measure],
            "The loss to minimize: synaptic, cross-entropy or mean-square. The synaptic loss is our reconstruction. (default: synaptic; cross-entropy for dbl-2024)",
            read: { $0.loss = try LossName(reading: $1, of: "loss") },
            write: { $0.lossName.rawValue }),
        TrainingSetting(
            "learning_rate", \.learningRate, .optimizer, .axis,
            "golden, or a number. (default: golden)",
            read: { $0.learningRate = try LearningRate.base($1) },
            write: { settings in
                settings.learningRate == GoldenRatio.learningRate
                    ? "golden" : settings.learningRate.settingText
            }),
        TrainingSetting(
            "momentum", \.momentum, .optimizer, .axis,
            "golden, coupled (1 − √η at every step), or a number. (default: golden)"),
        TrainingSetting(
            "weight_decay", \.weightDecay, .optimizer, .axis, absent: "0.0",
            "λ: λw is added to the gradient of every parameter w, biases too. (default: 0)"),
        TrainingSetting(
            "nesterov", \.nesterov, .optimizer, .axis, absent: "false",
            "Nesterov's form of the momentum."),
        TrainingSetting(
            "clip_norm", \.clipNorm, .optimizer, .axis, absent: "none",
            "The largest Euclidean norm of a step's gradient; a longer one is scaled down to it."),
        TrainingSetting(
            "shift", \.shift, .augmentation, .axis, absent: "0.0",
            "The most pixels that an image moves along each axis. (default: 0)"),
        TrainingSetting(
            "rotation", \.rotation, .augmentation, .axis, absent: "0.0",
            "The most degrees that it turns, either way. (default: 0)"),
        TrainingSetting(
            "elastic", \.elastic, .augmentation, .axis, absent: "0.0",
            "The most pixels along each axis that control points are displaced: elastic distortion, such as 3. (default: 0)"
        ),
        TrainingSetting(
            "elastic_spacing", \.elasticSpacing, .augmentation, .axis,
            absent: String(Augmentation.usualSpacing),
            "Pixels from one control point of the elastic distortion to the next. (default: \(Augmentation.usualSpacing))",
            read: { $0.elasticSpacing = try .init(reading: $1, of: "elastic_spacing") },
            write: { $0.elastic == 0 ? nil : $0.elasticSpacing.settingText }),
        TrainingSetting(
            "schedule", \.schedule, .schedule, [.axis, .commas],
            "The learning rate over the run: constant, step:EPOCHS,FACTOR, exponential:FACTOR, cosine[:FINAL] or one-cycle[:PEAK]. (default: constant)"
        ),
        TrainingSetting(
            "warm_up", \.warmUp, .schedule, .axis, "Epochs of linear warm-up. (default: 0)"),
        TrainingSetting(
            "epochs", \.epochs, .schedule, .axis,
            "Passes over the training images. (default: 10)"),
        TrainingSetting(
            "batch_size", \.batchSize, .schedule, [.axis, .batches],
            "Images in a batch. (default: 64)"),
        TrainingSetting(
            "seed", \.seed, .data, [.batches, .measure],
            "The seed of weights, shuffles, splits and synthetic digits. (default: 1)"),
        TrainingSetting(
            "validation", \.validation, .data, [.batches, .measure],
            "The share of each class that is kept out of training for validation, such as 0.1."),
        checkpointEvery,
        TrainingSetting(
            "keep", \.keep, .checkpoints, .neutral,
            "How many checkpoints are kept: the newest ones, and the one that a divergence goes back to. (default: 2)",
            expected: "at least 1", bounds: { $0 > 0 }),
        TrainingSetting(
            "patience", \.patience, .checkpoints, [],
            "Stop when the validation loss has not improved for so many epochs, and take the best weights. Needs a share for validation.",
            expected: "a number of epochs from 1", bounds: { $0 ?? 1 > 0 }),
        TrainingSetting(
            "on_divergence", \.onDivergence, .checkpoints, [],
            "If training diverges: stop, or halve: go back to the last checkpoint and go on at half the learning rate with coupled momentum, at most \(TrainingSettings.mostHalvings) times. (default: stop)"
        ),
        TrainingSetting(
            "diverges_above", \.divergesAbove, .checkpoints, [], absent: "none",
            "Training has also diverged when an epoch's mean loss is above so many times the loss before training; none for never. (default: 10)",
            expected: "a number from 1", bounds: { $0 ?? 1 >= 1 && ($0 ?? 1).isFinite }),
        TrainingSetting(
            "test_every_epoch", \.testEveryEpoch, .checkpoints, [], absent: "true",
            "With validation: evaluate the test images after every epoch too, not only at the end.",
            read: { $0.testEveryEpoch = try .init(reading: $1, of: "test_every_epoch") },
            // Without validation there is nothing else to look at.
            write: { $0.validation != nil && !$0.testEveryEpoch ? "false" : nil }),
        TrainingSetting(
            "filters_every", \.filtersEvery, .checkpoints, .neutral,
            "Steps between pictures of the filters, numbered PNG files in frames/.",
            expected: "a number of steps from 1", bounds: { $0 ?? 1 > 0 }),
    ]

    static let network = TrainingSetting(
        "network", \.network, .network, [.axis, .commas], absent: "none",
        "In place of hidden units and activation: layers such as 'conv 16 3x3 pad 1 relu, maxpool 2, dropout 0.25, dense 10'. In place of output activation and input range too: mlp, dbl-2024 or a JSON file.",
        read: { $0.network = try NetworkChoice($1) }, write: { $0.network.text })

    static let hidden = TrainingSetting(
        "hidden", \.network, .network, [.axis, .commas],
        "Units of the hidden layers, such as 128 or 300,100; 0 for none. (default: 128)",
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
        "Activation of the hidden layers: sigmoid or relu. (default: sigmoid)",
        read: { settings, text in
            guard let activation = Activation(rawValue: text), activation != .identity else {
                throw SettingError.value(
                    setting: "activation", text: text, expected: "one of sigmoid, relu")
            }
            settings.network = .dense(
                hidden: settings.network.hidden ?? [128], activation: activation)
        },
        write: { $0.network.hidden == nil ? nil : $0.network.activation.rawValue })

    /// Neutral, unless divergences go back to checkpoints.
    static let checkpointEvery = TrainingSetting(
        "checkpoint_every", \.checkpointEvery, .checkpoints, [],
        "Epochs between checkpoints, such as 5, or minutes, such as 10m. (default: 1)")
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
    /// As a record holds it: a folder never by the words that mean something else there.
    package var settingText: String {
        switch self {
        case .synthetic: "synthetic"
        case .folder(let path):
            ["synthetic", "none", "true", "false"].contains(path) ? "./\(path)" : path
        }
    }
}
