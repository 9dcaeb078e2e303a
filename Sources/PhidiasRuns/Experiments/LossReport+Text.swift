import Charts
import Phidias
import Statistics

extension LossReport {
    var text: String {
        get throws {
            """
            THREE LOSSES × THREE SETTINGS: \(experimentName)
            The synaptic loss is our reconstruction (docs/theory.md). Every seed has its own start, order
            and validation images; all have the same test images.

            \(searchText)

            TEST ACCURACY after \(experiment.settings.epochs) epochs, mean of \(experiment.seeds) seeds, 95 % interval (Student)
            \(try finalText)

            EPOCHS AND SECONDS to a test accuracy, means of the seeds that reach it, 95 % interval
            \(try reachText)
              Seconds of training alone, one thread a run.

            \(comparisonText)
            """
        }
    }

    private var experimentName: String {
        let settings = experiment.settings
        return
            "\(settings.network.words), batch \(settings.batchSize), \(settings.epochs.counted("epoch")), data \(settings.data.settingText)"
    }

    // MARK: - Search

    private var searchText: String {
        var table = TextTable(["learning rate"] + LossName.allCases.map(\.rawValue))
        for rate in experiment.rates {
            table.add(
                [rate]
                    + LossName.allCases.map { loss in
                        guard let mean = experiment.searchAccuracy(loss, rate, results) else {
                            return "diverged"
                        }
                        return mean.percent + (best[loss] == rate ? " ←" : "  ")
                    })
        }
        let edges = LossName.allCases.filter {
            best[$0] == experiment.rates.first || best[$0] == experiment.rates.last
        }
        let warning =
            edges.isEmpty
            ? ""
            : "\n  At the end of the grid for \(edges.map(\.rawValue).joined(separator: ", ")): a better rate may lie beyond."
        return """
            PLAIN SGD'S LEARNING RATE by validation accuracy in %, mean of \(experiment.tuningSeeds) other seeds
            \(table.text)\(warning)
            """
    }

    // MARK: - Accuracy

    private var finalText: String {
        get throws {
            var table = TextTable([
                "loss", "setting", "η", "α", "test, %", "95 % interval", "validation, %",
                "diverged",
            ])
            for row in rows {
                let last = experiment.settings.epochs - 1
                let test = try row.accuracy(\.test, epoch: last)
                let validation = try row.accuracy(\.validation, epoch: last)
                table.add([
                    row.arm.loss.rawValue, row.arm.setting.title, row.rate, row.momentum,
                    test?.value.percent ?? "–", Self.percent(test),
                    validation?.value.percent ?? "–",
                    "\(row.diverged)",
                ])
            }
            return table.text
        }
    }

    private var reachText: String {
        get throws {
            var table = TextTable(
                ["loss", "setting"]
                    + LossExperiment.levels.flatMap { level in
                        ["seeds at \((100 * level).fixed(0)) %", "epochs", "seconds"]
                    })
            for row in rows {
                table.add(
                    [row.arm.loss.rawValue, row.arm.setting.title]
                        + (try LossExperiment.levels.flatMap { level in
                            let (epochs, seconds) = row.reach(level)
                            return [
                                "\(epochs.count) of \(experiment.seeds)",
                                try Self.meanText(epochs, 1), try Self.meanText(seconds, 2),
                            ]
                        }))
            }
            return table.text
        }
    }

    /// Mean and, of two and more, half the interval.
    private static func meanText(_ values: [Double], _ places: Int) throws -> String {
        guard let estimate = try Row.estimate(values) else {
            return values.first?.fixed(places) ?? "–"
        }
        let half = (estimate.high - estimate.low) / 2
        return "\(estimate.value.fixed(places)) ± \(half.fixed(places))"
    }

    // MARK: - Comparisons

    private var comparisonText: String {
        let count = experiment.comparisons.count
        var table = TextTable([
            "difference of final test accuracy", "points", "95 % interval", "pairs", "p, paired t",
            "Holm", "p, permutation", "Holm",
        ])
        for test in tests {
            table.add([
                test.comparison.title, (100 * test.student.meanDifference).fixed(3),
                "\((100 * test.interval.low).fixed(3)) to \((100 * test.interval.high).fixed(3))",
                "\(test.pairs)", Self.p(test.student.pValue), Self.p(test.adjustedStudent),
                test.permutation.map { Self.p($0.pValue) } ?? "–",
                test.adjustedPermutation.map(Self.p) ?? "–",
            ])
        }
        var notes = [
            "Points: percentage points, first − second, paired by seed. Holm: p after Holm's correction for \(count) comparisons; significant at 5 % below 0.05."
        ]
        if tests.contains(where: { $0.permutation == nil }) {
            let smallest = PermutationTest.smallestPValue(pairs: experiment.seeds)
            notes.append(
                "Permutation tests: significance is out of reach at this number of seeds: with \(experiment.seeds) pairs the smallest p is \(smallest.digits(2)), and \(count) comparisons ask for \((Self.level / Double(count)).digits(2))."
            )
        }
        if tests.count < count {
            notes.append(
                "\(count - tests.count) comparisons could not be made: fewer than two seeds of both arms ended; they count in the correction."
            )
        }
        return """
            COMPARISONS, listed before the runs
            \(table.text)
            \(notes.map { "  " + $0 }.joined(separator: "\n"))
            """
    }

    private static func p(_ value: Double) -> String {
        value < 1e-6 ? "< 0.000001" : value.digits(2)
    }

    private static func percent(_ value: Chart.Estimate?) -> String {
        value.map { "\($0.low.percent) – \($0.high.percent)" } ?? "–"
    }
}
