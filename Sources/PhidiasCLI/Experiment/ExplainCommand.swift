import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show what theory predicts for a learning rate and a momentum, with formulas.",
        usage: "phidias explain [<options>]",
        discussion: """
            Tells apart what is published and what is this project's own derivation or reconstruction.

            Examples:
              phidias explain
              phidias explain --learning-rate 0.01 --momentum 0.9
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The learning rate η: golden or a number.", valueName: "rate"))
    var learningRate = "golden"
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The momentum weight α: golden, coupled (1 − √η) or a number.", valueName: "weight"))
    var momentum = "golden"
    @OptionGroup var form: FormatOptions

    func run() throws {
        let explanation = try Explanation(
            learningRate: LearningRate.base(learningRate), momentum: Momentum(momentum))
        switch form.format {
        case .text: print(explanation.text)
        case .json: print(explanation.jsonText)
        }
    }
}
