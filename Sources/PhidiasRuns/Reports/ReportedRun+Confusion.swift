import Phidias

extension ReportedRun {
    /// A test image that was classified wrongly.
    private struct Mistake {
        let index, label, answer: Int
        /// By how much the wrong logit is above the right one.
        let excess: Float
    }

    private static let mostShown = 16, mostPixels = 1 << 16, mostClasses = 40

    /// The confusion matrix on the test images, and the images that the model is most wrong about.
    func confusion(_ data: ReportData) throws -> HTML {
        let title =
            document.network.outputActivation == .identity
            ? "Predicted and true numbers of the test rows" : "Confusion on the test images"
        guard let model else {
            return .section(title, .note("There is no model yet: no epoch was finished."))
        }
        switch try data.data(of: document) {
        case .nothing(let reasons):
            return .section(
                title,
                .note("The run's data is not at hand, so its test images are not shown."),
                .joined(reasons.map { .paragraph($0) }),
                .command(
                    "With the folder of the data, this section is drawn by:",
                    commands(.report([path], needsData: true))))
        case .data(let pair, let folder):
            return .section(title, try confusion(model, pair.test, folder))
        }
    }

    private func confusion(_ file: ModelFile, _ test: Dataset, _ folder: String?) throws -> HTML {
        let model = file.model
        guard let name = LossName(rawValue: file.loss) else {
            return .note("The model's loss, \(file.loss), is none that this program has.")
        }
        let result = try model.evaluate(test, loss: name.loss(model.network.outputActivation))
        let command = commands(
            .evaluate(
                model: "\(path)/model.safetensors", data: folder,
                seed: folder == nil ? document["seed"] : nil))
        guard !test.isRegression else {
            return try predictions(file, test, result)
                + .command("To measure this again:", command)
        }
        let mistakes = try self.mistakes(model, test)
        let text =
            "\(Self.percent(result.accuracy)) of \(result.images) images are classified correctly, \(mistakes.count) wrongly."
        guard result.confusion.count <= Self.mostClasses else {
            return .paragraph(
                "\(text) The matrix of \(result.confusion.count) classes is too large for a page.")
                + .command(command)
        }
        let labels = ClassLabels(file)
        let matrix = HTML.figure(
            Self.matrix(result, labels),
            "Rows are the images' classes, columns what they were taken for; stronger colour is more images."
        )
        return .paragraph("\(text) \(Self.pairs(result.confusion, labels))") + matrix
            + .command("To measure this again:", command) + (try pictures(mistakes, file, test))
    }

    private static func matrix(_ result: Evaluation, _ labels: ClassLabels) -> HTML {
        let classes = result.confusion.indices
        let most = classes.flatMap { row in
            classes.filter { $0 != row }.map { result.confusion[row][$0] }
        }.max()
        func share(_ value: Double?) -> HTML {
            .element("td", [:], HTML(value.map { (100 * $0).fixed(1) } ?? "–"))
        }
        let rows = classes.map { row in
            let cells = classes.map { column -> HTML in
                let count = result.confusion[row][column]
                if row == column { return .element("td", ["class": "right"], HTML("\(count)")) }
                guard count > 0, let most else { return .element("td", [:], "·") }
                let grade = 1 + (count - 1) * (ReportStyle.grades - 1) / max(most - 1, 1)
                return .element("td", ["class": "g\(grade)"], HTML("\(count)"))
            }
            return HTML.element(
                "tr", [:], .element("th", ["scope": "row"], HTML(labels[row])), .joined(cells),
                share(result.recall(row)), share(result.precision(row)), share(result.f1(row)))
        }
        let heads = classes.map { labels[$0] } + ["recall, %", "precision, %", "F1, %"]
        let label = "Confusion matrix: class by row, answer by column"
        return .scroll(
            label,
            .element(
                "table", ["class": "confusion"], .caption(label),
                .element(
                    "thead", [:],
                    .element(
                        "tr", [:], .element("th", ["scope": "col"], "class"),
                        .joined(heads.map { .element("th", ["scope": "col"], HTML($0)) }))),
                .element("tbody", [:], .joined(rows))))
    }

    private static func pairs(_ confusion: [[Int]], _ labels: ClassLabels) -> String {
        let pairs = confusion.indices.flatMap { row in
            confusion.indices.filter { $0 != row && confusion[row][$0] > 0 }.map {
                (label: row, answer: $0, count: confusion[row][$0])
            }
        }.sorted { ($1.count, $0.label, $0.answer) < ($0.count, $1.label, $1.answer) }
        guard !pairs.isEmpty else { return "No image is taken for another class." }
        let list = pairs.prefix(5).map {
            "\(labels[$0.label]) for \(labels[$0.answer]) (\($0.count))"
        }
        return "Taken for another most often: \(list.joined(separator: ", "))."
    }

    // MARK: - Mistakes

    /// The worst first.
    private func mistakes(_ model: Model, _ test: Dataset) throws -> [Mistake] {
        let logits = try Predictor(model).logits(of: test, 0..<test.count)
        let classes = model.network.classes
        return model.answers(logits).enumerated().compactMap { index, answer -> Mistake? in
            let label = Int(test.labels[index]), row = index * classes
            return answer == label
                ? nil
                : Mistake(
                    index: index, label: label, answer: answer,
                    excess: logits[row + answer] - logits[row + label])
        }.sorted { ($1.excess, $0.index) < ($0.excess, $1.index) }
    }

    private func pictures(_ mistakes: [Mistake], _ file: ModelFile, _ test: Dataset) throws -> HTML
    {
        let (model, labels) = (file.model, ClassLabels(file))
        guard !mistakes.isEmpty, !test.isNumeric, test.shape.count <= Self.mostPixels else {
            return .nothing
        }
        let classes = model.network.classes
        let items = try mistakes.prefix(Self.mostShown).map { mistake -> HTML in
            let pixels = test.image(mistake.index)
            let values = try model.probabilities(images: pixels)
            // Channels one below the other, as they lie.
            let image = try Image(
                width: test.columns, height: test.shape.channels * test.rows, channels: 1,
                pixels: pixels)
            precondition(values.count == classes, "one image gives \(values.count) numbers")
            return .element(
                "li", [:],
                .element(
                    "figure", [:],
                    .image(
                        DataURL.png(try PNG.encode(image)), image.width, image.height,
                        "Test image \(mistake.index): a \(labels[mistake.label]) taken for a \(labels[mistake.answer])"
                    ),
                    .element(
                        "figcaption", [:],
                        .element(
                            "strong", [:],
                            HTML("\(labels[mistake.label]) taken for \(labels[mistake.answer])")),
                        .void("br", [:]),
                        HTML(
                            "\(Double(values[mistake.answer]).fixed(2)) against \(Double(values[mistake.label]).fixed(2))"
                        ), .void("br", [:]), HTML("image \(mistake.index)"))))
        }
        return .element("h4", [:], "The most confused images")
            + .paragraph(
                "Those whose wrong logit is furthest above the right one, with both outputs (\(model.network.outputActivation.rawValue)); images are numbered from 0."
            ) + .element("ul", ["class": "digits"], .joined(Array(items)))
    }
}
