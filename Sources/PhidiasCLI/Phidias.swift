import ArgumentParser
import CommandLineSupport
import Phidias

@main
struct PhidiasProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phidias",
        abstract:
            "Train neural networks on the CPU with the learning rate and momentum of the golden ratio.",
        usage: "phidias <command> [<options>]",
        discussion: """
            Examples:
              phidias train --output runs/first
              phidias predict runs/first/model.safetensors digit.png
            """,
        version: PhidiasVersion.current,
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, PredictCommand.self, FiltersCommand.self,
            FeaturesCommand.self, SummaryCommand.self, VerifyCommand.self, SweepCommand.self,
            DataCommand.self, BenchCommand.self, RecordCommand.self, ExplainCommand.self,
            ExperimentCommand.self, ReportCommand.self, ExportCommand.self,
        ])

    static func main() { Program.run(Self.self) }
}
