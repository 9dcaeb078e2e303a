import ArgumentParser
import Phidias

/// Grids that others have published.
enum SweepPreset: String, ExpressibleByArgument, CaseIterable {
    case paper2024 = "paper-2024"

    /// The 60 pairs of Jaeger, *Double-Bayesian Learning*, arXiv:2410.12984 (2024), with the values
    /// as the paper rounds them.
    var learningRates: [String] { ["0.0001", "0.001", "0.01", "0.016", "0.1", "0.2"] }
    var momenta: [String] {
        ["0", "0.2", "0.4", "0.6", "0.8", "0.825", "0.85", "0.874", "0.9", "0.925"]
    }
    /// The pair that stands for the golden one.
    var golden: (learningRate: String, momentum: String) { ("0.016", "0.874") }
}

/// What the cells of a sweep are: values for every setting of training, and how each is measured.
struct SweepOptions: ParsableArguments {
    @Option(
        help: "Folder with the four IDX files of MNIST or the like. Without it: synthetic digits.")
    var data: String?
    @Option(help: "Learning rates and momenta of a published grid: paper-2024.")
    var preset: SweepPreset?
    @Option(
        parsing: .unconditionalSingleValue,
        help: "Networks, such as 'mlp;dbl-2024': presets, JSON files or layers.")
    var network: [String] = []
    @Option(
        parsing: .unconditionalSingleValue,
        help: "Networks, such as '128;300,100': units of the hidden layers; 0 for none.")
    var hidden: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Activations of the hidden layers.")
    var activation: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "How logits become probabilities.")
    var outputActivation: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "What pixels are mapped to.")
    var inputRange: [String] = []
    @Option(
        parsing: .unconditionalSingleValue, help: "Of synaptic, cross-entropy and mean-square.")
    var loss: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Numbers, and golden.")
    var learningRate: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Numbers, golden and coupled.")
    var momentum: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Numbers; 0 for none.")
    var weightDecay: [String] = []
    @Option(
        parsing: .unconditionalSingleValue, help: "Nesterov's form of the momentum: true, false.")
    var nesterov: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Largest norms of a gradient.")
    var clipNorm: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Most pixels that images move; 0 for none.")
    var shift: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Most degrees that they turn.")
    var rotation: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Most pixels of elastic distortion.")
    var elastic: [String] = []
    @Option(
        parsing: .unconditionalSingleValue,
        help: "With --elastic: pixels from a control point to the next.")
    var elasticSpacing: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Schedules, such as 'constant;cosine'.")
    var schedule: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Epochs of linear warm-up.")
    var warmUp: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Passes over the training images.")
    var epochs: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: "Images a step.")
    var batchSize: [String] = []
    @Option(parsing: .unconditional, help: "Seeds, from --seed up, with which each is trained.")
    var seeds = 1
    @Option(parsing: .unconditional, help: "The first seed: of weights, shuffles and splits.")
    var seed: UInt64 = 1
    @Option(
        parsing: .unconditional,
        help:
            "Stratified parts of the training images, each held out once for validation (2 or more)."
    )
    var folds: Int?
    @Option(
        parsing: .unconditional,
        help: "Instead of --folds: share of each class held out for validation (default: 0.1).")
    var validation: Double?
    @Option(
        parsing: .unconditional,
        help: "Stratified share of the training images to use, such as 0.5.")
    var subset: Double?

    /// The values that the command line gives, in the order of the help.
    private var given: [(name: String, values: [String])] {
        [
            ("network", network), ("hidden", hidden), ("activation", activation),
            ("output_activation", outputActivation), ("input_range", inputRange), ("loss", loss),
            ("learning_rate", preset?.learningRates ?? learningRate),
            ("momentum", preset?.momenta ?? momentum), ("weight_decay", weightDecay),
            ("nesterov", nesterov), ("clip_norm", clipNorm), ("shift", shift),
            ("rotation", rotation),
            ("elastic", elastic), ("elastic_spacing", elasticSpacing), ("schedule", schedule),
            ("warm_up", warmUp), ("epochs", epochs), ("batch_size", batchSize),
        ]
    }

    /// Names whose values may hold commas, so that semicolons part them.
    private static let withCommas: Set = ["network", "hidden", "schedule"]

    /// Every setting of training with the values that it takes.
    func axes() throws -> [SweepDocument.Axis] {
        if preset != nil, !learningRate.isEmpty || !momentum.isEmpty {
            throw UsageError(
                description:
                    "--preset gives learning rates and momenta; leave out --learning-rate and --momentum, or --preset."
            )
        }
        let networks = try networks()
        let usual = try TrainOptions.parse(networks.first.map { ["--network=\($0)"] } ?? [])
            .settings
        return try given.compactMap { name, texts in
            if name == "network" {
                return networks.isEmpty ? nil : .init(name: name, values: networks)
            }
            guard !texts.isEmpty else {
                // What a network says itself has no value of its own.
                return usual.first { $0.name == name }.map {
                    .init(name: name, values: [$0.value])
                }
            }
            return .init(name: name, values: try Self.values(name, texts))
        }
    }

    /// The networks as a run records them.
    private func networks() throws -> [String] {
        let choices = try Self.values("network", network).map { text -> TrainOptions in
            try TrainOptions.parse(["--network=\(text)"])
        }
        for options in choices {
            if case .failed(let error) = options.choice { throw error }
        }
        guard Set(choices.map { $0.choice?.isWhole }).count <= 1 else {
            throw UsageError(
                description:
                    "--network has presets or files, which say what logits become, and layers, which do not; make files of them all (phidias summary --document)."
            )
        }
        guard !loss.isEmpty || Set(choices.map(\.loss)).count <= 1 else {
            throw UsageError(
                description:
                    "--network has networks that are usually trained with different losses; choose one by --loss."
            )
        }
        return choices.compactMap { $0.choice?.text }
    }

    /// The options of a sweep from its record.
    /// - Throws: if they are not those of a sweep.
    static func recorded(_ document: SweepDocument, _ path: String) throws -> SweepOptions {
        let options: SweepOptions
        do {
            options = try SweepOptions.parse(arguments(of: document))
            try options.check()
            let axes = try options.axes() + options.protocolAxes
            if let axis = zip(axes, document.axes).first(where: { $0 != $1 })?.1 {
                throw UsageError(description: "the setting \(axis.name) is not one of a sweep")
            }
            guard axes.count == document.axes.count else {
                throw UsageError(description: "the settings are not all those of a sweep")
            }
        } catch {
            let reason =
                (error as? any PhidiasError)?.description ?? SweepOptions.message(for: error)
            throw SweepFileError(path: path, byte: 0, reason: reason)
        }
        return options
    }

    /// A record as a command line.
    static func arguments(of document: SweepDocument) -> [String] {
        let hasPreset = document["preset"] ?? ["none"] != ["none"]
        return document.axes.compactMap { axis in
            let isGiven = !(hasPreset && ["learning_rate", "momentum"].contains(axis.name))
            guard isGiven, axis.values != ["none"] else { return nil }
            let mark = withCommas.contains(axis.name) ? ";" : ","
            let setting = RunDocument.Setting(
                name: axis.name, value: axis.values.joined(separator: mark))
            return "\(setting.option)=\(setting.value)"
        }
    }

    private static func values(_ name: String, _ texts: [String]) throws -> [String] {
        let option = "--\(name.replacing("_", with: "-"))"
        let mark: Character = withCommas.contains(name) ? ";" : ","
        let values = texts.flatMap { text in
            text.split(separator: mark, omittingEmptySubsequences: false).map {
                String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
        }
        guard !values.contains("") else {
            throw UsageError(
                description:
                    "\(option) '\(texts.joined(separator: "' '"))' has an empty value; the grid would have no cell for it. Give values with '\(mark)' between them."
            )
        }
        for (place, value) in values.enumerated() {
            if let same = values[..<place].first(where: { RunChange.isSame(name, $0, value) }) {
                let twice =
                    same == value ? "'\(value)' twice" : "'\(same)' and '\(value)', the same"
                throw UsageError(
                    description: "\(option) has \(twice); give each value once.")
            }
        }
        return values
    }

    /// What decides the results beside the axes, as they stand in sweep.json.
    var protocolAxes: [SweepDocument.Axis] {
        let pairs: KeyValuePairs = [
            "preset": preset?.rawValue ?? "none", "seed": String(seed), "seeds": String(seeds),
            "folds": folds.map { String($0) } ?? "none",
            "validation": folds == nil ? String(share) : "none",
            "subset": subset.map { String($0) } ?? "none",
        ]
        return pairs.map { .init(name: $0.key, values: [$0.value]) }
    }

    /// Held out where there are no folds.
    var share: Double { validation ?? 0.1 }

    /// What can be known to be wrong before any data is read.
    func check() throws {
        guard seeds > 0 else {
            throw UsageError(
                description: "--seeds \(seeds) trains nothing; the grid is empty. Give 1 or more.")
        }
        guard !seed.addingReportingOverflow(UInt64(seeds - 1)).overflow else {
            throw UsageError(description: "--seed \(seed) has no \(seeds - 1) seeds above it.")
        }
        if folds != nil, validation != nil {
            throw UsageError(
                description: "--folds and --validation both hold images out; give one of them.")
        }
        if let folds, !(2...65_536).contains(folds) {
            throw UsageError(description: "--folds \(folds) is not from 2 to 65536.")
        }
        for value in [share, subset ?? 0.5] where !(value > 0 && value < 1) {
            throw DataError.fraction(value)
        }
    }
}
