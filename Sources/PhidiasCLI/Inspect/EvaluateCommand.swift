import ArgumentParser
import Phidias
import PhidiasRuns

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Accuracy, loss, precision, recall and confusion matrix on the test images.",
        discussion: """
            Example:
              phidias evaluate runs/mnist
              phidias evaluate model.safetensors --data data/mnist
            Without --data and --seed, the test images are those of the run that the model lies in.
            """)

    @Argument(help: "A model file, or the folder of a run.")
    var model: String
    @OptionGroup var data: TestDataOptions
    @Option(parsing: .unconditional, help: .threads())
    var threads: Int?
    @Option(help: "What standard output gets: text, or one JSON object.")
    var format: OutputFormat = .text

    func run() throws {
        let threads = try Model.threads(threads)
        let kept = try KeptModel(path: model)
        let test = try data.test(for: kept)
        let file = kept.file
        guard let name = LossName(rawValue: file.loss) else {
            throw ModelFileError.metadata(
                path: kept.path, key: "loss",
                reason: "'\(file.loss)' is none that this program has")
        }
        let loss = try name.loss(file.model.network.outputActivation)
        let result = try file.model.evaluate(test, loss: loss, threads: threads)
        switch format {
        case .json: print(json(result).text())
        case .text: show(result)
        }
    }

    private func show(_ result: Evaluation) {
        let classes = result.confusion.indices
        print(
            "accuracy \(result.accuracy.percent) % of \(result.images) images, loss \(result.loss.fixed(4))\n"
        )
        var table = TextTable(
            ["class", "precision", "recall", "classified as:"] + classes.map { String($0) },
            indent: "")
        for label in classes {
            table.add(
                [
                    String(label), result.precision(label)?.percent ?? "–",
                    result.recall(label)?.percent ?? "–", "",
                ] + result.confusion[label].map { String($0) })
        }
        print(table.text)
    }

    private func json(_ result: Evaluation) -> JSON {
        func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
        let classes = result.confusion.indices
        return .members([
            "accuracy": .number(result.accuracy), "loss": .number(result.loss),
            "images": .integer(result.images),
            "precision": .array(classes.map { number(result.precision($0)) }),
            "recall": .array(classes.map { number(result.recall($0)) }),
            "confusion": .array(result.confusion.map { .array($0.map { .integer($0) }) }),
        ])
    }
}

/// Which test images a model meets.
struct TestDataOptions: ParsableArguments {
    @Option(
        help:
            "Folder with the two IDX files of the test images. Without it, those of the model's run."
    )
    var data: String?
    @Option(
        parsing: .unconditional, help: "In place of a folder: the synthetic digits of this seed.")
    var seed: UInt64?

    func test(for kept: KeptModel) throws -> Dataset {
        switch (data, seed) {
        case (let data?, nil):
            try DataPair.test(directory: data, classes: kept.file.model.network.classes)
        case (nil, let seed?): try SyntheticDigits.pair(training: 1, seed: seed).test
        case (nil, nil): try kept.testData()
        case (_?, _?):
            throw UsageError(description: "--data and --seed both say which images; give one.")
        }
    }
}
