import ArgumentParser
import Phidias
import PhidiasRuns

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Classify images.",
        discussion: """
            White ink on black is expected; --invert is for black ink on white. An image that is \
            not of the network's size is fitted as MNIST was made: scaled into a box of 20 pixels \
            and centred by mass. An image that cannot be read is named, the others are classified, \
            and the exit code is that of the first failure. The probabilities of sigmoid outputs are \
            each for themselves: they need not sum to 1.

            Example:
              phidias predict runs/mnist --invert photo.png
            """)

    @Argument(help: "A model file, or the folder of a run.")
    var model: String
    @Argument(help: "PNG files.")
    var images: [String]
    @Flag(help: "The ink is dark on light.")
    var invert = false
    @Flag(help: "Show the probabilities of all classes, not only of the three likeliest.")
    var all = false
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

    private static let shown = 3

    func run() throws {
        _ = try Model.threads(nil)
        let model = try KeptModel(path: model).file.model
        let network = model.network
        try Self.check(network)
        var pixels: [UInt8] = []
        var good: [String] = []
        var failures: [(path: String, error: any PhidiasError)] = []
        for path in images {
            do {
                pixels += try DigitFitting.fit(
                    path: path, rows: network.rows, columns: network.columns, invert: invert)
                good.append(path)
            } catch let error as any PhidiasError {
                failures.append((path, error))
            }
        }
        let logits = try model.logits(images: pixels)
        let (answers, values) = (model.answers(logits), model.probabilities(of: logits))
        var results: [JSON] = []
        for (index, path) in good.enumerated() {
            let row = Array(values[index * network.classes..<(index + 1) * network.classes])
            switch format {
            case .json:
                results.append(
                    .members([
                        "image": .string(path), "class": .integer(answers[index]),
                        "probabilities": .array(row.map { .number(Double($0)) }),
                    ]))
            case .text: show(path, answers[index], row)
            }
        }
        if format == .json {
            var members: [JSON.Member] = [.init(key: "predictions", value: .array(results))]
            if !failures.isEmpty {
                members.append(
                    .init(
                        key: "failures",
                        value: .array(
                            failures.map { path, error in
                                .members([
                                    "image": .string(path), "error": .string(error.description),
                                ])
                            })))
            }
            print(JSON.object(members).text())
        }
        for (_, error) in failures { Console.say("phidias: \(error.description)") }
        if let first = failures.first { throw ExitCode(first.error.exitCode) }
    }

    private func show(_ path: String, _ answer: Int, _ row: [Float]) {
        // The answer comes first, also where rounding makes others as likely.
        let order = row.indices.sorted {
            (row[$1], $0 == answer ? 0 : 1, $0) < (row[$0], $1 == answer ? 0 : 1, $1)
        }
        let list = (all ? Array(row.indices) : Array(order.prefix(Self.shown))).map {
            "\($0): \(Double(row[$0]).fixed(4))"
        }
        print("\(path): \(answer)  (\(list.joined(separator: "  ")))")
    }
}
