import ArgumentParser
import Phidias

enum LossName: String, ExpressibleByArgument, CaseIterable {
    case synaptic
    case crossEntropy = "cross-entropy"
    case meanSquare = "mean-square"

    func loss(_ output: OutputActivation) throws -> any Loss {
        switch self {
        case .synaptic: return SynapticLoss(outputActivation: output)
        case .crossEntropy: return CrossEntropyLoss(outputActivation: output)
        case .meanSquare:
            guard output == .sigmoid else {
                throw UsageError(
                    description:
                        "The mean-square loss is for sigmoid outputs; use --output-activation sigmoid."
                )
            }
            return MeanSquareLoss()
        }
    }
}

extension Activation: ExpressibleByArgument {
    public static var allValueStrings: [String] { ["sigmoid", "relu"] }
    public init?(argument: String) {
        guard Self.allValueStrings.contains(argument) else { return nil }
        self.init(rawValue: argument)
    }
}

extension OutputActivation: ExpressibleByArgument {}
extension InputRange: ExpressibleByArgument {}

extension ArgumentHelp {
    /// What --threads means in every command.
    static func threads(_ more: String = "") -> ArgumentHelp {
        ArgumentHelp(
            "Threads; without it, the first number in OMP_NUM_THREADS, or what affinity and cgroup allow.\(more)"
        )
    }
}

/// Everything that decides what a training run computes; recorded in run.json.
struct TrainOptions: ParsableArguments {
    @Option(
        help: "Folder with the four IDX files of MNIST or the like. Without it: synthetic digits.")
    var data: String?
    @Option(
        name: .customLong("network"), parsing: .unconditional,
        help: ArgumentHelp(
            "In place of --hidden and --activation: layers such as 'conv 16 3x3 pad 1 relu, maxpool 2, dropout 0.25, dense 10'. In place of --output-activation and --input-range too: mlp, dbl-2024 or a JSON file.",
            valueName: "network"))
    var choice: NetworkChoice?
    @Option(
        name: .customLong("hidden"), parsing: .unconditional,
        help: ArgumentHelp(
            "Units of the hidden layers, such as 128 or 300,100; 0 for none. (default: 128)",
            valueName: "hidden"))
    var givenHidden: String?
    @Option(
        name: .customLong("activation"),
        help: ArgumentHelp(
            "Activation of the hidden layers. (default: sigmoid)", valueName: "activation"))
    var givenActivation: Activation?
    @Option(
        name: .customLong("output-activation"),
        help: ArgumentHelp(
            "How logits become probabilities. (default: sigmoid)",
            valueName: "output-activation"))
    var givenOutputActivation: OutputActivation?
    @Option(
        name: .customLong("input-range"), parsing: .unconditional,
        help: ArgumentHelp("What pixels are mapped to. (default: 0..1)", valueName: "input-range"),
        completion: .list(["0..1", "-1..1"]))
    var givenInputRange: InputRange?
    @Option(
        name: .customLong("loss"),
        help: ArgumentHelp(
            "What is minimised. The synaptic loss is our reconstruction; see phidias explain. (default: synaptic; of dbl-2024 cross-entropy)",
            valueName: "loss"))
    var chosenLoss: LossName?
    @Option(parsing: .unconditional, help: "golden, or a number.")
    var learningRate = "golden"
    @Option(parsing: .unconditional, help: "golden, coupled (1 − √η at every step), or a number.")
    var momentum = "golden"
    @Option(
        parsing: .unconditional,
        help: "λ: λw is added to the gradient of every parameter w, biases too.")
    var weightDecay = 0.0
    @Flag(help: "Nesterov's form of the momentum.")
    var nesterov = false
    @Option(
        parsing: .unconditional,
        help: "Largest Euclidean norm of a step's gradient; a longer one is scaled down to it.")
    var clipNorm: Double?
    @OptionGroup(title: "Augmentation of training images")
    var augmentationOptions: AugmentationOptions
    @Option(
        help:
            "constant, step:EPOCHS,FACTOR, exponential:FACTOR, cosine[:FINAL] or one-cycle[:PEAK].")
    var schedule = "constant"
    @Option(parsing: .unconditional, help: "Epochs of linear warm-up.")
    var warmUp = 0.0
    @Option(parsing: .unconditional, help: "Passes over the training images.")
    var epochs = 10
    @Option(parsing: .unconditional, help: "Images a step.")
    var batchSize = 64
    @Option(parsing: .unconditional, help: "Of weights, shuffles, splits and synthetic digits.")
    var seed: UInt64 = 1
    @Option(
        parsing: .unconditional,
        help: "Share of each class kept out of training for validation, such as 0.1.")
    var validation: Double?
    @Option(
        parsing: .unconditional,
        help: .threads(
            " With OMP_DYNAMIC=true fewer while other programs need the CPUs. Never changes a result."
        )
    )
    var threads: Int?

    // Where --network does not describe the network.
    var hidden: String { givenHidden ?? "128" }
    var activation: Activation { givenActivation ?? .sigmoid }
    var outputActivation: OutputActivation { givenOutputActivation ?? .sigmoid }
    var inputRange: InputRange { givenInputRange ?? .zeroToOne }

    func loadData() throws -> DataPair { try Self.loadData(data, seed: seed) }

    /// - Parameter folder: nil for synthetic digits.
    static func loadData(_ folder: String?, seed: UInt64) throws -> DataPair {
        if let folder { return try DataPair(directory: folder) }
        return try SyntheticDigits.pair(seed: seed)
    }

    /// A trainer with these options, but for a loss or an optimizer that is given.
    func trainer(
        _ model: Model, loss: (any Loss)? = nil, optimizer: MomentumSGD? = nil
    ) throws -> Trainer {
        try Trainer(
            model: model, loss: loss ?? lossFunction(),
            optimizer: optimizer ?? self.optimizer(), batchSize: batchSize, seed: seed,
            augmentation: augmentationOptions.augmentation(), threads: threads)
    }

