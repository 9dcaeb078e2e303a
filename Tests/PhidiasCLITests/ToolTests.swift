import Foundation
import Testing

/// Tools from outside the project's folder.
@Suite struct ToolTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let isClone = FileManager.default.fileExists(
        atPath: root.appendingPathComponent(".git").path)

    static func run(_ script: String) throws -> ProgramTests.Outcome {
        try ProgramTests.run(
            ["-c", "cd \"$0\" && \(script)", root.path], of: URL(fileURLWithPath: "/bin/sh"))
    }

    @Test(arguments: ["cd tools && ./check --help", "cd docs && ../tools/check -h"])
    func helpIsHelpFromAnywhere(script: String) throws {
        let help = try Self.run(script)
        #expect(help.code == 0)
        #expect(help.output.contains("Usage: tools/check"), "\(help.output)\(help.errors)")
        #expect(!(help.output + help.errors).contains("all rules hold"))
    }

    /// Builds what is committed, in a scratch folder that stays, so that only the first run compiles
    /// everything.
    @Test(.enabled(if: isClone, "the tree is no git clone"))
    func examplesDoOutsideTheTreeWhatTheirPagesSay() throws {
        let outcome = try Self.run("tools/examples --outside")
        #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
        let names = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.path + "/Examples/Sources")
        for name in names + ["the README's program"] {
            #expect(outcome.output.contains("examples: \(name) prints"), "\(name)")
        }
    }

    @Test func anUnknownExampleIsTold() throws {
        let outcome = try Self.run("tools/examples NoSuchExample")
        #expect(outcome.code == 64)
        #expect(outcome.errors.contains("no example 'NoSuchExample'"), "\(outcome.errors)")
    }

    /// A command that writes joins the campaign of faults, or says why not.
    @Test func everyCommandIsInTheCampaign() throws {
        let subjects = try String(
            contentsOf: Self.root.appendingPathComponent("Tests/Faults/subjects.py"),
            encoding: .utf8)
        var commands = try Self.commands([])
        for group in ["data", "experiment"] {
            commands.removeAll { $0 == group }
            commands += try Self.commands([group]).map { "\(group) \($0)" }
        }
        #expect(commands.count > 15)
        for command in commands { #expect(subjects.contains("\"\(command)\""), "\(command)") }
    }

    /// The commands that help lists.
    private static func commands(_ group: [String]) throws -> [String] {
        let help = try ProgramTests.run(group + ["--help"]).output
        let list = try #require(help.range(of: "SUBCOMMANDS:\n"))
        return help[list.upperBound...].split(separator: "\n").compactMap {
            $0.firstMatch(of: /^  ([a-z-]+) {2,}/).map { String($0.1) }
        }
    }

    /// What is not a site is not replaced by one.
    @Test func aFolderOfOtherThingsIsNoPlaceForTheDocumentation() throws {
        let folder = try ProgramTests.Folder()
        try Data().write(to: URL(fileURLWithPath: folder.path + "/mine"))
        let outcome = try Self.run("tools/docs '\(folder.path)'")
        #expect(outcome.code == 73)
        #expect(FileManager.default.fileExists(atPath: folder.path + "/mine"))
    }
}
