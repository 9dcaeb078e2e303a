import Charts
import Phidias
import Statistics

extension LossReport {
    var text: String {
        get throws {
            let settings = experiment.settings
            let name =
                "\(settings.network.words), batch \(settings.batchSize), "
                + "\(settings.epochs.counted("epoch")), data \(settings.data.settingText)"
            let accuracy =
                "after \(settings.epochs.counted("epoch")), mean of \(experiment.seeds) seeds, "
                + "95 % interval (Student)"
            return """
                \("THREE LOSSES × THREE SETTINGS: \(name)".wrapped(hanging: 2))
                \(Self.introduction.wrapped())

                \(searchText)

                \("TEST ACCURACY \(accuracy)".wrapped(hanging: 2))
                \(try finalText)

                \(try reachText)

                \(comparisonText)
                """
        }
    }

    private static let introduction = """
        The synaptic loss is our reconstruction (docs/theory.md). Every seed has its own initial \
        weights, order and validation images; all have the same test images.
        """

    // MARK: - Search

    private var searchText: String {
        var table = TextTable(["learning rate"] + LossName.ofClasses.map(\.rawValue))
        for rate in experiment.rates {
            table.add(
                [rate]
                    + LossName.ofClasses.map { loss in
                        guard let mean = experiment.searchAccuracy(loss, rate, results) else {
                            return "diverged"
                        }
                        return mean.percent + (best[loss] == rate ? " ←" : "  ")
                    })
        }
        let edges = LossName.ofClasses.filter {
            best[$0] == experiment.rates.first || best[$0] == experiment.rates.last
        }
        let title =
            "PLAIN SGD'S LEARNING RATE by validation accuracy in %, mean of "
            + (experiment.tuningSeeds == 1
                ? "1 other seed" : "\(experiment.tuningSeeds) other seeds")
        let warning = """
            At the end of the grid for \(edges.map(\.rawValue).joined(separator: ", ")): a better \
            rate may lie beyond it.
            """
        return
            ([title.wrapped(hanging: 2), table.text]
            + (edges.isEmpty ? [] : [warning.wrapped(indent: 2)])).joined(separator: "\n")
    }

    // MARK: - Accuracy

    private var finalText: String {
        get throws {
            var table = TextTable(
                "loss", "setting", "η", "α", "test\n%", "95 %\ninterval", "valid.\n%",
                "seeds\nlost")
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
            return table.text + "\n  Valid.: validation accuracy. Lost: training diverged."
        }
    }

    private var reachText: String {
        get throws {
            let heads = LossExperiment.levels.map { "\((100 * $0).fixed(0)) %" }
            var epochs = TextTable(["loss", "setting"] + heads)
            var seconds = epochs
            for row in rows {
                let name = [row.arm.loss.rawValue, row.arm.setting.title]
                let reached = LossExperiment.levels.map { row.reach($0) }
                epochs.add(
                    try name
                        + reached.map { values, _ in
                            let isAll = values.count == experiment.seeds
                            return try Self.meanText(values, 1)
                                + (isAll ? "" : " (\(values.count))")
                        })
                seconds.add(try name + reached.map { try Self.meanText($0.seconds, 2) })
            }
            let note = """
                In parentheses: how many of the \(experiment.seeds) seeds reach it, where not all do.
                """
            return """
                EPOCHS to a test accuracy, mean of the seeds that reach it, 95 % interval
                \(epochs.text)
                \(note.wrapped(indent: 2))

                SECONDS of training alone to a test accuracy, one thread per run
                \(seconds.text)
                """
        }
    }

    /// The mean and, for two values and more, half the interval.
    private static func meanText(_ values: [Double], _ places: Int) throws -> String {
        guard let estimate = try Row.estimate(values) else {
            return values.first?.fixed(places) ?? "–"
        }
        let half = (estimate.high - estimate.low) / 2
        return "\(estimate.value.fixed(places)) ± \(half.fixed(places))"
    }

    // MARK: - Comparisons

    private var comparisonText: String {
        let losses = tests.filter { $0.comparison.first.setting == $0.comparison.second.setting }
        let settings = tests.filter { $0.comparison.first.setting != $0.comparison.second.setting }
        return """
            COMPARISONS of final test accuracy, listed before the runs

            The synaptic loss less another one, in the same setting
            \(table(losses, "less", "setting") { ($0.second.loss.rawValue, $0.first.setting.title) })

            The golden setting less another one, with the same loss
            \(table(settings, "loss", "less") { ($0.first.loss.rawValue, $0.second.setting.title) })

            \(comparisonNotes.map { $0.wrapped(indent: 2, hanging: 4) }.joined(separator: "\n"))
            """
    }

    private func table(
        _ tests: [Test], _ first: String, _ second: String,
        _ names: (LossExperiment.Comparison) -> (String, String)
    ) -> String {
        var table = TextTable(
            first, second, "points, 95 %\ninterval", "t-test\np", "Holm",
            "perm.\np", "Holm"
        )
        for test in tests {
            let (first, second) = names(test.comparison)
            let half = (test.interval.high - test.interval.low) / 2
            table.add(
                first, second,
                "\((100 * test.student.meanDifference).fixed(3)) ± \((100 * half).fixed(3))",
                Self.p(test.student.pValue), Self.p(test.adjustedStudent),
                test.permutation.map { Self.p($0.pValue) } ?? "–",
                test.adjustedPermutation.map(Self.p) ?? "–")
        }
        return table.text
    }

    private var comparisonNotes: [String] {
        let count = experiment.comparisons.count
        var notes = [
            """
            Points: percentage points, paired by seed. Perm.: permutation test. Holm: p after Holm's \
            correction for \(count) comparisons; significant at 5 % below 0.05.
            """
        ]
        let partial = tests.filter { $0.pairs < experiment.seeds }
        if !partial.isEmpty {
            let list = partial.map { "\($0.comparison.title): \($0.pairs)" }
            notes.append(
                "Pairs, where seeds were lost: \(list.joined(separator: "; ")); else \(experiment.seeds)."
            )
        }
        if tests.contains(where: { $0.permutation == nil }) {
            let smallest = PermutationTest.smallestPValue(pairs: experiment.seeds)
            notes.append(
                """
                Permutation tests: significance is out of reach with this number of seeds: with \
                \(experiment.seeds) pairs the smallest p is \(smallest.digits(2)), and \(count) \
                comparisons ask for \((Self.level / Double(count)).digits(2)).
                """)
        }
        if tests.count < count {
            notes.append(
                """
                \((count - tests.count).counted("comparison")) could not be made: fewer than two \
                seeds finished in both arms. They still count in the correction.
                """)
        }
        return notes
    }

    private static func p(_ value: Double) -> String {
        value < 1e-4 ? "<0.0001" : value.digits(2)
    }

    private static func percent(_ value: Chart.Estimate?) -> String {
        value.map { "\($0.low.percent)–\($0.high.percent)" } ?? "–"
    }
}
