import Phidias
import Statistics

extension SmoothingReport {
    /// Tables, charts and numbers.
    public func result() throws -> ExperimentResult {
        ExperimentResult(
            name: "smoothing", record: record, text: text, measured: measured, charts: charts)
    }

    private var text: String {
        let name = """
            MOMENTUM AS A FILTER, MEASURED: η = \(analysis.learningRate.digits()), \
            α = \(analysis.momentum.belowOne(analysis.momentum.digits())), \(network), \(images) images
            """
        let origin = """
            The values of η and α are published; the theory and the comparisons are ours \
            (docs/theory.md).
            """
        return """
            \(name.wrapped(hanging: 2))
            \(origin.wrapped())

            \(filterText)

            \(varianceText)

            \(weightText)

            \(curvatureText)

            \(roughnessText)
            """
    }

    /// A title, its tables, and notes on how to read them.
    private static func section(_ title: String, _ tables: [TextTable], _ notes: [String]) -> String
    {
        ([title.wrapped(hanging: 2)]
            + (tables.isEmpty ? [] : [tables.map(\.text).joined(separator: "\n\n")])
            + notes.map { $0.wrapped(indent: 2) }).joined(separator: "\n")
    }

    private var filterText: String {
        var table = TextTable("", "theory", "measured", "difference")
        func add(_ name: String, _ theory: Double, _ measured: Double) {
            let difference = 100 * (measured / theory - 1)
            table.add(
                name, theory.digits(5), measured.digits(5),
                difference.isFinite ? "\(difference.digits(2)) %" : "–")
        }
        add("noise variance left (independent)", analysis.noiseVariance, synthetic?.ratio ?? .nan)
        if let half = measuredHalfLife {
            add("half-life of a gradient, steps", analysis.halfLife, half)
        }
        if analysis.momentum > 0 {
            add(
                "response after 20 steps", powerOf(analysis.momentum, 20), impulse[20]
            )
        }
        let settling = Trainer.settlingSteps(momentum: Float(analysis.momentum))
        let precision =
            if let synthetic, let syntheticError {
                """
                Independent gradients: \(Self.syntheticWeights) weights, \(synthetic.steps) steps; \
                standard error \((100 * syntheticError).digits(2)) %.
                """
            } else {
                """
                Independent gradients were not measured: the velocity settles in \(settling) steps, \
                more than \(Self.syntheticSteps).
                """
            }
        return Self.section("THE UPDATE ALONE", [table], [precision])
    }

    private var varianceText: String {
        var table = TextTable(
            "epoch", "layer", "measured", "from ρ", "measured/\nindependent", "ρ₁", "ρ₁₀",
            "signal")
        var frozen = TextTable("epoch", "layer", "frozen", "from ρ")
        for row in rows {
            let rho = row.training?.autocorrelation ?? []
            let place = ["\(row.epoch)", "\(row.layer)"]
            table.add(
                place
                    + [
                        row.training?.ratio.digits(), row.training?.predicted.digits(),
                        row.training.map { ($0.ratio / analysis.noiseVariance).digits(3) },
                        rho.count > 1 ? rho[1].fixed(3) : nil,
                        rho.count > 10 ? rho[10].fixed(3) : nil, row.training?.signal.digits(2),
                    ].map { $0 ?? "–" })
            frozen.add(
                place
                    + [row.frozen?.ratio.digits(), row.frozen?.predicted.digits()].map { $0 ?? "–" }
            )
        }
        let settling = Trainer.settlingSteps(momentum: Float(analysis.momentum))
        let nothing = """
            Nothing was measured: the velocity settles in \(settling) steps, and no epoch has more.
            """
        return Self.section(
            """
            VARIANCE OF THE AVERAGED GRADIENT over that of the gradient; independent gradients: \
            \(analysis.noiseVariance.digits())
            """, rows.isEmpty ? [table] : [table, frozen],
            (rows.isEmpty ? [nothing] : []) + [
                """
                measured: over the steps of the epoch without those in which the velocity settles \
                (the first of the run), all weights of the layer.
                """,
                """
                from ρ: (1−α)/(1+α) (1 + 2 Σ αᵏ ρₖ), k ≤ \(Self.lags), with the autocorrelation ρ of \
                at most \(GradientWindow.sampleSize) weights over at most \
                \(GradientWindow.longestSeries) steps.
                """,
                "signal: squared mean of the gradient over its variance.",
                "frozen: the next epoch's batches at fixed weights, that is, only noise.",
                """
                An epoch takes each image once, which makes the noise slightly anticorrelated. How \
                far the frozen column scatters about the independent value shows how precise the \
                ratio of one epoch is.
                """,
            ])
    }

