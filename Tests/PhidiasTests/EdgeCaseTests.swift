import Foundation
import Testing

/// The public functions at their edges, each in a process of its own (Tests/EdgeCases): nothing ends
/// by a signal but what documents a precondition.
@Suite struct EdgeCaseTests {
    struct Edge: CustomTestStringConvertible {
        let name: String
        let isPrecondition: Bool
        var testDescription: String { name }
    }

    /// The program lies beside the test bundle.
    static let program = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().appendingPathComponent("EdgeCases")

    static func run(_ arguments: [String]) throws -> (process: Process, output: String) {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        // A trap needs no picture of its stack, which takes seconds.
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["SWIFT_BACKTRACE": "enable=no"]
        ) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process, String(decoding: text, as: UTF8.self))
    }

    static let edges: [Edge] = {
        let list = (try? run([]).output) ?? ""
        return list.split(separator: "\n").map { line in
            let parts = line.split(separator: "\t", maxSplits: 1)
            return Edge(name: String(parts[parts.count - 1]), isPrecondition: parts[0] != "end")
        }
    }()

    @Test func thereAreCasesOfBothKindsAndNoNameIsThereTwice() {
        #expect(Self.edges.count > 150)
        #expect(Self.edges.contains { $0.isPrecondition })
        #expect(Set(Self.edges.map(\.name)).count == Self.edges.count)
    }

    @Test(arguments: edges) func endsAsItShould(edge: Edge) throws {
        let (process, output) = try Self.run([edge.name])
        if edge.isPrecondition {
            #expect(process.terminationReason == .uncaughtSignal, "\(output)")
        } else {
            #expect(
                process.terminationReason == .exit,
                "it ends by the signal \(process.terminationStatus)")
            #expect(process.terminationStatus == 0, "\(output)")
        }
    }
}
