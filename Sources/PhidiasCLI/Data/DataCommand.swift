import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Inspect data, draw augmented images, make digits, import data of others.",
        usage: "phidias data <command> [<options>]",
        discussion: "Example:\n  phidias data synthesize --output data/synthetic",
        subcommands: [Info.self, Synthesize.self, DataImportCommand.self, DataAugment.self])

    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the counts, sizes, classes and checksums of a data folder.",
            usage: "phidias data info <folder> [<options>]",
            discussion: "Example:\n  phidias data info data/mnist")
        @Argument(help: "The folder with the four IDX files.")
        var folder: String
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Refuse labels beyond so many classes. (default: as many as there are)",
                valueName: "count"))
        var classes: Int?
        @OptionGroup var form: FormatOptions

        func run() throws {
            let pair = try DataPair(directory: folder, classes: classes)
            for doubt in pair.doubts { Console.say("warning: \(doubt)") }
            func counts(_ data: Dataset) -> [Int] {
                data.labels.reduce(into: [Int](repeating: 0, count: data.classes)) {
                    $0[Int($1)] += 1
                }
            }
            let sums = pair.checksums.sorted { $0.key < $1.key }
            switch form.format {
            case .json:
                let named = pair.training.classNames.map {
                    [JSON.Member(key: "class_names", value: ClassNames.json($0))]
                }
                func part(_ data: Dataset) -> JSON {
                    .members([
                        "images": .integer(data.count),
                        "per_class": .array(counts(data).map { .integer($0) }),
                    ])
                }
                let members: KeyValuePairs<String, JSON> = [
                    "channels": .integer(pair.training.shape.channels),
                    "rows": .integer(pair.training.rows),
                    "columns": .integer(pair.training.columns),
                    "classes": .integer(pair.training.classes),
                    "training": part(pair.training), "test": part(pair.test),
                    "sha256": .object(
                        sums.map { .init(key: $0.key, value: .string($0.value)) }),
                ]
                print(
                    JSON.object(
                        members.map { .init(key: $0.key, value: $0.value) } + (named ?? [])
                    ).text())
            case .text:
                let channels = pair.training.shape.channels
                let depth = channels == 1 ? "" : ", \(channels) channels"
                print(
                    "\(pair.training.rows) × \(pair.training.columns) pixels\(depth), \(pair.training.classes) classes"
                )
                for (name, data) in [("training", pair.training), ("test", pair.test)] {
                    let list =
                        if let names = data.classNames {
                            zip(names, counts(data)).map { "\($0) \($1)" }.joined(separator: ", ")
                        } else {
                            counts(data).map { String($0) }.joined(separator: " ")
                        }
                    print(
                        "\(name): \(data.count.counted("image")), per class: \(list)"
                            .wrapped(hanging: 2))
                }
                print("SHA-256:")
                for (name, sum) in sums { print("  \(name)\n    \(sum)") }
            }
        }
    }

    struct Synthesize: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write synthetic digits as IDX files.",
            usage: "phidias data synthesize --output <folder> [<options>]",
            discussion: """
                Example:
                  phidias data synthesize --output data/synthetic --train 20000
                """)
        @Option(help: ArgumentHelp("The folder for the four files.", valueName: "folder"))
        var output: String
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp("The number of training images.", valueName: "images"))
        var train = 20_000
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp("The number of test images.", valueName: "images"))
        var test = 4_000
        @Option(parsing: .unconditional, help: "The seed.")
        var seed: UInt64 = 1
        @Flag(help: "Replace data that is in the output folder.")
        var force = false

        func run() throws {
            try SyntheticDigits.pair(training: train, test: test, seed: seed)
                .write(to: output, replacing: force)
            print(output)
        }
    }
}