    private var weightText: String {
        guard let weight else {
            return Self.section(
                "ONE WEIGHT", [],
                [
                    "Nothing was measured: the velocity settles too slowly, or no gradient changed."
                ])
        }
        let series = weight.series
        var table = TextTable("", "gradient", "averaged", "theory")
        table.add(
            "variance", weight.variance.gradient.digits(), weight.variance.average.digits(),
            weight.variance.theory.digits())
        table.add(
            "power from \(WeightSignal.fast) cycles per step on, %",
            weight.fastShare.gradient.percent, weight.fastShare.average.percent,
            weight.fastShare.theory.percent)
        let left = weight.variance.average / weight.variance.gradient
        let expected = weight.variance.theory / weight.variance.gradient
        return Self.section(
            """
            ONE WEIGHT, \(series.name), in steps \(series.firstStep.grouped) to \
            \(series.lastStep.grouped)
            """, [table],
            [
                """
                The filter leaves \(left.percent) % of this gradient's variance, \(expected.percent) % \
                in theory, which is the gradient's power times |H(f)|².
                """,
                """
                The weight whose gradient varies most among at most \(GradientWindow.sampleSize) of \
                the first watched layer, in the last epoch. averaged: −v (1 − α)/η, which has the \
                gradient's mean.
                """,
                """
                Spectra by Welch's method: segments of \(WeightSignal.segment) steps that overlap by \
                half, Hann's window.
                """,
            ])
    }

    private var curvatureText: String {
        var table = TextTable(
            "epoch", "median", "least", "greatest", "over-\ndamped", "under-\ndamped", "negative",
            "largest\neigenvalue")
        for epoch in epochs {
            let values = epoch.steps.map(\.curvature.value).filter(\.isFinite).sorted()
            guard !values.isEmpty else { continue }
            let share = damping(epoch.steps)
            table.add(
                "\(epoch.number)", quantile(values, 0.5).digits(), values[0].digits(),
                values[values.count - 1].digits(), "\(share.creeps)", "\(share.oscillates)",
                "\(share.bendsDown)", epoch.largest.value.digits())
        }
        let worst = curvatures.map(\.curvature.error).filter(\.isFinite).max() ?? .nan
        let residual = epochs.map(\.largest.error).filter(\.isFinite).max() ?? .nan
        return Self.section(
            """
            CURVATURE ALONG THE STEP in weight space; critical: \
            \(analysis.criticalCurvature.digits()), unstable from \
            \(analysis.stabilityLimit.digits())
            """, [table],
            [
                """
                Curvature of the mean loss over \(curvatureImages) training images, by central \
                differences of the gradient, 4 gradients each; estimated truncation error at most \
                \(worst.digits(2)).
                """,
                """
                Largest eigenvalue: Lanczos' method, \(Self.iterations) iterations of 2 gradients; \
                residual at most \(residual.digits(2)).
                """,
                """
                Over- and under-damped: steps below and above the critical curvature, where motion \
                creeps or oscillates. Negative: steps along which the loss bends down.
                """,
            ])
    }

    private var roughnessText: String {
        var table = TextTable(
            "α", "η", "batch loss", "roughness", "fixed loss", "roughness", "accuracy, %")
        for run in roughness {
            if let step = run.diverged {
                table.add(
                    run.momentum.belowOne(run.momentum.fixed(3)), run.learningRate.digits(),
                    "diverged", "step \(step)",
                    "–", "–", "–")
                continue
            }
            table.add(
                run.momentum.belowOne(run.momentum.fixed(3)), run.learningRate.digits(),
                run.batchLoss.digits(),
                run.batch.digits(), run.fixedLoss.digits(), run.fixed.digits(),
                run.accuracy.percent)
        }
        return Self.section(
            """
            ROUGHNESS OF THE LOSS at the same effective learning rate η/(1 − α) = \
            \(analysis.effectiveLearningRate.digits())
            """, [table],
            [
                """
                Roughness, our definition: √(½ Var(L(t+1) − L(t))) / mean L over the last epoch of \
                each run, of the batch's loss (other images at each step) and of the loss on \
                \(min(Self.fixedImages, images)) fixed images (only the weights move).
                """,
                "Accuracy: on the training images, in the last epoch. One seed.",
            ])
    }

    private func powerOf(_ base: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1) { power, _ in power * base }
    }
}
