import Phidias
import Statistics

extension SmoothingReport {
    /// Tables, charts and numbers.
    public func result() throws -> ExperimentResult {
        ExperimentResult(
            name: "smoothing", record: record, text: text, measured: measured, charts: charts)
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
              Independent gradients: \(Self.syntheticWeights) weights, \(synthetic.steps) steps; standard error \((100 * syntheticError).digits(2)) %.
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
              measured: over the steps of the epoch but those in which the velocity settles, the run's first,
              all weights of the layer. from ρ: (1−α)/(1+α) (1 + 2 Σ αᵏ ρₖ), k ≤ \(Self.lags), with the
              autocorrelation ρ of at most \(GradientWindow.sampleSize) weights over at most \(GradientWindow.longestSeries) steps.
              signal: squared mean of the gradient over its variance.
              frozen: the next epoch's batches at fixed weights: noise alone.
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
                "\(epoch.epoch)", "\(values.count)", quantile(values, 0.5).digits(),
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
              Largest eigenvalue: Lanczos' method, \(Self.iterations) iterations of 2 gradients; ± is the residual.
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
                run.accuracy.percent)
        }
        return """
            ROUGHNESS OF THE LOSS at the same effective learning rate η/(1 − α) = \(analysis.effectiveLearningRate.digits())
            \(table.text)
              Roughness, our definition: √(½ Var(L(t+1) − L(t))) / mean L over the last epoch of each run, of the
              batch's loss (other images each step) and of the loss on \(min(Self.fixedImages, images)) fixed images (only weights move).
              Accuracy: of training images, in the last epoch. One seed.
            """
    }

    private func powerOf(_ base: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1) { power, _ in power * base }
    }
}
