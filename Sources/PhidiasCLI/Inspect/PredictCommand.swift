import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Classify images: photos, folders of pictures, files of many images.",
        usage: "phidias predict <model> <images>... [<options>]",
        discussion: """
            Finds ink and paper by itself, in drawings and in photos of paper, and fits the drawing as \
            MNIST was made: scaled into a box of 20 × 20 pixels and centered by mass. A picture that has \
            the network's size is taken as it is, or inverted if it is clearly ink on paper the other way \
            round than what the model was trained on. What was decided is said on standard error. \
            Several drawings in one picture are an error without --segments. Images of \
            files of many are taken as they are.

            If an image cannot be read, the others are still classified, and the exit code is that of \
            the first failure. Probabilities of sigmoid outputs are independent of each other and need \
            not sum to 1.

            A model of rows of numbers takes tables (.csv) instead, whose columns are found by the names \
            that it was trained with, and answers with a class or with numbers.

            Examples:
              phidias predict runs/mnist photo.png
              phidias predict runs/mnist scans/ --output predictions.csv --header
            """)

    @Argument(help: "A model file or the folder of a run.")
    var model: String
    @Argument(help: "PNG or JPEG files, folders of them, and files of many images: IDX, CSV, .npy.")
    var images: [String]
    @OptionGroup(title: "Pictures") var pictures: PictureOptions
    @Flag(help: "Answer several drawings in a picture one by one, from left to right.")
    var segments = false
    @Option(
        help: ArgumentHelp(
            "Write what the network saw of each picture into this folder, as PNG.",
            valueName: "folder"))
    var saveFitted: String?
    @OptionGroup(title: "Results") var results: ResultOptions
    @OptionGroup var form: FormatOptions

    struct ResultOptions: ParsableArguments {
        @Flag(
            help: "Show the probabilities of all classes, not only of the three most likely ones.")
        var all = false
        @Option(
            parsing: .unconditional,
            help: ArgumentHelp(
                "Show this many of the most likely classes. (default: 3)", valueName: "count"))
        var top: Int?
        @Option(
            help: ArgumentHelp(
                "Write a CSV file: a line for each image with its number in the file of images, or else its name, and its class; with --top, more classes and probabilities.",
                valueName: "file"))
        var output: String?
        @Flag(help: "Begin the CSV file with the line ImageId,Label, as Kaggle wants it.")
        var header = false
    }

    func validate() throws {
        if let top = results.top, top < 1 {
            throw ValidationError("--top is \(top); it must be at least 1.")
        }
        if results.top != nil, results.all {
            throw ValidationError("--all and --top both choose how many classes are shown.")
        }
        if results.header, results.output == nil {
            throw ValidationError("--header is for the file of --output.")
        }
    }

    func run() throws {
        _ = try Model.threads(nil)
        let file = try KeptModel(path: model).file
        let run = PredictionRun(
            file, reading: pictures.reading(splits: segments), fittedFolder: saveFitted)
        let labels = ClassLabels(file)
        let table = PredictionTable(labels: labels, top: results.top)
        var answers: any PredictionForm =
            if results.output != nil {
                table
            } else if form.format == .json {
                PredictionJSON(labels: labels, top: results.top)
            } else {
                PredictionLines(labels: labels, top: results.all ? nil : results.top ?? 3)
            }
        var written = results.header ? table.header : ""
        var notes = PictureNotes(isTold: pictures.invert)
        var failures: [(path: String, error: any PhidiasError)] = []
        func show(_ text: String) {
            if results.output == nil { print(text, terminator: "") } else { written += text }
        }
        try run.run(images) { event in
            switch event {
            case .prediction(let prediction):
                show(answers.text(prediction))
                notes.add(prediction)
            case .numbers(let numbers): show(answers.text(numbers))
            case .note(let text): Console.say(text)
            case .failure(let path, let error):
                failures.append((path, error))
                Console.say("phidias: \(error.description)\(Hint.text(for: error))")
            }
        }
        show(answers.end(failures))
        if let path = results.output {
            try DurableFile.write(written, to: path)
            print(path)
        }
        for sentence in notes.sentences { Console.say(sentence) }
        if let first = failures.first { throw ExitCode(first.error.exitCode) }
    }
}

/// How pictures are read.
struct PictureOptions: ParsableArguments {
    @Flag(help: "The ink is dark and the paper light, whatever it looks like.")
    var invert = false
    @Flag(
        help:
            "Expect bright ink on evenly dark paper, or with --invert the reverse; nothing is sought or removed."
    )
    var noAuto = false

    func reading(splits: Bool = false) -> PictureReading {
        var reading = PictureReading()
        reading.ink = invert ? .dark : nil
        reading.isSought = !noAuto
        reading.splits = splits
        return reading
    }
}
