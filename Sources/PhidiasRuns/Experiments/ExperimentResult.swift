import Charts
import Phidias

/// What an experiment leaves in its folder, and says for people and programs.
public struct ExperimentResult: Sendable {
    /// `loss`, `smoothing` or `golden-point`.
    public let name: String
    /// Tables for people.
    public let text: String
    package let json: JSON
    let charts: [(name: String, chart: Chart)]

    /// The JSON is the record, what is measured, and the names of the charts, for reports.
    ///
    /// - Parameters:
    ///   - measured: an object.
    ///   - charts: those without a panel, for which there was nothing to measure, are left out.
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

    /// All numbers, as one JSON object.
    public var jsonText: String { json.text() }

    /// Writes NAME.txt, NAME.json and the charts as SVG.
    /// - Throws: `FileError`.
    public func write(to folder: String) throws {
        try DurableFile.makeDirectory(folder)
        try DurableFile.write(text + "\n", to: "\(folder)/\(name).txt")
        try DurableFile.write(json, to: "\(folder)/\(name).json")
        for (name, chart) in charts {
            try DurableFile.write(chart.svg, to: "\(folder)/\(name).svg")
        }
    }
}

/// What an experiment computes, and from what data: enough to do it again.
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
    /// A part begins, of so many runs; its name says what it is.
    case part(String, runs: Int)
    /// A comparison that is made at the end, told before the first run.
    case comparison(String)
    /// A part or a run is done.
    case done(String)
    /// An epoch is done: its number of so many, and the share of training images classified correctly.
    case epoch(Int, of: Int, trainingAccuracy: Double)
    /// What happens in the sweep that the experiment's runs are.
    case sweep(SweepEvent)
}

/// Settings that an experiment cannot take.
public enum ExperimentError: PhidiasError, Equatable {
    /// A setting that the experiment has no use for or chooses itself, named as in records.
    case setting(String, reason: String)
    /// A number out of its range.
    case count(name: String, value: Int, range: ClosedRange<Int>)
    /// Layers that the network does not have.
    case layers(text: String, count: Int)
    /// Plain gradient descent diverged at every learning rate.
    case allRatesDiverged(loss: String)

    public var description: String {
        switch self {
        case .setting(_, let reason): reason
        case .count(let name, let value, let range):
            "The number of \(name) is \(value); give \(range.lowerBound) to \(range.upperBound)."
        case .layers(let text, let count):
            "The layers '\(text)': give numbers from 0 to \(count - 1)."
        case .allRatesDiverged(let loss):
            "With the \(loss) loss, plain gradient descent diverged at every learning rate; give smaller ones."
        }
    }

    public var exitCode: Int32 { 64 }
}

extension TrainingSettings {
    /// Checks that settings are at their defaults, for an experiment that has no use for them.
    /// - Parameter names: as in records.
    func checkDefaults(_ names: [String], reason: String) throws(ExperimentError) {
        let usual = TrainingSettings()
        for name in names {
            guard let setting = TrainingSetting.named(name) else { continue }
            guard setting.text(of: self) == setting.text(of: usual) else {
                throw .setting(name, reason: reason)
            }
        }
    }

    /// The settings that change the images, or make a step more than plain.
    static let augmentationNames = TrainingSetting.all.filter { $0.group == .augmentation }
        .map(\.name)
    static let stepNames = ["weight_decay", "nesterov", "clip_norm"]
    static let rateNames = ["schedule", "warm_up"]
}
