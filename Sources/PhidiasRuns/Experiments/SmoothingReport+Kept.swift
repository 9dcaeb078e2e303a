import Phidias

/// What is kept of an experiment that has not ended, and is read again.
extension SmoothingReport.Synthetic {
    var kept: JSON { .members(["ratio": .number(ratio), "steps": .integer(steps)]) }

    init?(kept: JSON) {
        guard let ratio = kept["ratio"]?.measuredValue, let steps = kept["steps"]?.integerValue
        else { return nil }
        self.init(ratio: ratio, steps: steps)
    }
}

extension SmoothingReport.Epoch {
    var kept: JSON {
        .object(
            members + [
                .init(key: "largest", value: .number(largest.value)),
                .init(key: "largest_error", value: .number(largest.error)),
                .init(key: "rows", value: .array(rows.map(\.json))),
            ] + (weight.map { [.init(key: "weight", value: .object($0.members))] } ?? []))
    }

    init?(kept: JSON) {
        guard let number = kept["epoch"]?.integerValue,
            let loss = kept["training_loss"]?.measuredValue,
            let accuracy = kept["training_accuracy"]?.measuredValue,
            let places = kept["steps"]?.arrayValue?.compactMap(\.integerValue),
            let values = kept["along_step"]?.measuredValues,
            let errors = kept["estimated_error"]?.measuredValues,
            places.count == values.count, places.count == errors.count,
            let largest = kept["largest"]?.measuredValue,
            let largestError = kept["largest_error"]?.measuredValue,
            let all = kept["rows"]?.arrayValue
        else { return nil }
        let rows = all.compactMap { SmoothingReport.Row(kept: $0) }
        let weight = kept["weight"].flatMap { WeightSeries(kept: $0) }
        guard rows.count == all.count, (weight == nil) == (kept["weight"] == nil)
        else { return nil }
        self.init(
            number: number, trainingLoss: loss, trainingAccuracy: accuracy,
            steps: places.indices.map {
                .init(step: places[$0], curvature: .init(value: values[$0], error: errors[$0]))
            }, largest: .init(value: largest, error: largestError), rows: rows,
            weight: weight)
    }
}

extension SmoothingReport.Row {
    fileprivate init?(kept: JSON) {
        guard let epoch = kept["epoch"]?.integerValue, let layer = kept["layer"]?.integerValue,
            let training = kept["training"], let frozen = kept["frozen"]
        else { return nil }
        let read = [training, frozen].map { SmoothingReport.Averaging(kept: $0) }
        guard (read[0] == nil) == (training == .null), (read[1] == nil) == (frozen == .null)
        else { return nil }
        self.init(epoch: epoch, layer: layer, training: read[0], frozen: read[1])
    }
}

extension SmoothingReport.Averaging {
    /// Nil for null, and for what is not understood.
    fileprivate init?(kept: JSON) {
        guard let ratio = kept["variance_ratio"]?.measuredValue,
            let predicted = kept["from_autocorrelation"]?.measuredValue,
            let signal = kept["squared_mean_over_variance"]?.measuredValue,
            let autocorrelation = kept["autocorrelation"]?.measuredValues,
            let frequencies = kept["frequencies"]?.measuredValues,
            let ratios = kept["power_ratio"]?.measuredValues, frequencies.count == ratios.count
        else { return nil }
        self.init(
            ratio: ratio, predicted: predicted, autocorrelation: autocorrelation, signal: signal,
            response: zip(frequencies, ratios).map { (frequency: $0, ratio: $1) })
    }
}

extension WeightSeries {
    fileprivate init?(kept: JSON) {
        guard let layer = kept["layer"]?.integerValue, let unit = kept["unit"]?.integerValue,
            let input = kept["input"]?.integerValue,
            let firstStep = kept["first_step"]?.integerValue,
            let gradient = kept["gradient"]?.measuredValues,
            let average = kept["averaged_gradient"]?.measuredValues,
            gradient.count == average.count
        else { return nil }
        self.init(
            layer: layer, unit: unit, input: input, firstStep: firstStep, gradient: gradient,
            average: average)
    }
}

extension LossRoughness {
    init?(kept: JSON) {
        guard let momentum = kept["momentum"]?.measuredValue,
            let learningRate = kept["learning_rate"]?.measuredValue,
            let batchLoss = kept["batch_loss"]?.measuredValue,
            let batch = kept["batch_roughness"]?.measuredValue,
            let fixedLoss = kept["fixed_loss"]?.measuredValue,
            let fixed = kept["fixed_roughness"]?.measuredValue,
            let accuracy = kept["accuracy"]?.measuredValue, let diverged = kept["diverged_in_step"]
        else { return nil }
        self.init(
            learningRate: learningRate, momentum: momentum, batchLoss: batchLoss,
            fixedLoss: fixedLoss, batch: batch, fixed: fixed, accuracy: accuracy,
            diverged: diverged.integerValue)
    }
}
