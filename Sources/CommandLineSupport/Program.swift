import ArgumentParser
import FoundationEssentials
import Glibc
import Phidias

/// Runs a program: parses the command line, runs the subcommand, and turns errors into a sentence on
/// standard error and an exit code as in sysexits.h.
package enum Program {
    package static func run(_ root: (some ParsableCommand).Type) -> Never {
        Console.openStandardFiles()
        LastResort.prepare()
        // A file that may grow no more (ulimit -f) is then an error as a full disk is one.
        signal(SIGXFSZ, SIG_IGN)
        // Killed while it starts, it leaves an empty note of itself, and would end a later process of
        // the same number over that.
        unlink("/dev/shm/__KMP_REGISTERED_LIB_\(getpid())_\(getuid())")
        var code: Int32 = 0
        do {
            do {
                try checkArguments()
                let command = try root.parseAsRoot()
                if let notice = Model.kernelsNotice { Console.say(notice) }
                try Launch.run(command)
            } catch let error where !(error is any PhidiasError || error is Interrupted) {
                // The parser's: help and version, which are results, or a wrong command line.
                code = root.exitCode(for: error).rawValue
                // That a flag may also have a value needs no more words than its [<bool>].
                let text = root.fullMessage(for: error).replacing(
                    /\s+\(default\s+as\s+flag:\s+true\)/, with: "")
                if code == 0 {
                    print(text)
                } else if !text.isEmpty {
                    Launch.letTheFirstSpeak()
                    let names = root.configuration.subcommands.compactMap {
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
            Launch.letTheFirstSpeak()
            Console.say("phidias: \(known?.description ?? "\(error)")\(Hint.text(for: error))")
            code = known?.exitCode ?? 70
        }
        exit(code)
    }

    /// Texts are UTF-8: another path would be read and written under another name.
    private static func checkArguments() throws(UsageError) {
        let arguments = CommandLine.unsafeArgv
        for place in 1..<max(Int(CommandLine.argc), 1) {
            guard let argument = arguments[place], String(validatingCString: argument) == nil
            else { continue }
            throw UsageError(
                description:
                    "Argument \(place), '\(String(cString: argument))', is not UTF-8 text, so it names no file that can be used: rename the file, or give another path."
            )
        }
    }
}

/// A command line that can be parsed but not followed: exit code 64.
package struct UsageError: PhidiasError {
    package let description: String
    package var exitCode: Int32 { 64 }

    package init(description: String) { self.description = description }
}
