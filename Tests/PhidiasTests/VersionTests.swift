import Foundation
import Phidias
import Testing

/// The version that people are told to depend on.
@Suite struct VersionTests {
    /// The versions of `from: "…"` in a file.
    static func versions(in file: String) throws -> [String] {
        let text = try String(
            contentsOf: Project.root.appendingPathComponent(file), encoding: .utf8)
        return text.matches(of: /from: "([^"]*)"/).map { String($0.output.1) }
    }

    @Test(arguments: ["README.md", "Sources/Phidias/Phidias.docc/TrainYourFirstNetwork.md"])
    func pagesNameTheVersionThatTheProgramPrints(file: String) throws {
        #expect(try Self.versions(in: file) == [PhidiasVersion.current])
    }

    @Test func theChangelogBeginsWithIt() throws {
        let text = try String(
            contentsOf: Project.root.appendingPathComponent("CHANGELOG.md"), encoding: .utf8)
        let heading = text.split(separator: "\n").first { $0.hasPrefix("## ") }
        let version = heading?.dropFirst(3).prefix { $0 != "," }
        #expect(version == PhidiasVersion.current[...])
    }
}
