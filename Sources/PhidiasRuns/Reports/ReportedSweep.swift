import FoundationEssentials
import Glibc
import Phidias

/// The folder of a sweep as a report sees it.
struct ReportedSweep {
    let name, path: String
    let document: SweepDocument
    let report: SweepReport
    /// Cells that are done, of all, and lines of results.jsonl that belong to no cell.
    let done, cells, strangers: Int
    private let commands: ReportCommands

    /// - Throws: if a file of the sweep that is there cannot be read.
    init(
        _ path: String, _ document: SweepDocument, name: String, _ commands: ReportCommands
    ) throws {
        self.name = name
        self.commands = commands
        self.path = path
        self.document = document
        let record = "\(path)/sweep.json", results = "\(path)/results.jsonl"
        let plan = try SweepPlan(
            SweepSettings(document, path: record),
            checksums: Dictionary(
                document.checksums.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }))
        let found =
            access(results, F_OK) == 0 ? try SweepResultsFile.read(results).results : []
        let known = Set(plan.cells.map(\.id))
        let own = found.filter { known.contains($0.cell) }
        report = try SweepReport(plan, own)
        (done, cells, strangers) = (own.count, plan.cells.count, found.count - own.count)
    }

    /// Where the data lies, a sweep does not record; synthetic digits need no place.
    var command: ShellCommand? {
        commands(
            .sweep(
                document.axes,
                needsData: document.checksums.contains { $0.name.hasPrefix("train-") },
                output: path))
    }

    /// Settings as a table of comparison shows them.
    var settings: [RunDocument.Setting] {
        document.axes.map { .init(name: $0.name, value: $0.values.joined(separator: ", ")) }
    }

    /// Rows of the ranking that are seen at once.
    private static let mostRows = 10

    func chapter() -> ReportPage.Chapter {
        var notes: [String] = []
        if done < cells {
            notes.append(
                "\(cells - done) of \(cells) cells are not done; the same command goes on.")
        }
        if strangers > 0 {
            notes.append(
                "\(strangers.counted("line")) of results.jsonl belong\(strangers == 1 ? "s" : "") to no cell of sweep.json, and \(strangers == 1 ? "is" : "are") left out."
            )
        }
        return .init(
            title: "Sweep \(name)", facts: facts, settings: SettingsLine.text(shortSettings),
            content: .joined([
                .notes(notes), ReportTable.settings(settings),
                .command("To repeat this sweep:", command), map, ranking,
            ]))
    }

    /// Of many values the first and the last.
    private var shortSettings: [RunDocument.Setting] {
        document.axes.map { axis in
            let values = axis.values
            return .init(
                name: axis.name,
                value: values.count > 4
                    ? "\(values[0]) … \(values[values.count - 1]) (\(values.count) values)"
                    : values.joined(separator: ", "))
        }
    }

    /// The best setting that has finished cells, and the golden one.
    var best: SweepReport.Row? { report.rows.first { $0.rank != nil } }
    /// nil also where several settings have that pair.
    var golden: SweepReport.Row? { report.golden.count == 1 ? report.golden[0] : nil }

    static func accuracy(_ row: SweepReport.Row) -> String {
        let mean = row.mean.map(ReportedRun.percent) ?? "–"
        guard let interval = row.interval else { return mean }
        return
            "\(mean) (\(interval.low.percent) – \(interval.high.percent))"
    }

    static func rank(_ row: SweepReport.Row?) -> String {
        row?.rank.map(SweepReport.text) ?? "–"
    }

    private var facts: [(name: String, value: String)] {
        var facts = [
            (name: "cells", value: done == cells ? "\(cells)" : "\(done) of \(cells)"),
            (name: "settings", value: "\(report.plan.points.count)"),
        ]
        if let best {
            facts.append((name: "best validation \(report.measure)", value: Self.accuracy(best)))
            facts.append((name: "with", value: SettingsLine.text(best.point.settings)))
        }
        if let golden {
            facts.append(
                (
                    name: report.goldenName(golden),
                    value: "rank \(Self.rank(golden)), \(Self.accuracy(golden))"
                ))
        } else if let first = report.golden.first {
            facts.append((name: "best golden pair", value: "rank \(Self.rank(first))"))
        }
        return facts
    }

    private var map: HTML {
        guard done > 0 else { return .nothing }
        guard let chart = report.heatMap else {
            return .section(
                "Heat map",
                .paragraph(
                    "There is one where learning rate and momentum, and nothing else, have more than one value."
                ))
        }
        let charts = [chart] + [report.effectiveRates, report.randomSearchChart].compactMap { $0 }
        return .section(
            "Heat map", .figures(charts.map { .figure(.fitted($0)) }),
            .paragraph("From results.jsonl, as in the .svg files of the folder."))
    }

    private var ranking: HTML {
        guard done > 0 else { return .section("Ranking", .note("No cell is finished.")) }
        let all = Array(report.table.rows.indices)
        // The golden setting is looked for wherever it stands.
        let first = all.filter { $0 < Self.mostRows || report.rows[$0].isGolden }
        let notes = HTML.joined(report.notes.map { .paragraph($0) })
        guard first.count < all.count else {
            return .section("Ranking", ranking("Settings, best first", all), notes)
        }
        return .section(
            "Ranking", ranking("The best settings, and golden ones", first), notes,
            .folded("All \(all.count) settings", ranking("Settings, best first", all)))
    }

    private func ranking(_ caption: String, _ places: [Int]) -> HTML {
        let (head, rows) = report.table
        var table = ReportTable(
            caption,
            head.enumerated().map { index, name in
                (name.isEmpty ? "marks" : name, index == head.count - 1 ? .text : .number)
            })
        for place in places { table.add(rows[place], marked: report.rows[place].isGolden) }
        return table.html
    }
}
