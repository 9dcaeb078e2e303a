import Foundation
import Testing

/// How long a report becomes: what is said once, what is folded, and what is left out.
@Suite struct ReportLengthTests {
    typealias Bench = BadInputTests.Bench
    typealias Page = ReportTests.Page

    private static func count(_ page: Page, _ text: String) -> Int {
        page.words.components(separatedBy: text).count - 1
    }

    /// What is the same in all runs, and long, stands on the page once.
    @Test func nineRunsAreAComparisonAndNineFoldedChapters() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        for number in 2...9 { _ = try bench.shell("cp -r $1/run $1/run\(number)") }
        for number in [3, 4] {
            _ = try bench.shell(
                "sed -i 's/\"learning_rate\": \"[^\"]*\"/\"learning_rate\": \"0.25\"/' $1/run\(number)/run.json"
            )
        }
        let page = try ReportTests.page(
            bench, "run", "run2", "run3", "run4", "run5", "run6", "run7", "run8", "run9")
        let chapters = page.elements.count {
            $0.name == "details" && $0.attributes["class"] == "chapter"
        }
        #expect(chapters == 9)
        #expect(page.headings.dropFirst().first == "Comparison")
        #expect(page.headings.last == "Checksums")
        #expect(Self.count(page, "golden ratio φ") == 1, "the theory's numbers")
        #expect(Self.count(page, "η 0.25, α ") == 2, "a column, and the runs that it is of")
        #expect(Self.count(page, "this project's own reconstruction") == 1)
        let sums = page.elements.count { $0.name == "caption" }
        #expect(Self.count(page, "SHA-256 of the data") == 1, "\(sums) tables")
        #expect(!page.elements.contains { $0.name == "details" && $0.attributes["open"] != nil })
        // Two are read as they stand.
        let two = try ReportTests.page(bench, "run", "run2")
        #expect(!two.elements.contains { $0.attributes["class"] == "chapter" })
    }

    @Test func aRunBeginsWithItsSettingsInOneLineAndSaysEachCommandOnce() throws {
        let bench = try Bench()
        #expect(try bench.train("--shift", "1", "--schedule", "cosine").code == 0)
        let page = try ReportTests.page(bench, "run")
        let line = try #require(
            page.words.split(separator: "\n").first { $0.contains(" · ") && $0.contains("seed") })
        for part in ["hidden 4 sigmoid", "synaptic loss", "schedule cosine", "shift 1", "seed 1"] {
            #expect(line.contains(part), "\(line)")
        }
        for part in ["warm up", "keep", "rotation", "input range"] {
            #expect(!line.contains(part), "a default: \(line)")
        }
        for command in ["train", "verify", "evaluate", "filters", "explain", "report"] {
            #expect(Self.count(page, "phidias \(command) ") == 1, "\(command)")
        }
        #expect(page.words.contains("After 2 epochs."))
    }

    /// A megabyte of empty lines, and one of short lines.
    @Test(arguments: ["\n", "x\n", "a\n\n", "a b "]) func aTextOfAnExperimentIsBounded(
        unit: String
    ) throws {
        let bench = try Bench()
        _ = try bench.shell("mkdir $1/e")
        try bench.write("e/loss.json", Array(#"{"experiment":"loss","settings":{}}"#.utf8))
        let text = String(repeating: unit, count: (1 << 20) / unit.count)
        try bench.write("e/loss.txt", Array(text.utf8.prefix(1 << 20)))
        let page = try ReportTests.page(bench, "e")
        #expect(page.text.utf8.count < 1 << 17, "\(page.text.utf8.count) bytes")
        #expect(page.words.contains("too long for this page") == (unit != "\n" && unit != "a b "))
        #expect(page.count("pre") < 64)
    }
}
