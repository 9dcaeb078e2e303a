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
                "variance_ratio": .number(synthetic.varianceRatio),
                "relative_standard_error": .number(syntheticError),
                "weights": .integer(Self.syntheticWeights), "steps": .integer(synthetic.steps),
            ]),
            "impulse_response": Self.numbers(impulse),
            "half_life": measuredHalfLife.map { .number($0) } ?? .null,
            "variance": .array(rows.map(json)),
            "curvature": .array(epochs.map(json)),
            "curvature_images": .integer(curvatureImages),
            "roughness": .array(roughness.map(json)),
        ])
    }

    private static func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }

    private func json(_ row: Row) -> JSON {
        func json(_ averaging: Averaging?) -> JSON {
            guard let averaging else { return .null }
            return .members([
                "variance_ratio": .number(averaging.ratio),
                "from_autocorrelation": .number(averaging.predicted),
                "squared_mean_over_variance": .number(averaging.signal),
                "autocorrelation": Self.numbers(averaging.autocorrelation),
                "frequencies": Self.numbers(averaging.response.map(\.frequency)),
                "power_ratio": Self.numbers(averaging.response.map(\.ratio)),
            ])
        }
        return .members([
            "epoch": .integer(row.epoch), "layer": .integer(row.layer),
            "training": json(row.training), "frozen": json(row.frozen),
        ])
    }

    private func json(_ epoch: SmoothingEpoch) -> JSON {
        let share = damping(epoch.steps)
        return .members([
            "epoch": .integer(epoch.epoch), "training_loss": .number(epoch.trainingLoss),
            "training_accuracy": .number(epoch.trainingAccuracy),
            "steps": .array(epoch.steps.map { .integer($0.step) }),
            "along_step": Self.numbers(epoch.steps.map(\.curvature.value)),
            "estimated_error": Self.numbers(epoch.steps.map(\.curvature.error)),
            "over_damped": .integer(share.creeps), "under_damped": .integer(share.oscillates),
            "negative": .integer(share.bendsDown),
            "largest_eigenvalue": .number(epoch.largest.value),
            "largest_eigenvalue_residual": .number(epoch.largest.error),
        ])
    }

    private func json(_ run: LossRoughness) -> JSON {
        .members([
            "momentum": .number(run.momentum), "learning_rate": .number(run.learningRate),
            "batch_loss": .number(run.batchLoss), "batch_roughness": .number(run.batch),
            "fixed_loss": .number(run.fixedLoss), "fixed_roughness": .number(run.fixed),
            "accuracy": .number(run.accuracy),
            "diverged_in_step": run.diverged.map { .integer($0) } ?? .null,
        ])
    }
}
