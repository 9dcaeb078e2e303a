import Foundation
import Testing

/// phidias experiment smoothing and golden-point, stopped by signals and by what cannot be written.
@Suite struct ExperimentStopTests {
    typealias Bench = BadInputTests.Bench
    typealias Program = ProgramTests

    /// An experiment, and the lines of its progress after which it is stopped, one start each.
    struct Subject: Sendable, CustomTestStringConvertible {
        let name: String
        let options: [String]
        let stops: [Int]
        var testDescription: String { name }

        func command(_ bench: Bench, _ folder: String) -> [String] {
            [
                "experiment", name, "--data", bench.folder.path, "--hidden", "4", "--batch-size",
                "4", "--output", bench.path(folder),
            ] + options
        }

        func files(_ bench: Bench, _ folder: String) throws -> [String: Data] {
            let names = try FileManager.default.contentsOfDirectory(atPath: bench.path(folder))
            return try names.reduce(into: [:]) {
                $0[$1] = try Data(contentsOf: URL(fileURLWithPath: bench.path("\(folder)/\($1)")))
            }
        }
    }

    static let subjects = [
        Subject(
            name: "smoothing",
            options: [
                "--epochs", "60", "--momenta", "0,0.5", "--roughness-epochs", "30",
                "--curvature-steps", "3", "--momentum", "0.5",
            ], stops: [0, 2, 20, 50, 70, 100]),
        Subject(name: "golden-point", options: ["--epochs", "150"], stops: [0, 1, 90, 200, 400]),
    ]

    private static func lines(_ bench: Bench) -> Int? {
        (try? Data(contentsOf: URL(fileURLWithPath: bench.path("cut/progress.jsonl"))))?
            .count { $0 == UInt8(ascii: "\n") }
    }

    /// A line takes the place of those of its part from its epoch on.
    private static func kept(_ bench: Bench) throws -> Int {
        let text = try String(contentsOfFile: bench.path("cut/progress.jsonl"), encoding: .utf8)
        var epochs: [String: [Int]] = [:]
        for line in text.split(separator: "\n") {
            let json = try #require(
                JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let part = try #require(json["part"] as? String)
            let epoch = json["epoch"] as? Int
            epochs[part, default: []].removeAll { $0 >= epoch ?? .max }
            epochs[part, default: []].append(epoch ?? .max)
        }
        return epochs.values.map(\.count).reduce(0, +)
    }

    @Test(arguments: subjects, [SIGKILL, SIGTERM, SIGINT])
    func aStoppedExperimentEndsWithTheSameBytes(subject: Subject, signal: Int32) throws {
        let bench = try Bench()
        let whole = try Program.run(subject.command(bench, "whole"))
        #expect(whole.code == 0, "\(whole.errors)")
        var stops = 0
        for count in subject.stops {
            let process = Process()
            process.executableURL = Program.program
            process.arguments = subject.command(bench, "cut")
            process.standardOutput = FileHandle.nullDevice
            let said = Pipe()
            process.standardError = said
            try process.run()
            while process.isRunning, (Self.lines(bench) ?? -1) < count { usleep(200) }
            kill(process.processIdentifier, signal)
            let words = String(
                decoding: try said.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            guard process.terminationReason == .uncaughtSignal else { continue }
            stops += 1
            #expect(process.terminationStatus == signal)
            #expect(signal == SIGKILL || words.contains("The same command continues"), "\(words)")
        }
        #expect(stops >= 3)
        let kept = try Self.kept(bench)
        let rest = try Program.run(subject.command(bench, "cut"))
        #expect(rest.code == 0, "\(rest.errors)")
        #expect(rest.errors.contains("\(kept) measurements kept"), "\(rest.errors)")
        #expect(rest.output == whole.output)
        let (expected, found) = (
            try subject.files(bench, "whole"), try subject.files(bench, "cut")
        )
        #expect(expected == found, "\(found.keys.sorted())")
    }

    @Test(arguments: subjects) func aResultThatCannotBeWrittenIsShown(subject: Subject) throws {
        let bench = try Bench()
        let short = Subject(
            name: subject.name, options: subject.options + ["--format", "json"], stops: [])
        let inTheWay = bench.path("cut/\(subject.name).json")
        try FileManager.default.createDirectory(
            atPath: inTheWay, withIntermediateDirectories: true)
        let failed = try Program.run(short.command(bench, "cut"))
        #expect(failed.code == 73 && failed.errors.contains("it is a folder"), "\(failed.errors)")
        #expect(try ProgramTests.object(failed.output)["experiment"] as? String == subject.name)
        try FileManager.default.removeItem(atPath: inTheWay)
        let again = try Program.run(short.command(bench, "cut"))
        #expect(again.code == 0 && again.output == failed.output, "\(again.errors)")
        #expect(!again.errors.contains("epoch"), "it is not trained again: \(again.errors)")
        #expect(try short.files(bench, "cut").keys.allSatisfy { !$0.hasPrefix("progress") })
    }

    /// The charts do not fit any more, the progress does.
    @Test func aFullDiskAtTheEndLosesNothing() throws {
        let bench = try Bench()
        let command =
            "experiment smoothing --data $1 --hidden 2 --batch-size 4 --epochs 1 --momenta 0 --roughness-epochs 1 --momentum 0.5 --output $1/cut"
        // No file can grow beyond 4 KiB.
        let failed = try bench.shell("ulimit -f 8; exec $0 \(command)")
        #expect(failed.code == 74, "\(failed.errors)")
        #expect(failed.output.contains("ROUGHNESS OF THE LOSS"), "\(failed.errors)")
        let again = try bench.shell("exec $0 \(command)")
        #expect(again.code == 0 && again.output == failed.output, "\(again.errors)")
    }

    @Test(arguments: subjects) func aReaderOfMessagesMayGo(subject: Subject) throws {
        let bench = try Bench()
        let words = subject.command(bench, "cut").joined(separator: " ")
        _ = try bench.shell(
            """
            { $0 \(words) 2>&1 >$1/output; echo $? >$1/code; } | exec sleep 0
            while ! [ -s $1/code ]; do sleep 0.05; done
            """)
        let code = try String(contentsOfFile: bench.path("code"), encoding: .utf8)
        #expect(code == "0\n")
        let output = try String(contentsOfFile: bench.path("output"), encoding: .utf8)
        #expect(!output.isEmpty)
    }

    /// Outputs that are all right and all but certain have no loss, and no share of it.
    @Test func aShareOfNothingIsADash() throws {
        let bench = try Bench()
        for (prefix, count) in [("train", 60), ("t10k", 12)] {
            let header = Bench.idx([count]).prefix(8)
            try bench.write(
                "\(prefix)-labels-idx1-ubyte", header + [UInt8](repeating: 0, count: count))
        }
        let run = try Program.run(
            "experiment", "golden-point", "--data", bench.folder.path, "--hidden", "0",
            "--learning-rate", "1e6", "--epochs", "2", "--batch-size", "10", "--output",
            bench.path("golden"))
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.contains(/synaptic +2 +0 +0 +–\s/), "\(run.output)")
        for name in try FileManager.default.contentsOfDirectory(atPath: bench.path("golden")) {
            let text = try String(contentsOfFile: bench.path("golden/\(name)"), encoding: .utf8)
            #expect(!text.contains("nan") && !text.contains("inf"), "\(name)")
        }
        let json = try String(
            contentsOfFile: bench.path("golden/golden-point.json"), encoding: .utf8)
        #expect(json.contains("\"entropy_share\": null"))
    }
}
