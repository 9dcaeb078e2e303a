import CommandLineSupport
import Phidias
import PhidiasRuns

/// Where answers go, one by one.
protocol PredictionOutput {
    mutating func add(_ prediction: Prediction)
    mutating func add(_ numbers: NumberPrediction)
    /// What follows the last answer.
    mutating func finish(_ failures: [(path: String, error: any PhidiasError)]) -> String
}

/// A line for each image, at once.
struct PredictionText: PredictionOutput {
    let labels: ClassLabels
    /// Classes in a line; nil: all, in lines of their own.
    let top: Int?

    private static let inALine = 5

    mutating func add(_ one: Prediction) {
        func text(_ label: Int) -> String {
            "\(labels[label]): \(Double(one.probabilities[label]).fixed(4))"
        }
        guard let top else {
            print("\(one.name): \(labels[one.answer])")
            for start in stride(from: 0, to: one.probabilities.count, by: Self.inALine) {
                let end = min(start + Self.inALine, one.probabilities.count)
                print("  " + (start..<end).map(text).joined(separator: "  "))
            }
            return
        }
        let list = one.ranked.prefix(top).map(text).joined(separator: "  ")
        print("\(one.name): \(labels[one.answer])  (\(list))")
    }

    mutating func add(_ one: NumberPrediction) {
        print("\(one.name): \(one.values.map { "\($0)" }.joined(separator: "  "))")
    }

    mutating func finish(_ failures: [(path: String, error: any PhidiasError)]) -> String { "" }
}

/// One JSON object, an element of which is printed with each answer.
struct PredictionJSON: PredictionOutput {
    let labels: ClassLabels
    /// Classes to name in order; nil for none.
    let top: Int?
    private var isEmpty = true

    init(labels: ClassLabels, top: Int?) { (self.labels, self.top) = (labels, top) }

    mutating func add(_ one: Prediction) {
        var members: [JSON.Member] = [
            .init(key: "image", value: .string(one.name)),
            .init(key: "class", value: .integer(one.answer)),
        ]
        if labels.names != nil {
            members.append(.init(key: "name", value: .string(labels[one.answer])))
        }
        if let top {
            members.append(
                .init(
                    key: "top", value: .array(one.ranked.prefix(top).map { .integer($0) })))
        }
        if let drawing = one.drawing {
            members.append(.init(key: "ink", value: .string(drawing.ink.rawValue)))
        }
        members.append(
            .init(
                key: "probabilities",
                value: .array(one.probabilities.map { .number(Double($0)) })))
        show(.object(members))
    }

    mutating func add(_ one: NumberPrediction) {
        show(
            .members([
                "row": .string(one.name),
                "numbers": .array(one.values.map { .number(Double($0)) }),
            ]))
    }

    private mutating func show(_ json: JSON) {
        print((isEmpty ? Self.begin : ",") + json.text(), terminator: "")
        isEmpty = false
    }

    private static let begin = #"{"predictions":["#

    mutating func finish(_ failures: [(path: String, error: any PhidiasError)]) -> String {
        var text = (isEmpty ? Self.begin : "") + "]"
        if let names = labels.names { text += #","classes":"# + ClassNames.json(names).text() }
        if !failures.isEmpty {
            let list = JSON.array(
                failures.map { path, error in
                    .members(["image": .string(path), "error": .string(error.description)])
                })
            text += #","failures":"# + list.text()
        }
        return text + "}"
    }
}

/// A CSV file.
struct PredictionTable: PredictionOutput {
    let labels: ClassLabels
    private let top: Int?
    private var text = ""
    /// Images of files, which have numbers for names, counted over all files.
    private var count = 0

    init(labels: ClassLabels, top: Int?, hasHeader: Bool) {
        (self.labels, self.top) = (labels, top)
        guard hasHeader else { return }
        text = "ImageId,Label"
        for place in 0..<(top ?? 0) {
            text += place == 0 ? ",Probability" : ",Label\(place + 1),Probability\(place + 1)"
        }
        text += "\n"
    }

    mutating func add(_ one: Prediction) {
        if one.drawing == nil { count += 1 }
        var fields = [one.drawing == nil ? String(count) : one.name]
        if let top {
            for label in one.ranked.prefix(top) {
                fields += [labels[label], Double(one.probabilities[label]).fixed(4)]
            }
        } else {
            fields.append(labels[one.answer])
        }
        text += fields.map(Self.field).joined(separator: ",") + "\n"
    }

    mutating func add(_ one: NumberPrediction) {
        count += 1
        let fields = [String(count)] + one.values.map { "\($0)" }
        text += fields.joined(separator: ",") + "\n"
    }

    mutating func finish(_ failures: [(path: String, error: any PhidiasError)]) -> String { text }

    /// RFC 4180: a field with a comma, a quote or a line feed is quoted.
    private static func field(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}

/// What was decided about pictures, where the answer depends on it: a line for each kind.
struct PictureNotes {
    /// Whether it was said which is the ink.
    let isTold: Bool
    private var kinds: [(text: String, first: String, count: Int)] = []
    private var (images, inverted) = (0, 0)

    init(isTold: Bool) { self.isTold = isTold }

    mutating func add(_ one: Prediction) {
        guard let drawing = one.drawing else {
            images += 1
            if one.seemsInverted { inverted += 1 }
            return
        }
        guard let text = text(drawing) else { return }
        if let place = kinds.firstIndex(where: { $0.text == text }) {
            kinds[place].count += 1
        } else {
            kinds.append((text, one.name, 1))
        }
    }

    private func text(_ drawing: DigitFitting.Drawing) -> String? {
        let ink = drawing.ink == .dark ? "dark ink on light paper" : "light ink on dark paper"
        if drawing.isWhole { return isTold || !drawing.isInverted ? nil : "\(ink), inverted" }
        var removed: [String] = []
        if drawing.isShaded { removed.append("shade") }
        if drawing.lines > 0 { removed.append("lines of the paper") }
        let rest = removed.isEmpty ? "" : "; \(removed.joined(separator: " and ")) removed"
        return "\(ink), cut out\(rest)"
    }

    func say() {
        for (text, first, count) in kinds {
            let others = count == 1 ? "" : " and \((count - 1).counted("more image"))"
            Console.say("\(first)\(others): \(text).")
        }
        if inverted > 0, 2 * inverted >= images {
            Console.say(
                "warning: \(inverted) of \(images.counted("image")) seem to be ink on paper the other way round than what the model was trained on."
            )
        }
    }
}
