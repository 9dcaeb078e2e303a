import Foundation
import Testing

/// The README's library example, as a stranger would use it: a package outside the tree that
/// depends by version on a tagged clone. It builds what is committed, in a scratch folder of its
/// own that stays, so that only the first run compiles the dependencies.
@Suite struct ReadmeExampleTests {
    static let isClone = FileManager.default.fileExists(
        atPath: Project.root.appendingPathComponent(".git").path)

    static func readme() throws -> String {
        try String(
            contentsOf: Project.root.appendingPathComponent("README.md"), encoding: .utf8)
    }

    /// The README's only block of Swift.
    static func example() throws -> String {
        let parts = try readme().components(separatedBy: "```swift\n")
        try #require(parts.count == 2, "\(parts.count - 1) blocks of Swift in README.md")
        return try #require(parts[1].components(separatedBy: "```").first)
    }

    /// Runs a command to its end and gives its output, standard error included.
    static func run(_ command: String..., in folder: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        // Inside a git hook these name the repository of the hook.
        process.environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("GIT_")
        }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(
            decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        try #require(
            process.terminationStatus == 0, "\(command.joined(separator: " ")):\n\(output)")
        return output
    }

    @Test(.enabled(if: isClone, "the tree is no git clone"))
    func exampleBuildsOutsideTheTreeAndLearns() throws {
        let scratch = try Scratch()
        // Tags of the tree itself are left out: the version is the one given here.
        _ = try Self.run(
            "git", "clone", "--quiet", "--no-tags", Project.root.path, "phidias", in: scratch.path)
        _ = try Self.run("git", "-C", "phidias", "tag", "0.1.0", in: scratch.path)
        let manifest = """
            // swift-tools-version: 6.2
            import PackageDescription

            let package = Package(
                name: "example",
                dependencies: [.package(url: "file://\(scratch.path)/phidias", from: "0.1.0")],
                targets: [
                    .executableTarget(
                        name: "Example",
                        dependencies: [.product(name: "Phidias", package: "phidias")])
                ]
            )
            """
        let sources = scratch.path + "/example/Sources/Example"
        try FileManager.default.createDirectory(atPath: sources, withIntermediateDirectories: true)
        _ = try scratch.file("example/Package.swift", Array(manifest.utf8))
        _ = try scratch.file(
            "example/Sources/Example/main.swift", Array(try Self.example().utf8))

        let folder = scratch.path + "/example"
        let build = Project.root.appendingPathComponent(".build/readme-example").path
        _ = try Self.run(
            "swift", "build", "-c", "release", "--scratch-path", build, in: folder)
        let output = try Self.run(build + "/release/Example", in: folder)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(Double(output) ?? 0 > 0.9, "\(output)")
        #expect(try Self.readme().contains("It prints \(output)."), "\(output)")
    }
}
