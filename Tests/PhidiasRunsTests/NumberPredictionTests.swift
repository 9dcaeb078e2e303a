import Foundation
import Phidias
import PhidiasRuns
import Testing

/// Rows of a table are answered by the names of their columns.
@Suite struct NumberPredictionTests {
    /// y = 2a + 3 where the colour is red, 2a where it is blue: a linear model with these weights.
    private static func file() throws -> ModelFile {
        let network = try Network(
            input: ImageShape(rows: 1, columns: 3), inputRange: .numbers,
            layers: [.dense(Dense(1))], outputActivation: .identity)
        var file = ModelFile(
            model: try Model(
                network: network, parameters: [.init(weight: [2, 0, 3], bias: [0])]),
            loss: "squared-error")
        file.columnNames = ColumnNames(
            features: ["a", "colour=blue", "colour=red"], targets: ["y"])
        return try ModelFile(bytes: file.bytes)
    }

    /// The answers to a table, and what was wrong with it.
    private static func answers(
        to table: String
    ) throws -> (values: [[Float]], errors: [String]) {
        let path = NSTemporaryDirectory() + "phidias-rows-\(UUID().uuidString).csv"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try table.write(toFile: path, atomically: false, encoding: .utf8)
        var values: [[Float]] = [], errors: [String] = []
        try PredictionRun(file()).run([path]) { event in
            switch event {
            case .numbers(let one): values.append(one.values)
            case .failure(_, let error):
                errors.append(error.description.replacing(path, with: "FILE"))
            default: Issue.record("not a number")
            }
        }
        return (values, errors)
    }

    @Test func columnsAreFoundByTheirNames() throws {
        let found = try Self.answers(to: "colour,id,a\nred,7,1\nblue,8,2.5\n")
        #expect(found.values == [[5], [5]] && found.errors.isEmpty)
    }

    @Test func aRowThatCannotBeReadIsToldAndTheOthersAreAnswered() throws {
        let found = try Self.answers(
            to: "a,colour\n1,red\n,blue\n2,green\nx,red\n3,blue\n4,blue\n5,red\n")
        #expect(found.values == [[5], [6], [8], [13]])
        #expect(found.errors.count == 3)
        #expect(found.errors[0].hasPrefix("FILE: line 3, column 1 ('a')"))
        #expect(found.errors[1].hasPrefix("FILE: line 4, column 2 ('colour')"))
        #expect(found.errors[2].hasPrefix("FILE: line 5, column 1 ('a')"))
    }

    @Test func aColumnThatIsMissingIsNamed() throws {
        let found = try Self.answers(to: "b,colour\n1,red\n2,blue\n")
        #expect(found.values.isEmpty && found.errors.count == 1)
        #expect(found.errors[0].contains("'a'"))
    }

    /// Numbers alone, without names: their order counts.
    @Test func withoutNamesTheOrderCounts() throws {
        let found = try Self.answers(to: "1.5,0,1\n2.5,1,0\n")
        #expect(found.values == [[6], [5]] && found.errors.isEmpty)
        #expect(try Self.answers(to: "1.5,0\n2.5,1\n").errors.count == 1)
    }
}
