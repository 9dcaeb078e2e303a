import ArgumentParser
import Phidias
import PhidiasRuns

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Accuracy, loss, precision, recall and confusion matrix on the test images.",
        discussion: "Example:\n  phidias evaluate runs/mnist/model.safetensors --data data/mnist")

    @Argument(help: "A model file.")
    var model: String
    @Option(help: "Folder with the two IDX files of the test images. Without it: synthetic digits.")
    var data: String?
    @Option(parsing: .unconditional, help: "Seed of the synthetic digits.")
    var seed: UInt64 = 1
    @Option(parsing: .unconditional, help: .threads())
    var threads: Int?
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        let threads = try Model.threads(threads)
        let file = try ModelFile(path: model)
        let test =
            if let data {
                try DataPair.test(directory: data, classes: file.model.network.classes)
            } else {
                try SyntheticDigits.pair(training: 1, seed: seed).test
            }
        guard let name = LossName(rawValue: file.loss) else {
            throw ModelFileError.metadata(
                path: model, key: "loss", reason: "'\(file.loss)' is none that this program has")
        }
        let loss = try name.loss(file.model.network.outputActivation)
        let result = try file.model.evaluate(test, loss: loss, threads: threads)
        let classes = result.confusion.indices
        switch format {
        case .json:
            print(
                JSON.members([
                    "accuracy": .number(result.accuracy), "loss": .number(result.loss),
                    "images": .integer(result.images),
                    "precision": .array(classes.map { number(result.precision($0)) }),
                    "recall": .array(classes.map { number(result.recall($0)) }),
                    "confusion": .array(
                        result.confusion.map { .array($0.map { .integer($0) }) }),
                ]).text())
        case .text:
            print(
                "accuracy \(result.accuracy.percent) % of \(result.images) images, loss \(result.loss.fixed(4))\n"
            )
            print(
                "class  precision  recall   taken for: \(classes.map { pad(String($0), 5) }.joined())"
            )
            for label in classes {
                let row = result.confusion[label].map { pad(String($0), 5) }.joined()
                print(
                    pad(String(label), 5) + pad(result.precision(label)?.percent ?? "–", 11)
                        + pad(result.recall(label)?.percent ?? "–", 8) + "              " + row)
            }
        }
    }

    private func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
