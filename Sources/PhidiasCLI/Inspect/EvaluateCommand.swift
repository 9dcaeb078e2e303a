import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Show accuracy, loss, precision, recall, F1 and confusion on the test images.",
        usage: "phidias evaluate <model> [<options>]",
        discussion: """
            Without --data and --seed, the test images are those of the model's run.

            Examples:
              phidias evaluate runs/mnist
              phidias evaluate model.safetensors --data data/mnist
            """)

    @Argument(help: "A model file or the folder of a run.")
    var model: String
    @OptionGroup var data: TestDataOptions
    @OptionGroup var team: ThreadOptions
    @OptionGroup var form: FormatOptions

    func run() throws {
        let threads = try Model.threads(team.threads)
        let kept = try KeptModel(path: model)
        let test = try data.test(for: kept)
        let file = kept.file
        guard let name = LossName(rawValue: file.loss) else {
            throw ModelFileError.metadata(
                path: kept.path, key: "loss",
                reason: "there is no loss '\(file.loss)' in this program")
        }
        let loss = try name.loss(file.model.network.outputActivation)
        let result = try file.model.evaluate(test, loss: loss, threads: threads)
        let labels = ClassLabels(file)
        if let difference = labels.difference(
            from: test.classNames, owner: (other: "the data", own: "the model"))
        {
            Console.say("warning: \(difference)")
        }
        switch form.format {
        case .json: print(json(result, labels).text())
        case .text where result.regression.isEmpty: show(result, labels)
        case .text: showNumbers(result, file.columnNames?.targets ?? [])
        }
    }

    /// Characters of a name in the matrix, as a row's and as a column's.
    private static let rowName = 20, columnName = 10

    private func show(_ result: Evaluation, _ labels: ClassLabels) {
        print(
            "accuracy \(result.accuracy.percent) % of \(result.images.counted("image")), loss \(result.loss.fixed(4))\n"
        )
        let classes = Array(result.confusion.indices)
        let isNamed = labels.names != nil
        var table = TextTable(
            ["class", "precision, %", "recall, %", "F1, %", "images"], left: isNamed ? [0] : [],
            indent: "")
        for label in classes {
            table.add(
                labels[label], result.precision(label)?.percent ?? "–",
                result.recall(label)?.percent ?? "–", result.f1(label)?.percent ?? "–",
                String(result.confusion[label].reduce(0, +)))
        }
        if let mean = result.macroAverages {
            table.add(
                "mean", mean.precision.percent, mean.recall.percent, mean.f1.percent,
                String(result.images))
        }
        print(table.text)
        print("\nImages of each class (rows), by the class they are classified as (columns):")
        let (rows, columns) = (labels.short(Self.rowName), labels.short(Self.columnName))
        // As many columns as fit the width, all of the same width.
        let cell = result.confusion.joined().map { String($0).count }.max() ?? 1
        let column = max(cell, columns.map(\.count).max() ?? 1) + 2
        let head = max("class".count, rows.map(\.count).max() ?? 1)
        let count = max((String.textWidth - head) / column, 1)
        for start in stride(from: 0, to: classes.count, by: count) {
            let shown = classes[start..<min(start + count, classes.count)]
            var confusion = TextTable(
                ["class"] + shown.map { columns[$0] }, left: isNamed ? [0] : [], indent: "")
            for label in classes {
                confusion.add([rows[label]] + shown.map { String(result.confusion[label][$0]) })
            }
            print("\n" + confusion.text)
        }
    }

    private func showNumbers(_ result: Evaluation, _ names: [String]) {
        print("\(result.images.counted("row")), loss \(result.loss.fixed(4))\n")
        var table = TextTable(
            ["number", "mean absolute\nerror", "root mean square\nerror", "R²"],
            left: names.isEmpty ? [] : [0], indent: "")
        for (place, score) in result.regression.enumerated() {
            table.add(
                names.isEmpty ? String(place) : names[place], score.meanAbsoluteError.digits(5),
                score.rootMeanSquareError.digits(5), score.r2?.fixed(4) ?? "–")
        }
        print(table.text)
    }

    private func json(_ result: Evaluation, _ labels: ClassLabels) -> JSON {
        func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
        guard result.regression.isEmpty else {
            return .members([
                "loss": .number(result.loss), "rows": .integer(result.images),
                "mae": .array(result.regression.map { .number($0.meanAbsoluteError) }),
                "rmse": .array(result.regression.map { .number($0.rootMeanSquareError) }),
                "r2": .array(result.regression.map { number($0.r2) }),
            ])
        }
        let classes = result.confusion.indices
        let named = labels.names.map { [JSON.Member(key: "classes", value: ClassNames.json($0))] }
        let members: KeyValuePairs<String, JSON> = [
            "accuracy": .number(result.accuracy), "loss": .number(result.loss),
            "images": .integer(result.images),
            "precision": .array(classes.map { number(result.precision($0)) }),
            "recall": .array(classes.map { number(result.recall($0)) }),
            "f1": .array(classes.map { number(result.f1($0)) }),
            "macro": .members([
                "precision": number(result.macroAverages?.precision),
                "recall": number(result.macroAverages?.recall),
                "f1": number(result.macroAverages?.f1),
            ]),
            "confusion": .array(result.confusion.map { .array($0.map { .integer($0) }) }),
        ]
        return .object(members.map { .init(key: $0.key, value: $0.value) } + (named ?? []))
    }
}

/// Which test images a model is evaluated on.
struct TestDataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder with the two IDX files of the test images. (default: those of the model's run)",
            valueName: "folder"))
    var data: String?
    @Option(
        parsing: .unconditional,
        help: "Instead of a folder: the seed of synthetic digits.")
    var seed: UInt64?

    func test(for kept: KeptModel) throws -> Dataset {
        switch (data, seed) {
        case (let data?, nil):
            try DataPair.test(directory: data, classes: kept.file.model.network.classes)
        case (nil, let seed?): try SyntheticDigits.pair(training: 1, seed: seed).test
        case (nil, nil): try kept.testData()
        case (_?, _?):
            throw UsageError(
                description: "--data and --seed both choose the images: give only one of them.")
        }
    }
}
