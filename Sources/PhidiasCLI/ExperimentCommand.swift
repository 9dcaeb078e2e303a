import ArgumentParser
import Phidias

struct ExperimentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Measure what theory says of momentum and loss: tables, charts and JSON.",
        discussion: """
            Example:
              phidias experiment smoothing --data data/mnist --epochs 5 --output smoothing
            """,
        subcommands: [ExperimentLoss.self, ExperimentSmoothing.self, ExperimentGoldenPoint.self])
}

/// What an experiment leaves in its folder, and says on standard output.
struct ExperimentResult {
    let name: String
    let text: String
    let json: JSON
    let charts: [(name: String, chart: Chart)]

    /// The JSON is the record, what is measured, and the names of the charts, for `phidias report`.
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

    /// Writes NAME.txt, NAME.json and the charts.
    func write(to folder: String) throws {
        try DurableFile.makeDirectory(folder)
        try DurableFile.write(text + "\n", to: "\(folder)/\(name).txt")
        try DurableFile.write(json, to: "\(folder)/\(name).json")
        for (name, chart) in charts {
            try DurableFile.write(chart.svg, to: "\(folder)/\(name).svg")
        }
    }

    func show(_ format: OutputFormat) {
        print(format == .json ? json.text() : text)
    }
}

extension Double {
    /// A share as per cent with two places, without the sign.
    var percent: String { (100 * self).fixed(2) }

    /// With so many significant digits.
    func digits(_ count: Int = 4) -> String {
        guard isFinite, self != 0 else { return isNaN ? "–" : fixed(0) }
        var places = count - 1, size = abs(self)
        while size >= 10 && places > 0 {
            size /= 10
            places -= 1
        }
        while size < 1 && places < 12 {
            size *= 10
            places += 1
        }
        return fixed(places)
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
