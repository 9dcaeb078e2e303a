import Charts
import FoundationEssentials
import Glibc
import Phidias

/// What is the same for many runs and is said once for the whole page, at its end: the theory's
/// numbers, and the checksums.
struct ReportAppendix {
    let subjects: [ReportSubject]
    let commands: ReportCommands

    /// Learning rates and momentum weights with columns of their own.
    private static let mostPairs = 8

    private var runs: [ReportedRun] { subjects.compactMap(\.run) }

    func chapter() -> ReportPage.Chapter {
        guard !runs.isEmpty else { return .init(title: "Checksums", content: checksums) }
        return .init(
            title: "Theory and checksums",
            content: .section("The theory's numbers", theory) + .section("Checksums", checksums))
    }

    // MARK: - Theory

    /// A learning rate and a momentum with the runs that have them.
    private struct Pair {
        let explanation: Explanation
        var runs: [ReportedRun]

        var analysis: MomentumAnalysis { explanation.analysis }
        var name: String {
            String(printing: "η %.6g, α %.6g", analysis.learningRate, analysis.momentum)
        }
        var isGolden: Bool {
            analysis.learningRate == GoldenRatio.learningRate
                && abs(analysis.momentum - GoldenRatio.momentum) < 1e-7
        }
    }

    private var pairs: [Pair] {
        var pairs: [Pair] = []
        for run in runs {
            guard let own = run.explanation else { continue }
            let place = pairs.firstIndex {
                $0.analysis.learningRate == own.analysis.learningRate
                    && $0.analysis.momentum == own.analysis.momentum
            }
            if let place {
                pairs[place].runs.append(run)
            } else {
                pairs.append(Pair(explanation: own, runs: [run]))
            }
        }
        return pairs
    }

    /// The theory's numbers for the golden pair, beside those of the runs' own.
    private var theory: HTML {
        let all = pairs
        let own = Array(all.filter { !$0.isGolden }.prefix(Self.mostPairs))
        let left = all.count { !$0.isGolden } - own.count
        func names(_ runs: [ReportedRun]) -> String { runs.map(\.name).joined(separator: ", ") }
        var notes = all.prefix(Self.mostPairs).map { pair in
            "\(pair.isGolden ? "The golden pair" : pair.name): \(names(pair.runs))."
        }
        if left > 0 {
            notes.append("\(left.counted("more pair")) of η and α of the runs have no column here.")
        }
        let others = runs.filter { $0.trainingSettings.map { $0.optimizerName != .sgd } ?? false }
        if !others.isEmpty {
            notes.append(
                "The theory is about gradient descent with momentum, and not about: \(names(others))."
            )
        }
        let unknown = runs.filter { $0.trainingSettings == nil }
        if !unknown.isEmpty {
            notes.append("The settings are not understood of: \(names(unknown)).")
        }
        let scheduled = runs.filter(\.isScheduled)
        if !scheduled.isEmpty {
            notes.append(
                "The learning rate or the momentum changes on the way in: \(names(scheduled)). The numbers are those of the base learning rate."
            )
        }
        let explained = all.prefix(Self.mostPairs).map { pair in
            HTML.command(commands(Self.explanation(of: pair.runs[0])))
        }
        return .joined(notes.map { .paragraph($0) })
            + .folded(
                "What follows from η and α", table(own).html,
                .paragraph("Published: \(Explanation.source). \(Explanation.caution)"),
                .joined(Array(explained)))
    }

    private static func explanation(of run: ReportedRun) -> ReportAction {
        .explain(
            learningRate: run.document["learning_rate"] ?? "golden",
            momentum: run.document["momentum"] ?? "golden")
    }

    private func table(_ own: [Pair]) -> ReportTable {
        let golden = Explanation(analysis: .golden)
        var table = ReportTable(
            "η and α, and what follows from them",
            [("quantity", .head), ("formula", .text), ("golden", .number)]
                + own.map { ($0.name, .number) } + [("origin", .text)])
        for figure in Explanation.published {
            let values = own.map { pair in
                switch figure.key {
                case "momentum": text(pair.analysis.momentum)
                case "learning_rate": text(pair.analysis.learningRate)
                default: "–"
                }
            }
            table.add(
                [figure.meaning, figure.formula, text(figure.value)] + values + ["published"])
        }
        let derived = own.map(\.explanation.derived)
        for (place, figure) in golden.derived.enumerated() {
            let name = figure.unit.isEmpty ? figure.meaning : "\(figure.meaning), \(figure.unit)"
            table.add(
                [name, figure.formula, text(figure.value)]
                    + derived.map { text($0[place].value) } + ["our derivation"])
        }
        for figure in Explanation.goldenPoint {
            table.add(
                [figure.meaning, figure.formula, text(figure.value)] + own.map { _ in "–" }
                    + ["our reconstruction"])
        }
        return table
    }

    // MARK: - Checksums

    private var checksums: HTML {
        var weights = ReportTable(
            "SHA-256 of the weights in each run's model.safetensors",
            [("run", .head), ("checksum", .long), ("begun by", .text)])
        for run in runs {
            let document = run.document
            weights.add([
                run.name, run.model?.model.weightsSHA256 ?? "no model yet",
                "phidias \(document.program), \(document.threads.counted("thread")), \(document.kernels) kernels",
            ])
        }
        let ofRuns =
            runs.isEmpty
            ? HTML.nothing
            : .folded(
                "Weights of the runs", weights.html,
                .paragraph(
                    "Neither the number of threads nor the kernels change a bit of the weights."))
        let hasSweep = subjects.contains { if case .sweep = $0 { true } else { false } }
        return ofRuns + data
            + (hasSweep
                ? .paragraph(
                    "The SHA-256 of each sweep cell's weights stands in its line of results.jsonl.")
                : .nothing)
    }

    /// Most subjects have the same data: each data set is told once.
    private var data: HTML {
        var sets: [(sums: [RunDocument.Setting], names: [String])] = []
        for subject in subjects where !subject.checksums.isEmpty {
            if let place = sets.firstIndex(where: { $0.sums == subject.checksums }) {
                if !sets[place].names.contains(subject.name) {
                    sets[place].names.append(subject.name)
                }
            } else {
                sets.append((subject.checksums, [subject.name]))
            }
        }
        return .joined(
            sets.map { sums, names in
                let isAll = sets.count == 1 && subjects.count > 1
                let owner = isAll ? "all" : names.joined(separator: ", ")
                return .folded(
                    "Data of \(owner)",
                    ReportTable.pairs("SHA-256 of the data", "file", "checksum", sums))
            })
    }
}

/// Six digits, or an exponent.
private func text(_ value: Double) -> String {
    abs(value) < 1e6 ? value.digits(6) : String(printing: "%.6g", value)
}

extension ReportSubject {
    /// Of the data.
    fileprivate var checksums: [RunDocument.Setting] {
        switch self {
        case .run(let run): run.document.checksums
        case .sweep(let sweep): sweep.document.checksums
        case .experiment(let experiment): experiment.checksums
        }
    }
}

extension ReportedRun {
    /// Of the base learning rate; nil if the settings are not understood, and for another optimizer
    /// than the theory's.
    fileprivate var explanation: Explanation? {
        trainingSettings.flatMap {
            $0.optimizerName != .sgd
                ? nil : try? Explanation(learningRate: $0.learningRate, momentum: $0.momentum)
        }
    }

    /// Whether learning rate or momentum change on the way.
    fileprivate var isScheduled: Bool {
        guard let trainingSettings else { return false }
        return trainingSettings.schedule != .constant || trainingSettings.warmUp != 0
            || !document.halvings.isEmpty
    }
}
