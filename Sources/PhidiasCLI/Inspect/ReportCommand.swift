import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show runs, sweeps and experiments as a single, self-contained HTML file.",
        usage: "phidias report <folder>... [<options>]",
        discussion: """
            Takes any mixture of the folders that phidias train, sweep and experiment write; several \
            runs or sweeps are also compared. The page loads nothing, so it can be sent and archived. \
            The confusion matrix needs the data of the run, which is looked for where the run had it, \
            or in --data.

            Examples:
              phidias report runs/mnist --output report.html
              phidias report runs/golden runs/plain sweeps/paper smoothing
            """)

    @Argument(
        help: ArgumentHelp("Folders of runs, sweeps and experiments.", valueName: "folder"))
    var folders: [String]
    @Option(help: ArgumentHelp("The HTML file to write.", valueName: "file"))
    var output = "report.html"
    @Option(
        help: ArgumentHelp(
            "A folder with the data of a run, if it is no longer where the run had it; may be repeated.",
            valueName: "folder"))
    var data: [String] = []

    func run() throws {
        try Report.write(folders, data: data, commands: .program, to: output)
        print(output)
    }
}

extension ReportCommands {
    /// The commands of this program.
    static let program = ReportCommands { action in
        switch action {
        case .train(let settings, let output):
            ["phidias", "train"] + settings.options + ["--output=\(output)"]
        case .sweep(let axes, let needsData, let output):
            ["phidias", "sweep"] + (needsData ? ["--data", "FOLDER"] : []) + axes.options
                + ["--output=\(output)"]
        case .experiment(let kind, let settings, let output):
            ["phidias", "experiment", kind] + settings.unusual.options + ["--output=\(output)"]
        case .verify(let run): ["phidias", "verify", run]
        case .explain(let rate, let momentum):
            ["phidias", "explain", "--learning-rate=\(rate)", "--momentum=\(momentum)"]
        case .filters(let model): ["phidias", "filters", model, "--output", "filters.png"]
        case .evaluate(let model, let data, let seed):
            ["phidias", "evaluate", model] + (data.map { ["--data", $0] } ?? [])
                + (seed.map { ["--seed", $0] } ?? [])
        case .report(let folders, let needsData):
            ["phidias", "report"] + folders + (needsData ? ["--data", "FOLDER"] : [])
        }
    }
}

/// The option of a setting and its value; nil for a flag that is off.
private func option(_ name: String, _ value: String) -> String? {
    let option = "--\(name.replacing("_", with: "-"))"
    return switch value {
    case "true": option
    case "false": nil
    default: "\(option)=\(value)"
    }
}

extension [RunDocument.Setting] {
    /// The options of phidias train; settings that have none are left out.
    fileprivate var options: [String] {
        filter { setting in
            // Off, and off too where nothing is said.
            let isOff =
                setting.value == "none" && Self.usual[setting.name, default: "none"] == "none"
            return !isOff && !(setting.name == "data" && setting.value == "synthetic")
        }.compactMap { option($0.name, $0.value) }
    }

    /// Those that are not as without an option: an experiment has options for some of them only.
    fileprivate var unusual: [RunDocument.Setting] {
        filter { Self.usual[$0.name] != $0.value }
    }

    private static var usual: [String: String] {
        Dictionary(uniqueKeysWithValues: TrainingSettings().record.map { ($0.name, $0.value) })
    }
}

extension [SweepDocument.Axis] {
    fileprivate var options: [String] {
        let hasPreset = contains { $0.name == "preset" && $0.values != ["none"] }
        return compactMap { axis in
            let isGiven = !(hasPreset && ["learning_rate", "momentum"].contains(axis.name))
            guard isGiven, axis.values != ["none"] else { return nil }
            let mark = String(SweepSettings.separator(of: axis.name))
            return "--\(axis.name.replacing("_", with: "-"))=\(axis.values.joined(separator: mark))"
        }
    }
}
