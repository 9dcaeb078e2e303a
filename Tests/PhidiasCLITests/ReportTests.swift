import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// phidias report: what it shows of each kind of folder, and that a page can hurt nobody.
@Suite struct ReportTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    /// A page as it was written, and as a parser of XML sees it.
    final class Page: NSObject, XMLParserDelegate {
        let text: String
        private(set) var elements: [(name: String, attributes: [String: String])] = []
        private(set) var headings: [String] = []
        private(set) var words = ""
        private var heading: String?

        /// Void elements have no end in HTML, and attributes may stand without a value: both are
        /// mended before the page is read as XML. All else that is open must be closed in order.
        init(_ path: String) throws {
            text = try String(contentsOfFile: path, encoding: .utf8)
            super.init()
            #expect(text.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
            let body = text.replacing("<!DOCTYPE html>", with: "")
                .replacing(/<(meta|link|img|input|br)([^>]*)>/) { "<\($0.1)\($0.2)/>" }
                .replacing(/(<[a-z][^<>]*)\ hidden(?=[ >\/])/) { "\($0.1) hidden=\"\"" }
                .replacing(/<(style|script)>[^<]*<\/(style|script)>/, with: "")
            let parser = XMLParser(data: Data(body.utf8))
            parser.delegate = self
            try #require(parser.parse(), "\(String(describing: parser.parserError))")
        }

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
            qualifiedName: String?, attributes: [String: String]
        ) {
            elements.append((name, attributes))
            if ["h1", "h2", "h3"].contains(name) { heading = "" }
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) {
            words += string
            heading? += string
        }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
            qualifiedName: String?
        ) {
            if ["h1", "h2", "h3"].contains(name), let text = heading {
                headings.append(text)
                heading = nil
            }
        }

        /// Addresses of anything that a browser would load.
        var addresses: [String] {
            elements.flatMap { element in
                ["src", "href", "srcset", "data", "action", "xlink:href"].compactMap {
                    element.attributes[$0]
                }
            }
        }

        func count(_ name: String) -> Int { elements.count { $0.name == name } }
    }

    /// The page of these folders of a bench.
    static func page(
        _ bench: Bench, _ folders: String..., options: [String] = []
    ) throws -> Page {
        let result = try Program.run(
            ["report"] + folders.map(bench.path) + ["--output", bench.path("report.html")]
                + options)
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output == bench.path("report.html") + "\n")
        let page = try Page(bench.path("report.html"))
        checkIsAlone(page)
        return page
    }

    /// Nothing is loaded, and nothing that is not the program's own is run.
    static func checkIsAlone(_ page: Page) {
        #expect(page.addresses.allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("data:") })
        // Not even as the name of a format, but for the policy that forbids it.
        let text = page.text.replacing("http-equiv", with: "")
        #expect(!text.contains("http") && !text.contains("url(") && !text.contains("@import"))
        let policy = page.elements.first {
            $0.attributes["http-equiv"] == "Content-Security-Policy"
        }?.attributes["content"]
        #expect(
            policy?.hasPrefix("default-src 'none'; img-src data:; style-src 'sha256-") == true)
        #expect(text.components(separatedBy: "<script").count == 2)
        #expect(text.components(separatedBy: "<style").count == 2)
        let ids = page.elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count, "an id is there twice")
        for element in page.elements {
            #expect(element.attributes["style"] == nil, "the policy would not let it in")
            #expect(!element.attributes.keys.contains { $0.hasPrefix("on") })
            if element.name == "img" { #expect(element.attributes["alt"]?.isEmpty == false) }
        }
        #expect(page.count("title") == page.count("svg") + 1, "a chart has a name")
    }

    @Test func aRunHasAllItsSections() throws {
        let bench = try Bench()
        #expect(
            try bench.train("--validation", "0.2", "--schedule", "cosine", "--epochs", "3").code
                == 0)
        let page = try Self.page(bench, "run")
        #expect(
            page.headings == [
                "Phidias report: run", "Run run", "Curves", "Filters",
                "Confusion on the test images", "Theory and checksums", "The theory's numbers",
                "Checksums",
            ])
        // Accuracy, loss, learning rate and momentum; filters before and after.
        #expect(page.count("svg") == 4)
        #expect(page.elements.count { $0.attributes["alt"]?.contains("filters") == true } == 2)
        for part in [
            "--schedule=cosine", "phidias verify", "phidias evaluate", "phidias explain",
            "our derivation", "our reconstruction", "published", "arXiv:2410.12984", "0.267106",
            "this project's own reconstruction", "taken for",
        ] {
            #expect(page.words.contains(part), "\(part)")
        }
        let evaluated = try Program.run(
            "evaluate", bench.path("run/model.safetensors"), "--data", bench.folder.path)
        let accuracy = try #require(evaluated.output.firstMatch(of: /accuracy ([0-9.]+) %/)).1
        #expect(page.words.contains("\(accuracy) % of 12 images are classified correctly"))
        let again = try Self.page(bench, "run")
        #expect(again.text == page.text, "the same folder, the same page")
    }

    /// Wrong images of three channels, and settings that were changed on the way.
    @Test func aChangedRunOfColourImages() throws {
        let bench = try Bench()
        for (prefix, count) in [("train", 60), ("t10k", 12)] {
            try FileManager.default.removeItem(atPath: bench.path("\(prefix)-images-idx3-ubyte"))
            try bench.write("\(prefix)-images-idx4-ubyte", Bench.idx([count, 3, 4, 4]))
        }
        #expect(try bench.train("--input-range", "-1..1", "--learning-rate", "0.001").code == 0)
        let before = try Self.page(bench, "run")
        #expect(before.words.contains("taken for") && before.words.contains("bit for bit"))
        #expect(before.elements.contains { $0.attributes["height"] == "12" })
        #expect(
            try ChangedRunTests.resume(bench, ["--learning-rate", "0.1", "--epochs", "3"]).code == 0
        )
        let after = try Self.page(bench, "run")
        #expect(!after.words.contains("bit for bit"))
        #expect(after.words.contains("cannot be verified"))
    }

    @Test func theFirstFiltersAreThoseThatTrainingStartedFrom() throws {
        let bench = try Bench()
        // A learning rate that moves nothing: both pictures are the same.
        #expect(try bench.train("--learning-rate", "1e-30").code == 0)
        let still = try Self.page(bench, "run").elements.filter {
            $0.attributes["alt"]?.contains("filters") == true
        }.map { $0.attributes["src"] }
        #expect(still.count == 2 && still[0] == still[1])
        #expect(try bench.train("--learning-rate", "0.5", "--force").code == 0)
        let moved = try Self.page(bench, "run").elements.filter {
            $0.attributes["alt"]?.contains("filters") == true
        }.map { $0.attributes["src"] }
        #expect(moved.count == 2 && moved[0] != moved[1])
    }

    @Test func withoutItsDataARunSaysHowToGetIt() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        _ = try bench.shell("mkdir $1/moved && mv $1/*ubyte $1/moved")
        let page = try Self.page(bench, "run")
        #expect(page.words.contains("data is not at hand"))
        #expect(page.words.contains("--data FOLDER"))
        #expect(page.count("svg") == 2)
        let found = try Self.page(bench, "run", options: ["--data", bench.path("moved")])
        #expect(found.words.contains("are classified correctly"))
        // Other data is told, and not shown as the run's.
        var pixels = Bench.idx([60, 4, 4])
        pixels[100] ^= 1
        try bench.write("moved/\(Bench.images)", pixels)
        let other = try Program.run(
            "report", bench.path("run"), "--data", bench.path("moved"), "--output",
            bench.path("other.html"))
        #expect(other.code == 65 && other.errors.contains("checksums"), "\(other.errors)")
        #expect(!FileManager.default.fileExists(atPath: bench.path("other.html")))
        _ = try bench.shell("mv $1/moved/* $1")
        let changed = try Self.page(bench, "run")
        #expect(changed.words.contains("SHA-256 of \(Bench.images)"))
    }

    /// Some settings have finished folds that others have not.
    @Test func aSweepThatIsNotDoneIsReported() throws {
        let bench = try Bench()
        let command =
            SweepProgramTests.command(bench).filter { $0 != "2" } + [
                "4", "--output", bench.path("sweep"),
            ]
        let swept = try Program.run(command)
        #expect(swept.code == 0, "\(swept.errors)")
        let path = bench.path("sweep/results.jsonl")
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 16)
        for left in [[0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 15], [0, 1, 2, 3, 4, 5, 6], [3]] {
            let part = left.map { lines[$0] + "\n" }.joined()
            try part.write(toFile: path, atomically: true, encoding: .utf8)
            let page = try Self.page(bench, "sweep")
            #expect(page.words.contains("\(16 - left.count) of 16 cells are not done"))
        }
    }

    @Test func textsOfFilesStayTexts() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let attack = "<script>alert(1)</script>'\\\"><img src=x onerror=alert(2)>\\u202e; rm x"
        let path = bench.path("run/run.json")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let changed = text.replacing("\"hidden\": \"4\"", with: "\"hidden\": \"\(attack)\"")
            .replacing("\"phidias\": \"0.1.0\"", with: "\"phidias\": \"\(attack)\"")
            .replacing(
                "\"data_sha256\": {", with: "\"data_sha256\": {\"\(attack)\": \"\(attack)\",")
        #expect(changed.components(separatedBy: "<script>").count == 5)
        try changed.write(toFile: path, atomically: true, encoding: .utf8)
        _ = try bench.shell("mv $1/run '$1/<b>run'")
        let page = try Self.page(bench, "run")
        #expect(page.words.contains("<script>alert(1)</script>"))
        #expect(page.words.contains("\\u{202E}"), "what turns the text around is shown")
        #expect(
            page.words.contains("'--hidden=<script>alert(1)</script>'\\''"), "quoted for a shell")
        #expect(page.words.contains("does not understand the settings"))
        #expect(page.count("b") == 0)
    }

    @Test func aFilmShowsFramesEvenlyAndTheLastWithoutScripts() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        #expect(
            try Program.run(
                "filters", bench.path("run/model.safetensors"), "--output", bench.path("f.png")
            ).code == 0)
        let script = """
            mkdir $1/run/frames; i=0
            while [ $i -lt 150 ]; do cp $1/f.png $1/run/frames/step-$(printf %08d $i).png
            i=$((i + 1)); done; touch $1/run/frames/other.png $1/run/frames/step-1.png
            """
        _ = try bench.shell(script)
        let page = try Self.page(bench, "run")
        #expect(page.headings.contains("Film of the filters"))
        let frames = page.elements.filter { $0.attributes["data-step"] != nil }
        #expect(frames.count == 60)
        #expect(frames.first?.attributes["data-step"] == "step 0")
        #expect(frames.last?.attributes["data-step"] == "step 149")
        #expect(frames.filter { $0.attributes["hidden"] == nil }.count == 1)
        #expect(frames.last?.attributes["hidden"] == nil)
        #expect(page.words.contains("60 of 150 frames"))
        #expect(page.elements.contains { $0.name == "input" && $0.attributes["max"] == "59" })
        // One that is no picture.
        try Data([1, 2, 3]).write(
            to: URL(fileURLWithPath: bench.path("run/frames/step-00000000.png")))
        let damaged = try Program.run(
            "report", bench.path("run"), "--output", bench.path("report.html"))
        #expect(damaged.code == 65 && damaged.errors.contains("step-00000000.png"))
        // Frames of a wide layer fit into no page.
        let last = bench.path("run/frames/step-00000149.png")
        #expect(truncate(last, 9 << 20) == 0)
        #expect(try Self.page(bench, "run").words.contains("too large for a page"))
    }

    @Test func aSweepShowsItsMapAndRanking() throws {
        let bench = try Bench()
        let swept = try SweepProgramTests.sweep(bench, "--seeds", "2")
        #expect(swept.code == 0, "\(swept.errors)")
        let page = try Self.page(bench, "sweep")
        #expect(
            page.headings == [
                "Phidias report: sweep", "Sweep sweep", "Heat map", "Ranking", "Checksums",
            ])
        // The map, and the error over the effective learning rate.
        #expect(page.count("svg") == 2)
        // The table of the command, cell by cell.
        let rows = swept.output.split(separator: "\n").dropFirst().prefix(4)
        let words = page.words.replacing(" – ", with: "–")
        for cell in rows.flatMap({ $0.split(separator: "  ") }) {
            #expect(words.contains(cell.trimmingCharacters(in: .whitespaces)), "\(cell)")
        }
        #expect(page.words.contains("--learning-rate=0.01,golden --momentum=0,golden"))
        #expect(page.words.contains("--seeds=2"))
        // Half-done, and with settings that no sweep has.
        _ = try bench.shell(
            "head -n 3 $1/sweep/results.jsonl > $1/r; mv $1/r $1/sweep/results.jsonl")
        #expect(try Self.page(bench, "sweep").words.contains("13 of 16 cells are not done"))
        _ = try bench.shell("rm $1/sweep/results.jsonl")
        #expect(try Self.page(bench, "sweep").words.contains("No cell is finished"))
        _ = try bench.shell("sed -i 's/\"folds\"/\"pleats\"/' $1/sweep/sweep.json")
        let strange = try Program.run(
            "report", bench.path("sweep"), "--output", bench.path("report.html"))
        #expect(strange.code == 65 && strange.errors.contains("sweep.json"), "\(strange.errors)")
    }

    @Test func experimentsShowTheirChartsAndTables() throws {
        let bench = try Bench()
        let common = [
            "--data", bench.folder.path, "--hidden", "4", "--batch-size", "4", "--epochs", "2",
        ]
        let smoothing = try Program.run(
            ["experiment", "smoothing", "--roughness-epochs", "1", "--momenta", "0,golden"]
                + ["--curvature-steps", "2", "--output", bench.path("both")] + common)
        #expect(smoothing.code == 0, "\(smoothing.errors)")
        #expect(
            try Program.run(
                ["experiment", "golden-point", "--output", bench.path("both")] + common
            ).code == 0)
        let page = try Self.page(bench, "both")
        #expect(page.headings.contains("Experiment smoothing: both"))
        #expect(page.headings.contains("Experiment golden-point: both"))
        // So few steps leave three of the six charts of smoothing without anything to show.
        #expect(page.count("img") == 3 + 4)
        #expect(page.words.contains("ROUGHNESS OF THE LOSS"))
        #expect(page.words.contains("--roughness-epochs=1"), "the command is whole")
        #expect(page.words.contains("this project's own"))
        #expect(page.words.contains(Bench.images), "checksums of the data")
        let command = try #require(
            page.words.split(separator: "\n").first { $0.hasPrefix("phidias experiment smoothing") }
        )
        let before = try Data(contentsOf: URL(fileURLWithPath: bench.path("both/smoothing.json")))
        let words = command.split(separator: " ").dropFirst().map { String($0) }
        #expect(try Program.run(words).code == 0)
        let after = try Data(contentsOf: URL(fileURLWithPath: bench.path("both/smoothing.json")))
        #expect(after == before, "the command makes the same again")
    }

    @Test func severalAreCompared() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let second = try Program.run(
            "train", "--data", bench.folder.path, "--hidden", "4", "--batch-size", "4", "--epochs",
            "3", "--learning-rate", "0.1", "--output", bench.path("other/run"))
        #expect(second.code == 0, "\(second.errors)")
        #expect(try SweepProgramTests.sweep(bench).code == 0)
        let page = try Self.page(bench, "run", "other/run", "sweep")
        #expect(
            page.headings.prefix(6) == [
                "Phidias report: \(bench.path("run")), \(bench.path("other/run")), sweep",
                "Comparison", "Final numbers", "Best of the sweeps", "Curves", "Settings",
            ])
        #expect(page.elements.contains { $0.name == "nav" })
        let marked = page.elements.count {
            $0.name == "tr" && $0.attributes["class"] == "marked"
        }
        #expect(marked > 2)
        // Overlaid: test and training accuracy, test and training loss.
        #expect(page.count("svg") == 4 + 2 + 2 + 2)
    }

    /// What a shell does to the folder of a run, what is reported, the code, and what is said.
    static let bad: [(script: String, folder: String, code: Int32, part: String)] = [
        ("true", "nowhere", 66, "no such folder"),
        ("mkdir $1/empty", "empty", 66, "nothing to report"),
        ("true", "run/model.safetensors", 66, "this is a file"),
        ("echo '{}' > $1/run/run.json", "run", 65, "run.json"),
        ("echo '{' > $1/run/metrics.jsonl", "run", 65, "metrics.jsonl"),
        ("echo x > $1/run/model.safetensors", "run", 65, "model.safetensors"),
        ("mkfifo $1/run/f; mv $1/run/f $1/run/run.json", "run", 66, "not a regular file"),
        ("mkdir $1/e; echo '{}' > $1/e/x.json; echo x > $1/e/x.txt", "e", 66, "nothing to report"),
    ]

    @Test(arguments: bad.indices) func badFoldersAreASentenceAndACode(index: Int) throws {
        let (script, folder, code, part) = Self.bad[index]
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        _ = try bench.shell(script)
        let result = try Program.run(
            "report", bench.path(folder), "--output", bench.path("report.html"))
        #expect(result.code == code, "\(script): \(result.errors)")
        #expect(result.errors.contains(part), "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: bench.path("report.html")))
    }

    @Test func aRunWithoutAnEpochAndHugeNumbersAreNoReasonToFail() throws {
        let bench = try Bench()
        #expect(try bench.train().code == 0)
        let line =
            #"{"epoch":1,"training_loss":1e308,"training_accuracy":-1e308,"test_loss":-1e308,"#
            + #""test_accuracy":1e-308,"timing":{"seconds":0}}"#
        try (line + "\n").write(
            toFile: bench.path("run/metrics.jsonl"), atomically: true, encoding: .utf8)
        let huge = try Self.page(bench, "run")
        #expect(huge.count("svg") == 2)
        let points = huge.elements.compactMap { $0.attributes["points"] ?? $0.attributes["cx"] }
        #expect(points.allSatisfy { !$0.contains("nan") && !$0.contains("inf") }, "\(points)")
        _ = try bench.shell("rm $1/run/metrics.jsonl $1/run/*.safetensors")
        let page = try Self.page(bench, "run")
        #expect(page.words.contains("No epoch was finished"))
        #expect(page.words.contains("There is no model yet"))
    }
}
