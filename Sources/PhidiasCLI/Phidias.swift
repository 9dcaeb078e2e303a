import ArgumentParser
import Foundation
import Phidias

/// The program: parses the command line, runs one subcommand, and turns errors into a sentence on
/// standard error and an exit code after sysexits.h.
@main
struct PhidiasProgram: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "phidias",
        abstract: "Train neural networks on the CPU with the golden ratio's learning rate and momentum.",
        discussion: """
            Example:
              phidias train --output runs/first
              phidias predict runs/first/model.safetensors digit.png
            """,
        version: version,
        subcommands: [
            TrainCommand.self, EvaluateCommand.self, PredictCommand.self, FiltersCommand.self,
            DataCommand.self, BenchCommand.self, RecordCommand.self, ExplainCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            if let notice = Model.kernelsNotice { Console.say(notice) }
            do {
                try command.run()
            } catch let error as any PhidiasError {
                Console.say("phidias: \(error.description)")
                Foundation.exit(error.exitCode)
            }
        } catch {
            exit(withError: error)
        }
    }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// A command line that parses but asks for the impossible: exit code 64.
struct UsageError: PhidiasError {
    let description: String
    var exitCode: Int32 { 64 }
}