    func optimizer() throws -> MomentumSGD {
        let rate = try LearningRate(
            try LearningRate.base(learningRate), schedule: try Schedule(schedule), warmUp: warmUp)
        return try MomentumSGD(
            learningRate: rate, momentum: try Momentum(momentum),
            options: .init(
                weightDecay: weightDecay, isNesterov: nesterov, largestNorm: clipNorm))
    }

    /// What is minimised, by its name.
    var loss: LossName {
        if let chosenLoss { return chosenLoss }
        if case .preset(.dbl2024) = choice { return .crossEntropy }
        return .synaptic
    }

    func lossFunction() throws -> any Loss { try loss.loss(logitsBecome) }

    /// How the network's logits become probabilities, wherever that is said.
    var logitsBecome: OutputActivation {
        switch choice {
        case .preset(let preset): (try? preset.network().outputActivation) ?? outputActivation
        case .document(let network): network.outputActivation
        default: outputActivation
        }
    }

    func hiddenUnits() throws -> [Int] {
        if hidden == "0" { return [] }
        let sizes = hidden.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard sizes.allSatisfy({ ($0 ?? 0) > 0 }) else {
            throw UsageError(
                description:
                    "--hidden '\(hidden)' is no list of layer sizes such as 128 or 300,100.")
        }
        return sizes.compactMap { $0 }
    }

    /// - Throws: also if there is no memory to train it, or the data is less than a batch.
    func network(for data: Dataset) throws -> Network {
        let network = try described(input: data.shape, classes: data.classes)
        // Before memory is looked for: a file may describe a network for other images.
        try Model.check(data, fits: network)
        try network.checkMemory(
            batchSize: min(batchSize, data.count), images: data.count,
            augmentation: augmentationOptions.augmentation(), threads: try Model.threads(threads))
        guard batchSize <= data.count else {
            throw TrainingError.batchSize(batchSize, images: data.count)
        }
        return network
    }

    private func described(input: ImageShape, classes: Int) throws -> Network {
        if let choice {
            return try choice.network(
                input: input, classes: classes, inputRange: inputRange,
                outputActivation: outputActivation)
        }
        return try Network(
            input: input, inputRange: inputRange,
            layers: try hiddenUnits().map { .dense(Dense($0, activation: activation)) }
                + [.dense(Dense(classes, activation: .identity))],
            outputActivation: outputActivation)
    }

    /// Sees that the network is described once.
    private func checkChoice() throws {
        guard let choice else { return }
        if case .failed(let error) = choice { throw error }
        var twice = [("hidden", givenHidden != nil), ("activation", givenActivation != nil)]
        if choice.isWhole {
            twice += [
                ("output-activation", givenOutputActivation != nil),
                ("input-range", givenInputRange != nil),
            ]
        }
        if let option = twice.first(where: \.1)?.0 {
            throw UsageError(
                description: "--network and --\(option) both describe the network; give one.")
        }
    }

    /// What can be known to be wrong before any data is read.
    func check() throws {
        _ = try optimizer()
        _ = try augmentationOptions.augmentation()
        try checkChoice()
        _ = try hiddenUnits()
        _ = try lossFunction()
        guard (1...Trainer.mostEpochs).contains(epochs) else { throw TrainingError.epochs(epochs) }
        guard batchSize > 0 else { throw TrainingError.batchSize(batchSize, images: nil) }
        if let validation, !(validation > 0 && validation < 1) {
            throw DataError.fraction(validation)
        }
        _ = try Model.threads(threads)
    }

    /// Settings that a record has only if they are given, and what it means that they are not.
    static let optionalSettings = [
        "network": "none", "weight_decay": "0.0", "nesterov": "false", "clip_norm": "none",
        "shift": "0.0", "rotation": "0.0", "elastic": "0.0",
        "elastic_spacing": String(Augmentation.usualSpacing),
    ]

    /// A folder as a record holds it: never one of the words that mean something else there.
    static func recorded(folder: String) -> String {
        ["synthetic", "none", "true", "false"].contains(folder) ? "./\(folder)" : folder
    }

    /// Settings in the order of the help, as text.
    var settings: [RunDocument.Setting] {
        let pairs: KeyValuePairs = [
            "data": data.map(Self.recorded) ?? "synthetic", "hidden": hidden,
            "activation": activation.rawValue,
            "output_activation": outputActivation.rawValue, "input_range": inputRange.rawValue,
            "loss": loss.rawValue, "learning_rate": learningRate, "momentum": momentum,
            "schedule": schedule, "warm_up": String(warmUp), "epochs": String(epochs),
            "batch_size": String(batchSize), "seed": String(seed),
            "validation": validation.map { String($0) } ?? "none",
        ]
        var all = pairs.map { RunDocument.Setting(name: $0.key, value: $0.value) }
        // What is off stands in no record.
        func add(_ name: String, _ value: String?) {
            if let value { all.append(.init(name: name, value: value)) }
        }
        add("weight_decay", weightDecay == 0 ? nil : String(weightDecay))
        add("nesterov", nesterov ? "true" : nil)
        add("clip_norm", clipNorm.map { String($0) })
        for setting in augmentationOptions.settings { add(setting.name, setting.value) }
        guard let choice else { return all }
        // What --network says stands there alone.
        let said: Set =
            choice.isWhole
            ? ["hidden", "activation", "output_activation", "input_range"]
            : ["hidden", "activation"]
        var settings = all.filter { !said.contains($0.name) }
        settings.insert(.init(name: "network", value: choice.text), at: 1)
        return settings
    }
}
