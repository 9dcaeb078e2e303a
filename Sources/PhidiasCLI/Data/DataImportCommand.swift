import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct DataImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Turn pictures, tables or arrays into IDX files.",
        usage: "phidias data import <source> --output <folder> [<options>]",
        discussion: """
            The source is a folder with a subfolder of pictures for each class, or with such subfolders \
            in train/ and test/; a CSV or TSV file of images or measurements; NumPy's .npz, or a folder \
            of .npy files; safetensors; or a folder of IDX files. What it is is found by looking, and \
            told. Where there are no test images, a share of each class becomes test images. The names \
            of the subfolders, or the texts that are labels, are the names of the classes.

            Examples:
              phidias data import letters --output data/letters
              phidias data import photos --size 32x32 --fit crop --output data/photos
              phidias data import iris.csv --label species --output data/iris
            """)

    @Argument(help: "A folder or a file.")
    var source: String
    @OptionGroup(title: "Pictures") var pictures: PictureOptions
    @OptionGroup(title: "Tables and arrays") var tables: TableImportOptions
    @OptionGroup(title: "Parts") var parts: PartOptions
    @OptionGroup(title: "Output") var place: PlaceOptions

    struct PictureOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "Resize every picture, as ROWSxCOLUMNS; the size of images in tables. (default: all have one size already, and are squares in tables)",
                valueName: "size"))
        var size: String?
        @Option(
            help: ArgumentHelp(
                "With --size, for other proportions: pad (add borders), crop or stretch.",
                valueName: "how"))
        var fit = ImageFit.pad
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "1 for gray, 3 for colours; the values of a pixel in tables. (default: gray if all pictures are gray)",
                valueName: "count"))
        var channels: Int?
        @Flag(help: "Leave out files that cannot be read, and list them.")
        var skipBad = false
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Refuse labels beyond so many classes. (default: as many as there are)",
                valueName: "count"))
        var classes: Int?
    }

    struct PartOptions: ParsableArguments {
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "The share of each class that becomes test images. (default: 0.2)",
                valueName: "share"))
        var testShare: Double?
        @Option(parsing: .unconditional, help: "The seed of the split.")
        var seed: UInt64 = 1
    }

    struct PlaceOptions: ParsableArguments {
        @Option(help: ArgumentHelp("The folder for the four files.", valueName: "folder"))
        var output: String
        @Flag(help: "Replace data that is in the output folder.")
        var force = false
    }

    func run() throws {
        let options = try options()
        let size = options.size.map { Extent($0.rows, $0.columns) }
        let source = try DataImport(
            source, options: options,
            tables: tables.options(size: size, channels: options.channels))
        let pair = try pair(of: source)
        try pair.write(to: place.output, replacing: place.force)
        for error in source.skipped { Console.say("skipped: \(error.description)") }
        for note in source.notes + leftOut(source) { Console.say(note) }
        for doubt in pair.doubts { Console.say("warning: \(doubt)") }
        let data = pair.training
        let depth = data.shape.channels == 1 ? "" : ", \(data.shape.channels) channels"
        let what =
            data.isNumeric
            ? "rows of \(data.columns.counted("feature"))"
            : "images of \(data.rows) × \(data.columns) pixels\(depth)"
        let answers =
            data.isRegression
            ? data.targetCount.counted("number") + " to predict" : "\(data.classes) classes"
        print(
            "\(place.output): \(data.count) training and \(pair.test.count) test \(what), \(answers)"
        )
        if let names = data.columnNames, !names.features.isEmpty {
            print("features: \(names.features.joined(separator: ", "))".wrapped(hanging: 2))
        }
        for (label, name) in source.classes.enumerated() where name != String(label) {
            print("class \(label): \(name)")
        }
    }

    private func options() throws -> ImportOptions {
        var options = ImportOptions()
        if let text = pictures.size {
            let sizes = text.split(separator: "x", omittingEmptySubsequences: false).map {
                Int($0)
            }
            guard sizes.count == 2, let rows = sizes[0], let columns = sizes[1], rows > 0,
                columns > 0
            else {
                throw UsageError(description: "--size '\(text)' is not a size such as 28x28.")
            }
            options.size = .init(rows: rows, columns: columns)
        }
        (options.fit, options.channels) = (pictures.fit, pictures.channels)
        (options.skipsBad, options.classes) = (pictures.skipBad, pictures.classes)
        return options
    }

    private func pair(of source: DataImport) throws -> DataPair {
        guard let test = source.test else {
            return try split(source)
        }
        guard parts.testShare == nil else {
            throw UsageError(
                description:
                    "\(self.source) says which images are test images: leave out --test-share.")
        }
        return DataPair(training: source.data, test: test, checksums: [:])
    }

    private func split(_ source: DataImport) throws -> DataPair {
        let share = parts.testShare ?? 0.2
        let split: (training: Dataset, validation: Dataset)
        do {
            split = try source.data.stratifiedSplit(fraction: share, seed: parts.seed)
        } catch let error {
            guard case .share(_, let label, let images) = error else { throw error }
            throw UsageError(
                description:
                    "The class '\(source.classes[label])' has \(images.counted("image")), and a share of \(share) leaves none to train or none to test with: add images to it, or choose another --test-share."
            )
        }
        return DataPair(training: split.training, test: split.validation, checksums: [:])
    }

    private func leftOut(_ source: DataImport) -> [String] {
        var lines: [String] = []
        if !source.skipped.isEmpty {
            lines.append("Left out \(source.skipped.count.counted("file")) that cannot be read.")
        }
        if let first = source.ignored.first {
            let (count, isOne) = (source.ignored.count, source.ignored.count == 1)
            lines.append(
                "Passed over \(count) that \(isOne ? "is" : "are") no PNG or JPEG file, such as \(first)."
            )
        }
        if source.hidden > 0 {
            lines.append(
                "Passed over \(source.hidden) hidden \(source.hidden == 1 ? "file" : "files").")
        }
        return lines
    }
}

extension ImageFit: ExpressibleByArgument {}
