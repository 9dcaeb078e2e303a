import Foundation
import Testing

/// Tools from outside the project's folder.
@Suite struct ToolTests {
    @Test func helpIsHelpFromAnywhere() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        for script in ["cd tools && ./check --help", "cd docs && ../tools/check -h"] {
            let help = try ProgramTests.run(
                ["-c", "cd \"$0\" && \(script)", root.path], of: URL(fileURLWithPath: "/bin/sh"))
            #expect(help.code == 0)
            #expect(help.output.contains("Usage: tools/check"), "\(help.output)\(help.errors)")
            #expect(!(help.output + help.errors).contains("all rules hold"))
        }
    }
}
