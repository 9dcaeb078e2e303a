import Charts
import Phidias
import Statistics

extension OptimizersReport {
    var text: String {
        let settings = experiment.settings
        let name = "\(settings.network.words), data \(settings.data.settingText)"
        let title =
            "TEST ACCURACY in %, mean of \(experiment.seeds) seeds, and half of its 95 % interval (Student), after so many epochs"
        let parts = experiment.batchSizes.flatMap { batchSize in
            OptimizersExperiment.losses.map { accuracies($0, batchSize) }
        }
        return
            ([
                "\("OPTIMIZERS BESIDE THE GOLDEN PAIR: \(name)".wrapped(hanging: 2))\n\(Self.introduction.wrapped())",
                "\(verdictTitle.wrapped(hanging: 2))\n\(verdict)", title.wrapped(hanging: 2),
            ] + parts + [notes.map { $0.wrapped(indent: 2, hanging: 4) }.joined(separator: "\n")])
            .joined(separator: "\n\n")
    }

    private static let introduction = """
        Golden and textbook (0.01, 0.9): gradient descent with momentum at constant rates. Fast: one \
        cycle of the learning rate (--preset fast). Adam and AdamW: 0.001, 0.9, 0.999, AdamW with a weight \
        decay of 0.01. The synaptic loss is our reconstruction (docs/theory.md). Every seed has its \
        own initial weights, order and training images; all have the same test images.
        """

    // MARK: - Where golden loses

    private var verdictTitle: String {
        "GOLDEN AGAINST THE OTHERS: in how many of \(OptimizersExperiment.losses.count * experiment.batchSizes.count) comparisons (losses and batch sizes) it is significantly worse − and better +, after so many epochs"
    }

    private var others: [OptimizersExperiment.Recipe] {
        OptimizersExperiment.Recipe.allCases.filter { $0 != .golden }
    }

    private var verdict: String {
        var table = TextTable(["golden less"] + experiment.budgets.map { "\($0)" }, left: [0])
        for recipe in others {
            table.add(
                [recipe.rawValue]
                    + experiment.budgets.map { budget in
                        let own = tests.filter {
                            $0.comparison.other.recipe == recipe && $0.comparison.budget == budget
                        }
                        let worse = own.count(where: { $0.isGoldenBetter == false })
                        let better = own.count(where: { $0.isGoldenBetter == true })
                        return "−\(worse) +\(better)"
                    })
        }
        return table.text
    }

    // MARK: - Accuracy

    private func accuracies(_ loss: LossName, _ batchSize: Int) -> String {
        var table = TextTable(["epochs"] + experiment.budgets.map { "\($0) " }, left: [0])
        for recipe in OptimizersExperiment.Recipe.allCases {
            let arm = OptimizersExperiment.Arm(loss: loss, batchSize: batchSize, recipe: recipe)
            let results = experiment.budgets.map { result(arm, $0) }
            table.add(
                [recipe.rawValue]
                    + results.map { result in
                        guard let result, let estimate = result.estimate else { return "lost " }
                        return estimate.value.percent + mark(result)
                    })
            table.add(
                [""]
                    + results.map { result in
                        guard let estimate = result?.estimate else { return "" }
                        return "±\((50 * (estimate.high - estimate.low)).fixed(2)) "
                    })
        }
        return "The \(loss.rawValue) loss, batch \(batchSize)\n\(table.text)"
    }

    /// Whether the arm is significantly better or worse than golden.
    private func mark(_ result: Result) -> String {
        let test = tests.first {
            $0.comparison.other == result.arm && $0.comparison.budget == result.budget
        }
        return switch test?.isGoldenBetter {
        case false: "+"
        case true: "−"
        case nil: " "
        }
    }

    private var notes: [String] {
        let count = experiment.comparisons.count
        var notes = [
            "+ and −: significantly better and worse than golden with the same loss, batch size and epochs: paired t-test over seeds, Holm's correction for \(count) comparisons, 5 %.",
            "All recipes but fast are runs of \(experiment.budgets.last ?? 0) epochs, looked at after each number of epochs; of fast each number is a run of its own.",
        ]
        let lost = results.filter { $0.test.contains { $0 == nil } }
        if !lost.isEmpty {
            let arms = lost.map {
                "\($0.arm.recipe.rawValue), \($0.arm.loss.rawValue), batch \($0.arm.batchSize), \($0.budget.counted("epoch")): \($0.test.count(where: { $0 == nil }))"
            }
            notes.append("Seeds lost, whose training diverged: \(arms.joined(separator: "; ")).")
        }
        if tests.count < count {
            notes.append(
                "\((count - tests.count).counted("comparison")) could not be made: fewer than two seeds finished in both arms. They still count in the correction."
            )
        }
        return notes
    }

    // MARK: - Chart

    /// Test accuracy over epochs, a panel for each loss and batch size.
    var charts: [(name: String, chart: Chart)] {
        let panels = experiment.batchSizes.flatMap { batchSize in
            OptimizersExperiment.losses.map { loss in
                Chart.Panel(
                    "\(loss.rawValue), batch \(batchSize)",
                    x: ChartAxis("epochs", .logarithmic(base: 2)),
                    y: ChartAxis("test accuracy, %", .fitted),
                    series: OptimizersExperiment.Recipe.allCases.map { recipe in
                        let arm = OptimizersExperiment.Arm(
                            loss: loss, batchSize: batchSize, recipe: recipe)
                        let estimates = experiment.budgets.compactMap { budget in
                            result(arm, budget)?.estimate.map { (budget: budget, $0) }
                        }
                        return Chart.Series(
                            recipe.rawValue,
                            estimates.map { (x: Double($0.budget), y: 100 * $0.1.value) },
                            band: estimates.map { (low: 100 * $0.1.low, high: 100 * $0.1.high) })
                    })
            }
        }
        return [
            (
                "accuracy",
                Chart(
                    title: "Test accuracy, mean of \(experiment.seeds) seeds with 95 % interval",
                    panels: panels.onOneScale)
            )
        ]
    }
}
