import ArgumentParser
import Phidias

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
        let eta = try LearningRate.base(learningRate)
        let optimizer = try MomentumSGD(
            learningRate: LearningRate(eta), momentum: Momentum(momentum))
        let alpha =
            switch optimizer.momentum {
            case .constant(let value): value
            case .coupled: 1 - eta.squareRoot()
            }
        let explanation = Explanation(
            analysis: MomentumAnalysis(learningRate: eta, momentum: alpha))
        switch format {
        case .text: print(explanation.text)
        case .json: print(explanation.json.text())
        }
    }
}
