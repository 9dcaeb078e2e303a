import Foundation
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

    /// Most rows of the ranking.
    private static let mostRows = 200

    func chapter() -> ReportPage.Chapter {
        var table = ReportTable("Settings of the cells", [("setting", .head), ("values", .long)])
        for setting in settings {
            table.add([setting.name, setting.value])
        }
        var sums = ReportTable("SHA-256 of the data", [("of", .head), ("checksum", .long)])
        for sum in document.checksums { sums.add([sum.name, sum.value]) }
        let isSynaptic = document["loss"]?.contains(LossName.synaptic.rawValue) == true
        return .init(
            title: "Sweep \(name)",
            content: .joined([
                facts, isSynaptic ? .reconstruction : .nothing,
                done < cells
                    ? .note(
                        "\(cells - done) of \(cells) cells are not done; the same command goes on.")
                    : .nothing,
                strangers > 0
                    ? .note(
                        "\(strangers) lines of results.jsonl belong to no cell of sweep.json, and are left out."
                    ) : .nothing,
                .section("Settings", table.html, .command(command)), map, ranking,
                .section(
                    "Checksums", sums.html,
                    .paragraph(
                        "Written by phidias \(document.program). The SHA-256 of each cell's weights stands in its line of results.jsonl."
                    )),
            ]))
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

    private var facts: HTML {
        var facts = [
            (name: "cells", value: done == cells ? "\(cells)" : "\(done) of \(cells)"),
            (name: "settings", value: "\(report.plan.points.count)"),
        ]
        if let best {
            facts.append((name: "best validation accuracy", value: Self.accuracy(best)))
            facts.append((name: "with", value: best.point.settings.text))
        }
        for row in report.golden {
            facts.append(
                (
                    name: report.goldenName(row),
                    value: "rank \(Self.rank(row)), \(Self.accuracy(row))"
                ))
        }
        return .facts(facts)
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
        return .section(
            "Heat map",
            .figure(
                .fitted(chart), "As heatmap.svg of the folder, from results.jsonl.",
                command: command),
            report.effectiveRates.map { chart in
                .figure(
                    .fitted(chart), "As effective-rates.svg of the folder, from results.jsonl.",
                    command: command)
            } ?? .nothing)
    }

    private var ranking: HTML {
        guard done > 0 else { return .section("Ranking", .note("No cell is finished.")) }
        let (head, rows) = report.table
        var table = ReportTable(
            "Settings, best first",
            head.enumerated().map { index, name in
                (name.isEmpty ? "marks" : name, index == head.count - 1 ? .text : .number)
            })
        for (cells, row) in zip(rows, report.rows).prefix(Self.mostRows) {
            table.add(cells, marked: row.isGolden)
        }
        let left = rows.count - table.rows.count
        return .section(
            "Ranking", table.html,
            left > 0
                ? .paragraph("\(left) more settings are left out; the command prints them all.")
                : .nothing, .joined(report.notes.map { .paragraph($0) }), .command(command))
    }
}
