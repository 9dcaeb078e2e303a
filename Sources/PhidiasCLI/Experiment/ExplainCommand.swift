import ArgumentParser
import Phidias
import PhidiasRuns

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "The theory's numbers for a learning rate and a momentum, with their formulas.",
        discussion: """
            Says what is published and what is this project's own derivation or reconstruction.

            Example:
              phidias explain
              phidias explain --learning-rate 0.01 --momentum 0.9
            """)

    @Option(parsing: .unconditional, help: "golden, or a number.")
    var learningRate = "golden"
    @Option(parsing: .unconditional, help: "golden, coupled (1 − √η), or a number.")
    var momentum = "golden"
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        let explanation = try Explanation(
            learningRate: LearningRate.base(learningRate), momentum: Momentum(momentum))
        switch format {
        case .text: print(explanation.text)
        case .json: print(explanation.jsonText)
        }
    }
}
