import ArgumentParser
import Phidias
import PhidiasRuns

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Tell the class of images.",
        discussion: """
            White ink on black is expected; --invert is for black ink on white. An image that is \
            not of the network's size is fitted as MNIST was made: scaled into a box of 20 pixels \
            and centred by mass.

            Example:
              phidias predict runs/mnist/model.safetensors --invert photo.png
            """)

    @Argument(help: "A model file.")
    var model: String
    @Argument(help: "PNG files.")
    var images: [String]
    @Flag(help: "The ink is dark on light.")
    var invert = false
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    /// Checks that a picture's gray is all that the network takes.
    static func check(_ network: Network) throws {
        guard network.input.channels == 1 else {
            throw UsageError(
                description:
                    "The model takes images of \(network.input.channels) channels; pictures are read as one channel of gray."
            )
        }
    }

    func run() throws {
        _ = try Model.threads(nil)
        let model = try ModelFile(path: model).model
        let network = model.network
        try Self.check(network)
        var pixels: [UInt8] = []
        for path in images {
            pixels += try DigitFitting.fit(
                path: path, rows: network.rows, columns: network.columns, invert: invert)
        }
        let logits = try model.logits(images: pixels)
        let (answers, all) = (model.answers(logits), model.probabilities(of: logits))
        var results: [JSON] = []
        for (index, path) in images.enumerated() {
            let row = Array(all[index * network.classes..<(index + 1) * network.classes])
            let best = answers[index]
            switch format {
            case .json:
                results.append(
                    .members([
                        "image": .string(path), "class": .integer(best),
                        "probabilities": .array(row.map { .number(Double($0)) }),
                    ]))
            case .text:
                let list = row.enumerated().map { "\($0.offset): \(Double($0.element).fixed(4))" }
                print("\(path): \(best)  (\(list.joined(separator: "  ")))")
            }
        }
        if format == .json { print(JSON.members(["predictions": .array(results)]).text()) }
    }
}
