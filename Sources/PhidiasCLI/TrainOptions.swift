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

/// Everything that decides what a training run computes; recorded in run.json.
struct TrainOptions: ParsableArguments {
    @Option(
        help: "Folder with the four IDX files of MNIST or the like. Without it: synthetic digits.")
    var data: String?
    @Option(
        parsing: .unconditional,
        help: "Units of the hidden layers, such as 128 or 300,100; 0 for none.")
    var hidden = "128"
    @Option(help: "Activation of the hidden layers.")
    var activation: Activation = .sigmoid
    @Option(help: "How logits become probabilities.")
    var outputActivation: OutputActivation = .sigmoid
    @Option(help: "What pixels are mapped to.", completion: .list(["0..1", "-1..1"]))
    var inputRange: InputRange = .zeroToOne
    @Option(
        help: "What is minimised. The synaptic loss is our reconstruction; see phidias explain.")
    var loss: LossName = .synaptic
    @Option(parsing: .unconditional, help: "golden, or a number.")
    var learningRate = "golden"
    @Option(parsing: .unconditional, help: "golden, coupled (1 − √η at every step), or a number.")
    var momentum = "golden"
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
        help: "Threads; without it, what affinity and cgroup allow. Never changes a result.")
    var threads: Int?

    static func number(_ text: String, golden: Double, option: String) throws -> Double {
        if text == "golden" { return golden }
        guard let value = Double(text) else {
            throw UsageError(description: "--\(option) '\(text)' is neither golden nor a number.")
        }
        return value
    }

    static func learningRate(_ text: String) throws -> Double {
        try number(text, golden: GoldenRatio.learningRate, option: "learning-rate")
    }

    static func momentum(_ text: String) throws -> Double {
        try number(text, golden: GoldenRatio.momentum, option: "momentum")
    }

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
            model: model, loss: loss ?? self.loss.loss(outputActivation),
            optimizer: optimizer ?? self.optimizer(), batchSize: batchSize, seed: seed,
            threads: threads)
    }

    func optimizer() throws -> MomentumSGD {
        let rate = try LearningRate(
            try Self.learningRate(learningRate), schedule: try Schedule(schedule), warmUp: warmUp)
        if momentum == "coupled" {
            return try MomentumSGD(learningRate: rate, momentum: .coupled)
        }
        return try MomentumSGD(
            learningRate: rate, momentum: .constant(try Self.momentum(momentum)))
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
        let network = try Network(
            rows: data.rows, columns: data.columns, inputRange: inputRange,
            hidden: try hiddenUnits(), activation: activation, classes: data.classes,
            outputActivation: outputActivation)
        try network.checkMemory(
            batchSize: min(batchSize, data.count), images: data.count,
            threads: try Model.threads(threads))
        guard batchSize <= data.count else {
            throw TrainingError.batchSize(batchSize, images: data.count)
        }
        return network
    }

    /// What can be known to be wrong before any data is read.
    func check() throws {
        _ = try optimizer()
        _ = try hiddenUnits()
        _ = try loss.loss(outputActivation)
        guard (1...Trainer.mostEpochs).contains(epochs) else { throw TrainingError.epochs(epochs) }
        guard batchSize > 0 else { throw TrainingError.batchSize(batchSize, images: nil) }
        if let validation, !(validation > 0 && validation < 1) {
            throw DataError.fraction(validation)
        }
        _ = try Model.threads(threads)
    }

    /// Settings in the order of the help, as text.
    var settings: [RunDocument.Setting] {
        let pairs: KeyValuePairs = [
            "data": data ?? "synthetic", "hidden": hidden, "activation": activation.rawValue,
            "output_activation": outputActivation.rawValue, "input_range": inputRange.rawValue,
            "loss": loss.rawValue, "learning_rate": learningRate, "momentum": momentum,
            "schedule": schedule, "warm_up": String(warmUp), "epochs": String(epochs),
            "batch_size": String(batchSize), "seed": String(seed),
            "validation": validation.map { String($0) } ?? "none",
        ]
        return pairs.map { .init(name: $0.key, value: $0.value) }
    }
}
