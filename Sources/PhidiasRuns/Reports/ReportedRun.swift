import Charts
import FoundationEssentials
import Glibc
import Phidias

/// The folder of a training run as a report sees it.
struct ReportedRun {
    let name, path: String
    let document: RunDocument
    let metrics: [EpochMetrics]
    /// The final model; nil if no epoch was finished.
    let model: ModelFile?
    /// The settings as this program understands them; nil if it does not, with the reason.
    let trainingSettings: TrainingSettings?
    let misunderstanding: String
    let commands: ReportCommands

    /// - Throws: if a file of the run that is there cannot be read.
    init(_ path: String, name: String, _ commands: ReportCommands) throws {
        self.commands = commands
        let folder = RunFolder(path)
        func isThere(_ file: String) -> Bool { access(folder.path(file), F_OK) == 0 }
        self.name = name
        self.path = path
        document = try RunDocument(path: folder.path("run.json"))
        metrics =
            isThere("metrics.jsonl") ? try MetricsFile.read(folder.path("metrics.jsonl")) : []
        model =
            isThere("model.safetensors")
            ? try ModelFile(path: folder.path("model.safetensors")) : nil
        do {
            let settings = try document.trainingSettings(of: path)
            try settings.check()
            trainingSettings = settings
            misunderstanding = ""
        } catch {
            trainingSettings = nil
            misunderstanding = (error as? any PhidiasError)?.description ?? "\(error)"
        }
    }

    /// Metrics of the model that the run has left: the last one's, or at the end of a run with
    /// patience the best one's.
    var result: EpochMetrics? {
        guard let last = metrics.last, let patience = document["patience"].flatMap({ Int($0) }),
            let best = comparable.min(by: {
                $0.validation?.loss ?? .infinity < $1.validation?.loss ?? .infinity
            })
        else { return metrics.last }
        let isFinished =
            document["epochs"].flatMap { Int($0) } == last.epoch
            || last.epoch - best.epoch >= patience
        return isFinished ? best : last
    }

    /// Metrics whose validation losses can be compared with the last one's.
    private var comparable: ArraySlice<EpochMetrics> {
        let last = document.changes.last { RunChange.remeasures([$0]) }
        return metrics.dropFirst(last?.epochs ?? 0)
    }

    var seconds: Double { metrics.reduce(0) { $0 + $1.seconds } }

    var lossName: String { document["loss"] ?? "unknown" }

    /// What tells how good it is: accuracy, or R² where numbers are predicted.
    var measure: QualityMeasure { QualityMeasure(document.network) }

    var isSynaptic: Bool { lossName == LossName.synaptic.rawValue }

    /// The command that trains it.
    var trainCommand: ShellCommand? {
        let settings = try? TrainingSettings.complete(document.settings)
        return commands(.train(settings ?? document.settings, output: path))
    }

    /// No single command gives a run whose settings were changed on the way.
    private var isChanged: Bool { !document.changes.isEmpty }

    /// One that has grown huge has an exponent.
    static func loss(_ value: Double) -> String {
        abs(value) < 1e6 ? value.fixed(4) : String(printing: "%.4g", value)
    }

    /// A dash where there is no number.
    static func percent(_ value: Double) -> String {
        value.isNaN ? "–" : "\(value.percent) %"
    }
}

// MARK: - Chapter

extension ReportedRun {
    func chapter(_ data: ReportData) throws -> ReportPage.Chapter {
        let parts = [
            notes, ReportTable.settings(document.settings), repeating, curves, try filters(),
            try FilmFigure(self).html, try confusion(data),
        ]
        return .init(
            title: "Run \(name)", facts: facts, settings: SettingsLine.text(document.settings),
            content: .joined(parts))
    }

    private var facts: [(name: String, value: String)] {
        let size = (name: "parameters", value: "\(document.network.parameterCount)")
        guard let result else { return [("epochs", "0"), size] }
        return [
            ("test \(measure)", result.test.map { Self.percent($0.quality) } ?? "–"),
            ("test loss", result.test.map { Self.loss($0.loss) } ?? "–"),
            ("epochs", "\(metrics.count)"),
            ("training time", "\(seconds.fixed(2)) s"), size,
        ]
    }

    private var notes: HTML {
        let understood =
            misunderstanding.isEmpty
            ? [] : ["This program does not understand the settings: \(misunderstanding)"]
        let changes = document.changes.map { change in
            "\(change.setting) was changed after epoch \(change.epochs), step \(change.steps): \(change.from) → \(change.to)."
        }
        let halvings = document.halvings.map { halving in
            "Step \(halving.step) diverged; training went back to the end of epoch \(halving.backTo) with half the learning rate and, of sgd, coupled momentum."
        }
        return .notes(understood + changes + halvings)
    }

    private var repeating: HTML {
        guard isChanged else {
            return .command("To repeat this run, bit for bit:", trainCommand)
                + .command(
                    "To check that it gives the same bits again:", commands(.verify(run: path)))
        }
        return .command(
            "A run with the settings of the end from its start, which is another than this:",
            trainCommand)
            + .paragraph(
                "This run cannot be verified: what it did before its settings were changed is no longer recorded whole."
            )
    }
}
