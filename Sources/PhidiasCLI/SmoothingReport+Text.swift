import Phidias

extension SmoothingReport {
    func result() throws -> ExperimentResult {
        ExperimentResult(name: "smoothing", text: text, json: json, charts: charts)
    }

    private var text: String {
        """
        MOMENTUM AS A FILTER, MEASURED: η = \(analysis.learningRate.digits()), α = \(analysis.momentum.digits()), \(network), \(images) images
        The values of η and α are published; the theory and the comparisons are ours (docs/theory.md).

        \(filterText)

        \(varianceText)

        \(curvatureText)

        \(roughnessText)
        """
    }

    private var filterText: String {
        let ratio = synthetic.varianceRatio
        var table = TextTable("", "theory", "measured", "difference")
        func add(_ name: String, _ theory: Double, _ measured: Double) {
            table.add(
                name, theory.digits(5), measured.digits(5),
                "\((100 * (measured / theory - 1)).digits(2)) %")
        }
        add("noise variance left, independent gradients", analysis.noiseVariance, ratio)
        if let half = measuredHalfLife {
            add("half-life of a gradient, steps", analysis.halfLife, half)
        }
        if analysis.momentum > 0 {
            add("impulse after 20 steps, of the first", powerOf(analysis.momentum, 20), impulse[20])
        }
        return """
            THE UPDATE ALONE
            \(table.text)
              Independent gradients: 1024 weights, \(synthetic.steps) steps; standard error \((100 * syntheticError).digits(2)) %.
            """
    }

    private var varianceText: String {
        var table = TextTable(
            "epoch", "layer", "measured", "from ρ", "measured/independent", "ρ₁", "ρ₁₀", "signal",
            "frozen", "frozen, from ρ")
        for row in rows {
            let rho = row.training?.autocorrelation ?? []
            table.add(
                ["\(row.epoch)", "\(row.layer)"]
                    + [
                        row.training?.ratio.digits(), row.training?.predicted.digits(),
                        row.training.map { ($0.ratio / analysis.noiseVariance).digits(3) },
                        rho.count > 1 ? rho[1].fixed(3) : nil,
                        rho.count > 10 ? rho[10].fixed(3) : nil, row.training?.signal.digits(2),
                        row.frozen?.ratio.digits(), row.frozen?.predicted.digits(),
                    ].map { $0 ?? "–" })
        }
        let nothing =
            rows.isEmpty
            ? "\n  Nothing was measured: the velocity settles in \(Trainer.settlingSteps(momentum: Float(analysis.momentum))) steps, and no epoch has more."
            : ""
        return """
            VARIANCE OF THE AVERAGED GRADIENT over that of the gradient; independent: \(analysis.noiseVariance.digits())
            \(table.text)\(nothing)
              measured: over the steps of the epoch, all weights of the layer. from ρ: (1−α)/(1+α) (1 + 2 Σ αᵏ ρₖ)
              with the autocorrelation ρ of a sample of 256 weights, k ≤ \(Self.lags). signal: squared mean of
              the gradient over its variance. frozen: the next epoch's batches at fixed weights: noise alone.
              An epoch takes each image once, which makes noise a little anticorrelated. How far the frozen
              column scatters about the independent value tells how precise one epoch's ratio is.
            """
    }

    private var curvatureText: String {
        var table = TextTable(
            "epoch", "steps", "median", "least", "greatest", "over-damped", "under-damped",
            "negative", "largest eigenvalue")
        for epoch in epochs {
            let values = epoch.steps.map(\.curvature.value).sorted()
            guard !values.isEmpty else { continue }
            let share = damping(epoch.steps)
            table.add(
                "\(epoch.epoch)", "\(values.count)", values[values.count / 2].digits(),
                values[0].digits(), values[values.count - 1].digits(), "\(share.creeps)",
                "\(share.oscillates)", "\(share.bendsDown)",
                "\(epoch.largest.value.digits()) ± \(epoch.largest.error.digits(2))")
        }
        let worst = curvatures.map(\.curvature.error).max() ?? .nan
        return """
            CURVATURE ALONG THE STEP in weight space; critical: \(analysis.criticalCurvature.digits()), unstable from \(analysis.stabilityLimit.digits())
            \(table.text)
              Of the mean loss over \(curvatureImages) training images, by central differences of the gradient:
              4 gradients over them each; estimated truncation error at most \(worst.digits(2)).
              Largest eigenvalue: 20 power iterations of 2 gradients; ± is the residual.
              Below the critical curvature motion is over-damped (it creeps), above it under-damped (it oscillates).
            """
    }

    private var roughnessText: String {
        var table = TextTable(
            "α", "η", "batch loss", "roughness", "fixed loss", "roughness", "accuracy, %")
        for run in roughness {
            if let step = run.diverged {
                table.add(
                    run.momentum.fixed(3), run.learningRate.digits(), "diverged in step \(step)",
                    "–", "–", "–", "–")
                continue
            }
            table.add(
                run.momentum.fixed(3), run.learningRate.digits(), run.batchLoss.digits(),
                run.batch.digits(), run.fixedLoss.digits(), run.fixed.digits(),
                (100 * run.accuracy).fixed(2))
        }
        return """
            ROUGHNESS OF THE LOSS at the same effective learning rate η/(1 − α) = \(analysis.effectiveLearningRate.digits())
            \(table.text)
              Roughness, our definition: √(½ Var(L(t+1) − L(t))) / mean L over the last epoch of each run, of the
              batch's loss (other images each step) and of the loss on 512 fixed images (only weights move).
              Accuracy: of training images, in the last epoch. One seed.
            """
    }

    private func powerOf(_ base: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1) { power, _ in power * base }
    }
}

extension SmoothingReport {
    fileprivate var json: JSON {
        let head = [JSON.Member(key: "experiment", value: .string("smoothing"))] + record.members
        return .object(head + (measured.objectValue ?? []))
    }

    private var measured: JSON {
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
                "weights": .integer(1024), "steps": .integer(synthetic.steps),
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
