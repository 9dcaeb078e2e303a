import Charts
import Phidias

/// What an experiment writes into its folder, for people and for programs.
public struct ExperimentResult: Sendable {
    /// The experiment: `loss`, `smoothing`, `golden-point` or `optimizers`.
    public let name: String
    /// The tables, for people.
    public let text: String
    package let json: JSON
    let charts: [(name: String, chart: Chart)]

    /// A result whose JSON holds the record, the measurements, and the names of the charts.
    ///
    /// - Parameters:
    ///   - measured: an object of measurements.
    ///   - charts: a chart without a panel, for which nothing could be measured, is left out.
    init(
        name: String, record: ExperimentRecord, text: String, measured: JSON,
        charts: [(name: String, chart: Chart)]
    ) {
        let charts = charts.filter { !$0.chart.panels.isEmpty }
        (self.name, self.text, self.charts) = (name, text, charts)
        json = .object(
            [.init(key: "experiment", value: .string(name))] + record.members
                + (measured.objectValue ?? [])
                + [.init(key: "charts", value: .array(charts.map { .string($0.name) }))])
    }

    /// The numbers, as one JSON object.
    public var jsonText: String { json.text() }

    /// Writes the charts as SVG, NAME.txt and NAME.json, in the place of older ones in one step.
    /// - Parameter renderer: draws the charts as PNG too, light and dark. Without it older ones are
    ///   removed, which may show something else.
    /// - Throws: `FileError`, `ChartRendererError`.
    public func write(to folder: String, renderer: ChartRenderer? = nil) throws {
        try DurableFile.makeDirectory(folder)
        let pixels = charts.flatMap { Chart.pixelFiles($0.name).map(\.file) }
        try FolderSwitch.replace(in: folder, removing: pixels) { root in
            for (name, chart) in charts { try chart.write(name, to: root, renderer) }
            try DurableFile.write(text + "\n", to: "\(root)/\(name).txt")
            try DurableFile.write(json, to: "\(root)/\(name).json")
        }
    }
}

/// What an experiment computes, and from what data: enough to repeat it.
struct ExperimentRecord {
    let settings: [RunDocument.Setting]
    let checksums: [String: String]

    var members: [JSON.Member] {
        let sums = checksums.sorted { $0.key < $1.key }
        return [
            .init(key: "settings", value: RunDocument.Setting.object(settings)),
            .init(
                key: "data_sha256",
                value: .object(sums.map { .init(key: $0.key, value: .string($0.value)) })),
        ]
    }
}

/// What happens in an experiment, as it happens.
public enum ExperimentEvent: Sendable {
    /// A part of so many runs begins; its name says what it is.
    case part(String, runs: Int)
    /// A comparison that will be made at the end, announced before the first run.
    case comparison(String)
    /// A part or a run is done.
    case done(String)
    /// An epoch is done: its number, the number of epochs, and the accuracy on training images.
    case epoch(Int, of: Int, trainingAccuracy: Double)
    /// What happens in the sweep that the experiment's runs form.
    case sweep(SweepEvent)
    /// An earlier call was stopped or killed; so many lines of its progress are kept.
    case continues(lines: Int)
    /// Before anything is trained: labels of the training images that look like mistakes.
    case doubts([DataDoubt])
    /// What the result will lack, known before the work begins.
    case note(String)
    /// So many steps of a part are done.
    case progress(part: String, done: Int, of: Int)
    /// All is measured; the files of the result are written next.
    case result(ExperimentResult)
}

/// A setting that an experiment cannot use.
public enum ExperimentError: PhidiasError, Equatable {
    /// A setting that the experiment ignores or chooses itself, named as in records.
    case setting(String, reason: String)
    /// A number outside its range.
    case count(name: String, value: Int, range: ClosedRange<Int>)
    /// Data that the experiment is not for; the text says what it has.
    case data(String)
    /// Layers that the network does not have.
    case layers(text: String, count: Int)
    /// Plain gradient descent diverged at every learning rate.
    case allRatesDiverged(loss: String)
    /// The folder holds the progress of an experiment that cannot be continued with these settings.
    case otherProgress(folder: String, reason: String)
    /// A part of what an earlier call has kept cannot be understood.
    case damagedProgress(part: String)

    public var description: String {
        switch self {
        case .setting(_, let reason): reason
        case .count(let name, let value, let range):
            "The number of \(name) is \(value); it must be from \(range.lowerBound) to \(range.upperBound)."
        case .data(let what):
            "The experiment is for images with classes, but the data has \(what)."
        case .layers(let text, let count):
            "There are no such layers: '\(text)'. Give numbers from 0 to \(count - 1)."
        case .allRatesDiverged(let loss):
            "With the \(loss) loss, plain gradient descent diverged at every learning rate; try smaller ones."
        case .damagedProgress(let part):
            "What was kept of the part '\(part)' cannot be read; remove \(ExperimentProgress.names.joined(separator: ", ")) to begin again."
        case .otherProgress(let folder, let reason):
            "\(folder): an experiment has begun here and not ended, and would be lost: \(reason)\nEnd it with its own settings, choose another folder, or remove \(ExperimentProgress.names.joined(separator: ", ")) there."
        }
    }

    public var exitCode: Int32 {
        switch self {
        case .otherProgress: 73
        case .damagedProgress: 65
        default: 64
        }
    }
}

extension TrainingSettings {
    /// Checks that settings that an experiment ignores have their default values.
    /// - Parameter names: the settings, named as in records.
    func checkDefaults(_ names: [String], reason: String) throws(ExperimentError) {
        let usual = TrainingSettings()
        for name in names {
            guard let setting = TrainingSetting.named(name) else { continue }
            guard setting.text(of: self) == setting.text(of: usual) else {
                throw .setting(name, reason: reason)
            }
        }
    }

    /// Checks that the steps are those that the theory speaks of.
    func checkIsSGD() throws(ExperimentError) {
        try checkDefaults(
            ["optimizer"],
            reason: "The experiment is about gradient descent with momentum: use the optimizer sgd."
        )
    }

    /// The settings that change the images.
    static let augmentationNames = TrainingSetting.all.filter { $0.group == .augmentation }
        .map(\.name)
    /// The settings that add something to a step of gradient descent with momentum.
    static let stepNames = ["weight_decay", "nesterov", "clip_norm"]
    /// The settings that change the learning rate during a run.
    static let rateNames = ["schedule", "warm_up"]
}

extension DataPair {
    /// Checks that an experiment can use it.
    /// - Throws: `ExperimentError.data`.
    func checkForExperiment() throws(ExperimentError) {
        guard !training.isNumeric else { throw .data("rows of numbers") }
        guard !training.isRegression else { throw .data("numbers to predict") }
    }
}
