import Charts
import Phidias
import Statistics

/// What `phidias experiment loss` writes for programs.
extension LossReport {
    /// What the experiment chooses itself is left out.
    var record: ExperimentRecord {
        let own: Set = ["loss", "learning_rate", "momentum"]
        let pairs: KeyValuePairs = [
            "seeds": String(experiment.seeds), "tuning_seeds": String(experiment.tuningSeeds),
            "rates": experiment.rates.joined(separator: ","),
        ]
        return ExperimentRecord(
            settings: experiment.settings.recordWithoutCheckpoints.filter { !own.contains($0.name) }
                + pairs.map { .init(name: $0.key, value: $0.value) },
            checksums: experiment.checksums)
    }

    var measured: JSON {
        get throws {
            .members([
                "origin": .string("synaptic loss: our reconstruction, docs/theory.md"),
                "seeds": .array(experiment.finalSeeds.map { .string(String($0)) }),
                "tuning_seeds": .integer(experiment.tuningSeeds),
                "rates": .array(experiment.rates.map { .string($0) }),
                "arms": .array(try rows.map(Self.json)),
                "comparisons": .array(tests.map(Self.json)),
            ])
        }
    }

    private static func json(_ row: Row) throws -> JSON {
        func json(_ estimate: Chart.Estimate?) -> JSON {
            guard let estimate else { return .null }
            return .members([
                "mean": .number(estimate.value),
                "interval": .array([.number(estimate.low), .number(estimate.high)]),
            ])
        }
        let epochs = row.runs.compactMap { $0?.count }.max() ?? 0
        return .members([
            "loss": .string(row.arm.loss.rawValue), "setting": .string(row.arm.setting.rawValue),
            "learning_rate": .string(row.rate), "momentum": .string(row.momentum),
            "diverged": .integer(row.diverged),
            "test_accuracy": .array(
                try (0..<epochs).map { json(try row.accuracy(\.test, epoch: $0)) }),
            "validation_accuracy": .array(
                try (0..<epochs).map { json(try row.accuracy(\.validation, epoch: $0)) }),
            "final_test_accuracy": .array(row.final.map { $0.map { .number($0) } ?? .null }),
            "epochs_to_reach": .object(
                LossExperiment.levels.map { level in
                    .init(
                        key: "\(level)",
                        value: .array(row.reach(level).epochs.map { .integer(Int(clamping: $0)) }))
                }),
            "timing": .members([
                "seconds_to_reach": .object(
                    LossExperiment.levels.map { level in
                        .init(
                            key: "\(level)",
                            value: .array(row.reach(level).seconds.map { .number($0) }))
                    })
            ]),
        ])
    }

    private static func json(_ test: Test) -> JSON {
        .members([
            "first": .string(test.comparison.first.title),
            "second": .string(test.comparison.second.title), "pairs": .integer(test.pairs),
            "mean_difference": .number(test.student.meanDifference),
            "interval": .array([.number(test.interval.low), .number(test.interval.high)]),
            "t": .number(test.student.statistic), "p": .number(test.student.pValue),
            "p_holm": .number(test.adjustedStudent),
            "permutation_p": test.permutation.map { .number($0.pValue) } ?? .null,
            "permutation_p_holm": test.adjustedPermutation.map { .number($0) } ?? .null,
        ])
    }
}
