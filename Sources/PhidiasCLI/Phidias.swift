import ArgumentParser
import Foundation
import Phidias
import PhidiasRuns

/// The program: parses the command line, runs a subcommand, and turns errors into a sentence on
/// standard error and an exit code as in sysexits.h.
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
            ExperimentCommand.self, ReportCommand.self,
        ])

    static func main() {
        Console.openStandardFiles()
        // A file that may grow no more (ulimit -f) is then an error as a full disk is one.
        signal(SIGXFSZ, SIG_IGN)
        // Killed while it starts, it leaves an empty note of itself, and would end a later process of
        // the same number over that.
        unlink("/dev/shm/__KMP_REGISTERED_LIB_\(getpid())_\(getuid())")
        var code: Int32 = 0
        do {
            do {
                var command = try parseAsRoot()
                if let notice = Model.kernelsNotice { Console.say(notice) }
                try command.run()
            } catch let error where !(error is any PhidiasError || error is Interrupted) {
                // The parser's: help and version, which are results, or a wrong command line.
                code = exitCode(for: error).rawValue
                // That a flag may also have a value needs no more words than its [<bool>].
                let text = fullMessage(for: error).replacing(
                    /\s+\(default\s+as\s+flag:\s+true\)/, with: "")
                if code == 0 {
                    print(text)
                } else if !text.isEmpty {
                    let names = configuration.subcommands.compactMap {
                        $0.configuration.commandName
                    }
                    Console.say(Suggestion.improved(text, commands: names))
                }
            }
            try Console.finishOutput()
        } catch let error as Interrupted {
            Interruption.end(by: error.signal)
        } catch let error as OutputError where error.code == EPIPE {
            // The reader has seen enough.
            Interruption.end(by: SIGPIPE)
        } catch {
            let known = error as? any PhidiasError
            Console.say("phidias: \(known?.description ?? "\(error)")\(Hint.text(for: error))")
            code = known?.exitCode ?? 70
        }
        Foundation.exit(code)
    }
}

/// A command line that can be parsed but not followed: exit code 64.
struct UsageError: PhidiasError {
    let description: String
    var exitCode: Int32 { 64 }
}
