import Phidias

/// What `phidias experiment smoothing` writes for programs.
extension SmoothingReport {
    var measured: JSON {
        .members([
            "network": .string(network.description), "images": .integer(images),
            "theory": .members([
                "origin": .string("ours: docs/theory.md"),
                "noise_variance": .number(analysis.noiseVariance),
                "half_life": .number(analysis.halfLife),
                "critical_curvature": .number(analysis.criticalCurvature),
                "stability_limit": .number(analysis.stabilityLimit),
                "effective_learning_rate": .number(analysis.effectiveLearningRate),
            ]),
            "independent_gradients": .members([
                "variance_ratio": synthetic.map { .number($0.ratio) } ?? .null,
                "relative_standard_error": syntheticError.map { .number($0) } ?? .null,
                "weights": .integer(Self.syntheticWeights),
                "steps": .integer(synthetic?.steps ?? 0),
            ]),
            "impulse_response": Self.numbers(impulse),
            "half_life": measuredHalfLife.map { .number($0) } ?? .null,
            "variance": .array(rows.map(\.json)),
            "curvature": .array(epochs.map(json)),
            "curvature_images": .integer(curvatureImages),
            "roughness": .array(roughness.map(\.json)),
            "weight": weight?.json ?? .null,
        ])
    }

    static func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }

    private func json(_ epoch: Epoch) -> JSON {
        let share = damping(epoch.steps)
        return .object(
            epoch.members + [
                .init(key: "over_damped", value: .integer(share.creeps)),
                .init(key: "under_damped", value: .integer(share.oscillates)),
                .init(key: "negative", value: .integer(share.bendsDown)),
                .init(key: "largest_eigenvalue", value: .number(epoch.largest.value)),
                .init(key: "largest_eigenvalue_residual", value: .number(epoch.largest.error)),
            ])
    }
}

extension SmoothingReport.Row {
    var json: JSON {
        func json(_ averaging: SmoothingReport.Averaging?) -> JSON {
            guard let averaging else { return .null }
            return .members([
                "variance_ratio": .number(averaging.ratio),
                "from_autocorrelation": .number(averaging.predicted),
                "squared_mean_over_variance": .number(averaging.signal),
                "autocorrelation": SmoothingReport.numbers(averaging.autocorrelation),
                "frequencies": SmoothingReport.numbers(averaging.response.map(\.frequency)),
                "power_ratio": SmoothingReport.numbers(averaging.response.map(\.ratio)),
            ])
        }
        return .members([
            "epoch": .integer(epoch), "layer": .integer(layer), "training": json(training),
            "frozen": json(frozen),
        ])
    }
}

extension SmoothingReport.Epoch {
    /// The epoch without its rows, and without its largest curvature.
    var members: [JSON.Member] {
        [
            .init(key: "epoch", value: .integer(number)),
            .init(key: "training_loss", value: .number(trainingLoss)),
            .init(key: "training_accuracy", value: .number(trainingAccuracy)),
            .init(key: "steps", value: .array(steps.map { .integer($0.step) })),
            .init(
                key: "along_step", value: SmoothingReport.numbers(steps.map(\.curvature.value))),
            .init(
                key: "estimated_error",
                value: SmoothingReport.numbers(steps.map(\.curvature.error))),
        ]
    }
}

extension WeightSeries {
    var members: [JSON.Member] {
        [
            .init(key: "layer", value: .integer(layer)),
            .init(key: "unit", value: .integer(unit)),
            .init(key: "input", value: .integer(input)),
            .init(key: "first_step", value: .integer(firstStep)),
            .init(key: "gradient", value: SmoothingReport.numbers(gradient)),
            .init(key: "averaged_gradient", value: SmoothingReport.numbers(average)),
        ]
    }
}

extension WeightSignal {
    var json: JSON {
        func json(_ comparison: Comparison) -> JSON {
            .members([
                "gradient": .number(comparison.gradient),
                "averaged_gradient": .number(comparison.average),
                "theory": .number(comparison.theory),
            ])
        }
        func numbers(_ density: KeyPath<Bin, Double>) -> JSON {
            SmoothingReport.numbers(bins.map { $0[keyPath: density] })
        }
        return .object(
            series.members + [
                .init(key: "variance", value: json(variance)),
                .init(key: "fast_from", value: .number(Self.fast)),
                .init(key: "fast_share", value: json(fastShare)),
                .init(key: "frequencies", value: numbers(\.frequency)),
                .init(key: "gradient_power", value: numbers(\.gradient)),
                .init(key: "averaged_gradient_power", value: numbers(\.average)),
                .init(key: "theory_power", value: numbers(\.theory)),
            ])
    }
}

extension LossRoughness {
    var json: JSON {
        .members([
            "momentum": .number(momentum), "learning_rate": .number(learningRate),
            "batch_loss": .number(batchLoss), "batch_roughness": .number(batch),
            "fixed_loss": .number(fixedLoss), "fixed_roughness": .number(fixed),
            "accuracy": .number(accuracy),
            "diverged_in_step": diverged.map { .integer($0) } ?? .null,
        ])
    }
}
