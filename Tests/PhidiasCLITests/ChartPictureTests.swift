import Foundation
import Testing

/// --png: charts as pixels too. Another program stands in for rsvg-convert, and says what it was given.
@Suite struct ChartPictureTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    /// Of every PNG file.
    private static let start = Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    /// Answers with a file's start, its options and its input.
    private static let honest = "printf '\\211PNG\\r\\n\\032\\n%s\\n' \"$*\"; cat"

    /// PATH with a program that the script is.
    private static func path(_ bench: Bench, _ script: String) throws -> [String: String] {
        let folder = bench.path("bin")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("#!/bin/sh\n\(script)\n".utf8).write(
            to: URL(fileURLWithPath: "\(folder)/rsvg-convert"))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: "\(folder)/rsvg-convert")
        return ["PATH": "\(folder):/usr/bin:/bin"]
    }

    /// The commands that draw charts, and the charts of such small ones.
    static let commands: [(words: [String], charts: [String])] = [
        (
            ["experiment", "golden-point", "--epochs", "1"],
            ["signals", "logits", "processes", "reliability"]
        ),
        (
            ["experiment", "smoothing", "--momentum", "0.5", "--epochs", "3", "--momenta", "0.5"],
            [
                "impulse", "variance", "autocorrelation", "frequency", "weight", "curvature",
                "roughness",
            ]
        ),
        (
            [
                "experiment", "loss", "--epochs", "1", "--seeds", "2", "--tuning-seeds", "1",
                "--rates", "0.1",
            ], ["accuracy", "final"]
        ),
        (
            ["experiment", "optimizers", "--budgets", "1,2", "--batch-sizes", "4", "--seeds", "2"],
            ["accuracy"]
        ),
        (
            ["sweep", "--learning-rate", "0.01,golden", "--momentum", "0,golden", "--folds", "2"],
            ["heatmap", "effective-rates"]
        ),
    ]

    private static func files(_ bench: Bench) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: bench.path("out")))
    }

    @Test(arguments: commands.indices) func everyChartIsDrawnLightAndDark(index: Int) throws {
        let bench = try Bench()
        let (words, charts) = Self.commands[index]
        let command =
            words + ["--data", bench.folder.path, "--hidden", "4", "--output", bench.path("out")]
            + (words.contains("optimizers") ? [] : ["--batch-size", "4"])
        let environment = try Self.path(bench, Self.honest)
        let run = try Program.run(command + ["--png"], environment: environment)
        #expect(run.code == 0, "\(run.errors)")
        let files = try Self.files(bench)
        #expect(
            files.filter { $0.hasSuffix(".svg") }.sorted() == charts.map { "\($0).svg" }.sorted())
        for chart in charts {
            let svg = try String(contentsOfFile: bench.path("out/\(chart).svg"), encoding: .utf8)
            for (theme, paper, other) in [
                ("light", "#ffffff", "#0d1117"), ("dark", "#0d1117", "#1f2328"),
            ] {
                let picture = try Data(
                    contentsOf: URL(fileURLWithPath: bench.path("out/\(chart)-\(theme).png")))
                #expect(picture.starts(with: Self.start))
                let text = String(decoding: picture.dropFirst(Self.start.count), as: UTF8.self)
                #expect(text.hasPrefix("-f png -z 2\n<svg"), "\(text.prefix(60))")
                #expect(text.contains(".page,.gap{fill:\(paper)}") && !text.contains(other))
                #expect(!text.contains("@media"), "the renderer asks nobody")
                // The same drawing.
                #expect(
                    text.split(separator: "</style>").last == svg.split(separator: "</style>").last)
            }
        }
        // Again without: no picture stays that could be of other results.
        let again = try Program.run(command)
        #expect(again.code == 0, "\(again.errors)")
        #expect(
            try Self.files(bench)
                == files.filter { !$0.hasSuffix("-light.png") && !$0.hasSuffix("-dark.png") })
    }

    /// Before anything is read or trained.
    @Test func withoutARendererNothingBegins() throws {
        let bench = try Bench()
        for command in [["experiment", "golden-point"], ["sweep"], ["bench", "scaling"]] {
            let output = ["--png", "--output", bench.path("out")]
            let refused = try Program.run(
                command + output, environment: ["PATH": bench.folder.path])
            #expect(refused.code == 69, "\(command): \(refused.errors)")
            #expect(refused.errors.contains("apt-get install librsvg2-bin"), "\(refused.errors)")
            for (script, part) in [
                ("echo 'no fonts\u{1b}[31m' >&2; exit 3", "status 3: no fonts\\u{1B}[31m"),
                ("kill -9 $$", "status 137"), ("cat", "no PNG file"), ("true", "no PNG file"),
            ] {
                let broken = try Program.run(
                    command + output, environment: try Self.path(bench, script))
                #expect(broken.code == 69 && broken.errors.contains(part), "\(broken.errors)")
            }
        }
        #expect(!FileManager.default.fileExists(atPath: bench.path("out")))
    }

    /// A renderer that fails in the end takes nothing with it: the next start only draws.
    @Test func aRendererThatFailsLaterLosesNothing() throws {
        let bench = try Bench()
        let command = [
            "experiment", "golden-point", "--epochs", "1", "--data", bench.folder.path, "--hidden",
            "4", "--batch-size", "4", "--output", bench.path("out"), "--png",
        ]
        let failing = "grep -q polyline && exit 1; \(Self.honest)"
        let failed = try Program.run(command, environment: try Self.path(bench, failing))
        #expect(failed.code == 69 && failed.errors.contains("status 1"), "\(failed.errors)")
        #expect(failed.output.contains("GOLDEN POINT"), "\(failed.output)")
        #expect(!(try Self.files(bench).contains { $0.hasSuffix(".svg") || $0.hasSuffix(".png") }))
        let again = try Program.run(command, environment: try Self.path(bench, Self.honest))
        #expect(again.code == 0 && again.output == failed.output, "\(again.errors)")
        #expect(again.errors.contains("Continuing an earlier start"), "\(again.errors)")
        #expect(try Self.files(bench).contains("signals-dark.png"))
    }
}
