import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Classify images.",
        usage: "phidias predict <model> <images>... [<options>]",
        discussion: """
            Expects white ink on black; --invert is for dark ink on light. An image whose size is not \
            the network's is fitted as MNIST was made: scaled into a box of 20 × 20 pixels and centered \
            by mass. If an image cannot be read, the others are still classified, and the exit code is \
            that of the first failure. Probabilities of sigmoid outputs are independent of each other \
            and need not sum to 1.

            Example:
              phidias predict runs/mnist --invert photo.png
            """)

    @Argument(help: "A model file or the folder of a run.")
    var model: String
    @Argument(help: "PNG or JPEG files.")
    var images: [String]
    @Flag(help: "The images have dark ink on a light background.")
    var invert = false
    @Flag(help: "Show the probabilities of all classes, not only of the three most likely ones.")
    var all = false
    @OptionGroup var form: FormatOptions

    /// Checks that a picture's gray is all that the network takes.
    static func check(_ network: Network) throws {
        guard network.input.channels == 1 else {
            throw UsageError(
                description:
                    "The model takes images of \(network.input.channels) channels, but pictures are read as one channel of gray."
            )
        }
    }

    private static let shown = 3
    /// Probabilities in a line, where all are shown.
    private static let inALine = 5

    func run() throws {
        _ = try Model.threads(nil)
        let file = try KeptModel(path: model).file
        let (model, labels) = (file.model, ClassLabels(file))
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
            switch form.format {
            case .json:
                var members: [JSON.Member] = [
                    .init(key: "image", value: .string(path)),
                    .init(key: "class", value: .integer(answers[index])),
                ]
                if labels.names != nil {
                    members.append(.init(key: "name", value: .string(labels[answers[index]])))
                }
                members.append(
                    .init(
                        key: "probabilities", value: .array(row.map { .number(Double($0)) })))
                results.append(.object(members))
            case .text: show(path, answers[index], row, labels)
            }
        }
        if form.format == .json {
            var members: [JSON.Member] = [.init(key: "predictions", value: .array(results))]
            if let names = labels.names {
                members.append(.init(key: "classes", value: ClassNames.json(names)))
            }
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

    private func show(_ path: String, _ answer: Int, _ row: [Float], _ labels: ClassLabels) {
        // The answer comes first, also where rounding makes others as likely.
        let order = row.indices.sorted {
            (row[$1], $0 == answer ? 0 : 1, $0) < (row[$0], $1 == answer ? 0 : 1, $1)
        }
        func text(_ label: Int) -> String { "\(labels[label]): \(Double(row[label]).fixed(4))" }
        guard all else {
            let list = order.prefix(Self.shown).map(text).joined(separator: "  ")
            return print("\(path): \(labels[answer])  (\(list))")
        }
        print("\(path): \(labels[answer])")
        for start in stride(from: 0, to: row.count, by: Self.inALine) {
            let part = row.indices[start..<min(start + Self.inALine, row.count)]
            print("  " + part.map(text).joined(separator: "  "))
        }
    }
}
