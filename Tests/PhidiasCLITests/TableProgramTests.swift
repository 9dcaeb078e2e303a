import Foundation
import Testing

/// `data import` of tables and IDX files, and what it says.
@Suite struct TableProgramTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    static let flowers =
        "length,colour,species\n"
        + (0..<30).map { "\($0).5,\(["red", "blue"][$0 % 2]),\(["iris", "rose"][$0 / 15])" }
        .joined(separator: "\n")

    static func run(_ bench: Bench, _ text: String, _ options: String...) throws -> Program.Outcome
    {
        try bench.write("table.csv", Array(text.utf8))
        return try Program.run(
            ["data", "import", bench.path("table.csv"), "--output", bench.path("in")] + options)
    }

    @Test func measurementsAreImportedAndTrained() throws {
        let bench = try Bench()
        let told = try Self.run(bench, Self.flowers)
        #expect(told.code == 0, "\(told.errors)")
        #expect(told.errors.contains("The labels are in column 3 ('species')."))
        #expect(told.output.contains("24 training and 6 test rows of 3 features, 2 classes"))
        #expect(told.output.contains("features: length, colour=blue, colour=red"))
        #expect(told.output.contains("class 0: iris\nclass 1: rose"))
        let trained = try Program.run(
            "train", "--data", bench.path("in"), "--hidden", "4", "--epochs", "2",
            "--batch-size", "8", "--output", bench.path("run"))
        #expect(trained.code == 0, "\(trained.errors)")
    }

    @Test func numbersToPredictAreImported() throws {
        let bench = try Bench()
        let told = try Self.run(bench, Self.flowers, "--target", "length")
        #expect(told.code == 0, "\(told.errors)")
        #expect(told.output.contains("rows of 4 features, 1 number to predict"))
    }

    @Test func imagesOfTablesArePredicted() throws {
        let bench = try Bench()
        let pixels = (0..<20).map { row in (0..<64).map { String(row * $0 % 256) } }
        let labelled = pixels.enumerated().map { ($1 + [String($0 % 2)]).joined(separator: ",") }
        let told = try Self.run(
            bench, labelled.joined(separator: "\n"), "--label", "last", "--as", "images")
        #expect(told.code == 0, "\(told.errors)")
        let trained = try Program.run(
            "train", "--data", bench.path("in"), "--hidden", "4", "--epochs", "1",
            "--batch-size", "8", "--output", bench.path("run"))
        #expect(trained.code == 0, "\(trained.errors)")
        let header = (0..<64).map { "pixel\($0)" }
        let table = ([header] + pixels).map { $0.joined(separator: ",") }.joined(separator: "\n")
        try bench.write("test.csv", Array(table.utf8))
        let predicted = try Program.run(
            "predict", bench.path("run/model.safetensors"), bench.path("test.csv"))
        #expect(predicted.code == 0, "\(predicted.errors)")
        #expect(predicted.output.contains("test.csv 20"), "\(predicted.output)")
        #expect(!predicted.output.contains("test.csv 21"))
        try bench.write("narrow.csv", Array("1,2,3,4\n".utf8))
        let refused = try Program.run(
            "predict", bench.path("run/model.safetensors"), bench.path("narrow.csv"))
        #expect(refused.code == 65 && refused.errors.contains("2 × 2"), "\(refused.errors)")
    }

    /// What the options are, and what is said.
    @Test func whatIsNotClearIsAskedBackWithTheOption() throws {
        let bench = try Bench()
        let rows = (0..<20).map { row in
            ([row % 2] + (0..<63).map { row * $0 % 255 } + [row % 3]).map(String.init)
                .joined(separator: ",")
        }.joined(separator: "\n")
        let cases: [(String, [String], Int32, String)] = [
            (rows, [], 65, "--label"), (rows, ["--label", "last"], 0, "images of 8 × 8"),
            (rows, ["--label", "none", "--size", "13x5"], 65, "phidias predict"),
            (rows, ["--label", "last", "--as", "shapes"], 64, "images or table"),
            (rows, ["--label", "last", "--size", "8"], 64, "--size"),
            (rows, ["--label", "last", "--size", "4x16"], 0, "images of 4 × 16"),
            (rows, ["--label", "last", "--channels", "5"], 65, "--channels"),
            (rows, ["--label", "7x"], 64, "(--label, --target, --drop)"),
            (rows, ["--label", "last", "--scale", "100"], 65, "--scale"),
            ("a,b,label\n1,,0\n2,3,1\n", [], 65, "--missing mean"),
            ("a,b,label\n1,2,0\n2,3,1\n", [], 65, "--as images or --as table"),
        ]
        for (text, options, code, part) in cases {
            try bench.write("table.csv", Array(text.utf8))
            let told = try Program.run(
                [
                    "data", "import", bench.path("table.csv"), "--force", "--output",
                    bench.path("in"),
                ]
                    + options)
            #expect(told.code == code, "\(options): \(told.errors)")
            #expect((told.output + told.errors).contains(part), "\(options): \(told.errors)")
        }
    }
}
