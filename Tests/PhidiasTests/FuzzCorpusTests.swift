import Foundation
import FuzzTargets
import Testing

/// Every file that the fuzzer starts from, or that once broke a reader.
@Suite struct FuzzCorpusTests {
    struct Input: CustomTestStringConvertible {
        let target: FuzzTarget
        let url: URL
        var testDescription: String { "\(target.rawValue)/\(url.lastPathComponent)" }
    }

    static let inputs = ["Corpus", "Regressions"].flatMap { folder in
        FuzzTarget.allCases.flatMap { target in
            let place = Project.root.appendingPathComponent(
                "Tests/Fuzzing/\(folder)/\(target.rawValue)")
            let files = try? FileManager.default.contentsOfDirectory(
                at: place, includingPropertiesForKeys: nil)
            return (files ?? []).map { Input(target: target, url: $0) }
        }
    }

    @Test func everyReaderHasFilesOfBothKinds() {
        for target in FuzzTarget.allCases {
            let names = Self.inputs.filter { $0.target == target }.map(\.url.lastPathComponent)
            #expect(names.contains { $0.hasPrefix("accept-") }, "\(target)")
            #expect(names.contains { $0.hasPrefix("reject-") }, "\(target)")
        }
    }

    @Test(arguments: inputs) func fileIsAcceptedOrRejectedAsItsNameSays(input: Input) throws {
        let bytes = Array(try Data(contentsOf: input.url))
        let name = input.url.lastPathComponent
        let isAccepted = input.target.accepts(bytes)
        #expect(name.hasPrefix(isAccepted ? "accept-" : "reject-"))
        // No reader may break on what was made for another.
        for target in FuzzTarget.allCases { _ = target.accepts(bytes) }
    }
}
