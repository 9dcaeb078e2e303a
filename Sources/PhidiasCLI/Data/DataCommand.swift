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
        subcommands: [Info.self, Synthesize.self, Import.self, DataAugment.self])

    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the counts, sizes, classes and checksums of a data folder.",
            usage: "phidias data info <folder> [<options>]",
            discussion: "Example:\n  phidias data info data/mnist")
        @Argument(help: "The folder with the four IDX files.")
        var folder: String
        @OptionGroup var form: FormatOptions

        func run() throws {
            let pair = try DataPair(directory: folder)
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

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Turn pictures, tables or arrays into IDX files.",
            usage: "phidias data import <source> --output <folder> [<options>]",
            discussion: """
                The source is a folder with a subfolder of PNG files for each class, a CSV or TSV \
                file, NumPy's .npz or .npy files, safetensors, or a folder of IDX files. What it is \
                is found by looking, and told. Where there are no test images, a share of each \
                class becomes test images.

                Example:
                  phidias data import letters --output data/letters
                  phidias data import iris.csv --label species --output data/iris
                """)
        @Argument(help: "A folder or a file.")
        var source: String
        @Option(help: ArgumentHelp("The folder for the four files.", valueName: "folder"))
        var output: String
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "The share of each class that becomes test images.", valueName: "share"))
        var testShare = 0.2
        @Option(parsing: .unconditional, help: "The seed of the split.")
        var seed: UInt64 = 1
        @Flag(help: "Replace data that is in the output folder.")
        var force = false
        @Option(
            help: ArgumentHelp(
                "Rows and columns of an image, as in 28x28. (default: a square)",
                valueName: "size"))
        var size: String?
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp("The values of a pixel. (default: 1)", valueName: "count"))
        var channels: Int?
        @OptionGroup(title: "Tables and arrays") var tables: TableImportOptions

        func run() throws {
            if let channels, !(1...256).contains(channels) {
                throw UsageError(description: "--channels is \(channels); give 1 to 256.")
            }
            let source = try DataImport(
                source, tables: try tables.options(size: try shape(), channels: channels))
            for note in source.notes { Console.say(note) }
            let data = source.data
            let parts: (training: Dataset, validation: Dataset) =
                if let test = source.test {
                    (data, test)
                } else {
                    try data.stratifiedSplit(fraction: testShare, seed: seed)
                }
            try DataPair(training: parts.training, test: parts.validation, checksums: [:])
                .write(to: output, replacing: force)
            if let first = source.ignored.first {
                Console.say(
                    "Skipped \(source.ignored.count.counted("file")) that \(source.ignored.count == 1 ? "is" : "are") not .png, such as \(first)."
                )
            }
            let counts = "\(parts.training.count) training and \(parts.validation.count) test"
            let what =
                data.isNumeric
                ? "rows of \(data.columns.counted("feature"))"
                : "images of \(data.rows) × \(data.columns) pixels"
            let answers =
                data.isRegression
                ? data.targetCount.counted("number") + " to predict" : "\(data.classes) classes"
            print("\(output): \(counts) \(what), \(answers)")
            if data.isNumeric {
                print("features: \(source.features.joined(separator: ", "))".wrapped(hanging: 2))
            }
            for (label, name) in source.classes.enumerated() where name != String(label) {
                print("class \(label): \(name)")
            }
        }

        private func shape() throws -> Extent? {
            guard let size else { return nil }
            let sizes = size.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
            guard sizes.count == 2, let rows = sizes[0], let columns = sizes[1], rows > 0,
                columns > 0
            else {
                throw UsageError(
                    description: "--size is '\(size)'; give rows and columns, as in 28x28.")
            }
            return Extent(rows, columns)
        }
    }
}
