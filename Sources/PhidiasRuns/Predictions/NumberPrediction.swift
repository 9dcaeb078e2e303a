import Phidias

/// The numbers that a model predicts for a row of numbers.
public struct NumberPrediction: Sendable {
    /// From 1, over all that was answered or failed.
    public let number: Int
    /// The file, with the row's number behind it.
    public let name: String
    /// One for each output of the network, on their own scale.
    public let values: [Float]
}

extension PredictionRun {
    /// Rows that are answered together.
    private static let rowsAtATime = 1024

    /// Answers rows of numbers: of tables, and of IDX files of numbers.
    func answerRows(
        _ sources: [String], _ report: (PredictionEvent) throws -> Void
    ) throws {
        let predictor = try Predictor(model)
        var number = 0
        var names: [String] = [], values: [Float] = []
        func answer() throws {
            defer {
                names.removeAll(keepingCapacity: true)
                values.removeAll(keepingCapacity: true)
            }
            guard !names.isEmpty else { return }
            let first = number - names.count + 1
            let classes = model.network.classes
            guard model.network.outputActivation != .identity else {
                let predicted = try predictor.numbers(features: values)
                for (place, name) in names.enumerated() {
                    try report(
                        .numbers(
                            NumberPrediction(
                                number: first + place, name: name,
                                values: Array(predicted[place * classes..<(place + 1) * classes]))))
                }
                return
            }
            let logits = try predictor.logits(features: values)
            let (shares, answers) = (model.probabilities(of: logits), model.answers(logits))
            for (place, name) in names.enumerated() {
                try report(
                    .prediction(
                        Prediction(
                            number: first + place, name: name, answer: answers[place],
                            probabilities: Array(shares[place * classes..<(place + 1) * classes]),
                            drawing: nil, seemsInverted: false)))
            }
        }
        for source in sources {
            do {
                let rows = try NumberRows(
                    path: source, names: columnNames, inputs: model.network.inputs)
                var row = 0
                try rows.forEach { found in
                    row += 1
                    switch found {
                    case .success(let numbers):
                        number += 1
                        names.append("\(source) \(row)")
                        values += numbers
                        if names.count == Self.rowsAtATime { try answer() }
                    case .failure(let error):
                        try answer()
                        number += 1
                        try report(.failure(path: source, error))
                    }
                }
                try answer()
            } catch let error as any PhidiasError {
                // What the report or the model throws is no fault of the source.
                guard error is DataError || error is TableError else { throw error }
                try answer()
                number += 1
                try report(.failure(path: source, error))
            }
        }
    }
}
