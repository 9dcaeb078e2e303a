import Phidias

/// Answers as text, one after the other.
package protocol PredictionForm {
    /// What is written for an answer.
    mutating func text(_ prediction: Prediction) -> String
    mutating func text(_ numbers: NumberPrediction) -> String
    /// What follows the last answer.
    mutating func end(_ failures: [(path: String, error: any PhidiasError)]) -> String
}

/// A line for each image.
package struct PredictionLines: PredictionForm {
    private let labels: ClassLabels
    private let top: Int?

    private static let inALine = 5

    /// - Parameter top: classes in a line; nil: all, in lines of their own.
    package init(labels: ClassLabels, top: Int?) { (self.labels, self.top) = (labels, top) }

    package mutating func text(_ one: Prediction) -> String {
        func text(_ label: Int) -> String {
            "\(labels[label]): \(Double(one.probabilities[label]).fixed(4))"
        }
        guard let top else {
            var lines = "\(one.name): \(labels[one.answer])\n"
            for start in stride(from: 0, to: one.probabilities.count, by: Self.inALine) {
                let end = min(start + Self.inALine, one.probabilities.count)
                lines += "  " + (start..<end).map(text).joined(separator: "  ") + "\n"
            }
            return lines
        }
        let list = one.ranked.prefix(top).map(text).joined(separator: "  ")
        return "\(one.name): \(labels[one.answer])  (\(list))\n"
    }

    package mutating func text(_ one: NumberPrediction) -> String {
        "\(one.name): \(one.values.map { "\($0)" }.joined(separator: "  "))\n"
    }

    package mutating func end(_ failures: [(path: String, error: any PhidiasError)]) -> String {
        ""
    }
}

/// One JSON object, of which each answer is an element.
package struct PredictionJSON: PredictionForm {
    private let labels: ClassLabels
    private let top: Int?
    private var isEmpty = true

    /// - Parameter top: classes to name in order; nil for none.
    package init(labels: ClassLabels, top: Int?) { (self.labels, self.top) = (labels, top) }

    package mutating func text(_ one: Prediction) -> String {
        defer { isEmpty = false }
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
        return (isEmpty ? Self.begin : ",") + JSON.object(members).text()
    }

    package mutating func text(_ one: NumberPrediction) -> String {
        defer { isEmpty = false }
        let json = JSON.members([
            "row": .string(one.name),
            "numbers": .array(one.values.map { .number(Double($0)) }),
        ])
        return (isEmpty ? Self.begin : ",") + json.text()
    }

    private static let begin = #"{"predictions":["#

    package mutating func end(_ failures: [(path: String, error: any PhidiasError)]) -> String {
        var text = (isEmpty ? Self.begin : "") + "]"
        if let names = labels.names { text += #","classes":"# + ClassNames.json(names).text() }
        if !failures.isEmpty {
            let list = JSON.array(
                failures.map { path, error in
                    .members(["image": .string(path), "error": .string(error.description)])
                })
            text += #","failures":"# + list.text()
        }
        return text + "}\n"
    }
}

/// A CSV file.
package struct PredictionTable: PredictionForm {
    private let labels: ClassLabels
    private let top: Int?
    /// Images of files, which have numbers for names, counted over all files.
    private var count = 0

    /// - Parameter top: classes in a line, with their probabilities; nil: the answer alone.
    package init(labels: ClassLabels, top: Int?) { (self.labels, self.top) = (labels, top) }

    /// The line that names the columns.
    package var header: String {
        var text = "ImageId,Label"
        for place in 0..<min(top ?? 0, labels.count) {
            text += place == 0 ? ",Probability" : ",Label\(place + 1),Probability\(place + 1)"
        }
        return text + "\n"
    }

    package mutating func text(_ one: Prediction) -> String {
        if one.drawing == nil { count += 1 }
        var fields = [one.drawing == nil ? String(count) : one.name]
        if let top {
            for label in one.ranked.prefix(top) {
                fields += [labels[label], Double(one.probabilities[label]).fixed(4)]
            }
        } else {
            fields.append(labels[one.answer])
        }
        return fields.map(Self.field).joined(separator: ",") + "\n"
    }

    package mutating func text(_ one: NumberPrediction) -> String {
        count += 1
        return ([String(count)] + one.values.map { "\($0)" }).joined(separator: ",") + "\n"
    }

    package mutating func end(_ failures: [(path: String, error: any PhidiasError)]) -> String {
        ""
    }

    /// RFC 4180: a field with a comma, a quote or a line feed is quoted.
    private static func field(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
