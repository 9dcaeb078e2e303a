import Foundation
import Testing

/// What the program prints fits a terminal of 80 columns: help, tables and reports.
@Suite struct TextWidthTests {
    typealias Program = ProgramTests

    private static let width = 80

    private static func checkWidth(_ text: String, _ what: String) {
        for line in text.split(separator: "\n") where line.count > width {
            Issue.record("\(what): \(line.count) columns: \(line)")
        }
    }

    /// The names in a command's list of subcommands.
    private static func subcommands(in help: String) -> [String] {
        guard let list = help.range(of: "SUBCOMMANDS:\n") else { return [] }
        return help[list.upperBound...].split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^  ([a-z][a-z-]*)( |$)/).map { String($0.1) }
        }
    }

    /// Every command with its help, from a command downward.
    private static func help(of path: [String]) throws -> [(path: [String], text: String)] {
        let run = try Program.run(path + ["--help"])
        #expect(run.code == 0, "\(path): \(run.errors)")
        var all: [(path: [String], text: String)] = [(path, run.output)]
        for name in subcommands(in: run.output) where name != "help" {
            all += try help(of: path + [name])
        }
        return all
    }

    @Test func everyHelpFits() throws {
        let all = try Self.help(of: [])
        // The program itself, its commands, and theirs.
        #expect(all.count >= 1 + 14 + 12, "\(all.map(\.path))")
        for (path, text) in all {
            let name = "phidias " + path.joined(separator: " ")
            Self.checkWidth(text, name)
            #expect(
                text.contains("USAGE: \(name.trimmingCharacters(in: .whitespaces)) "), "\(name)")
            #expect(text.contains("Example"), "\(name)")
            // A default that stands in the text is not repeated by the parser.
            for option in text.split(separator: "\n  --") {
                let defaults = option.components(separatedBy: "default").count - 1
                #expect(defaults <= 1, "\(name): \(option)")
            }
        }
    }

    /// The groups of a training's options, in the order in which people think of them.
    @Test func helpOfTrainingHasGroups() throws {
        let help = try Program.run("train", "--help").output
        let groups = help.split(separator: "\n").filter {
            $0.wholeMatch(of: /[A-Z][A-Z ]+:/) != nil
        }
        #expect(
            groups == [
                "DATA:", "NETWORK:", "LOSS AND OPTIMIZER:", "SCHEDULE:", "AUGMENTATION:",
                "CHECKPOINTS:", "OUTPUT:", "OPTIONS:",
            ])
    }

    /// Commands on small data, after a training in `run`, in a folder with it.
    private static let commands = [
        "explain", "explain --learning-rate 0.01 --momentum 0.9", "summary dbl-2024",
        "summary mlp", "evaluate run", "verify run", "predict --no-auto run run/filters.png",
        "predict --no-auto --all run run/filters.png", "data info .",
        "experiment golden-point --data . --hidden 4 --epochs 1 --batch-size 8",
        "experiment smoothing --data . --hidden 4 --epochs 3 --batch-size 1 --momentum 0.5 "
            + "--momenta 0,0.5 --roughness-epochs 1 --curvature-images 20 --curvature-steps 2",
        "experiment optimizers --data . --hidden 4 --budgets 1,2,3,5,10,20,30 --batch-sizes 8 --seeds 2",
        "experiment loss --data . --hidden 4 --epochs 2 --batch-size 8 --seeds 2 "
            + "--tuning-seeds 1 --rates 0.01,1",
        "sweep --data . --hidden 4 --epochs 1 --batch-size 8 --learning-rate 0.01,golden "
            + "--momentum 0,golden --seeds 2 --output two",
        "sweep --data . --hidden '4;5,6' --epochs 1 --batch-size 8 --loss synaptic,mean-square "
            + "--activation sigmoid,relu --weight-decay 0,0.001 --output four",
    ]

    @Test(arguments: commands.indices) func everyOutputFits(index: Int) throws {
        let bench = try BadInputTests.Bench()
        let command = Self.commands[index]
        let trained = try bench.shell(
            "cd \"$1\" && \"$0\" train --data . --hidden 4 --epochs 2 --batch-size 8 --validation 0.2 "
                + "--output run")
        #expect(trained.code == 0, "\(trained.errors)")
        let run = try bench.shell("cd \"$1\" && \"$0\" \(command)")
        #expect(run.code == 0, "\(command): \(run.errors)")
        #expect(!run.output.isEmpty)
        for text in [trained.output, trained.errors, run.output, run.errors] {
            Self.checkWidth(text, command)
        }
    }
}
