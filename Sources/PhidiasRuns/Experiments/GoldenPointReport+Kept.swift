import Phidias
import Statistics

/// What is kept of an experiment that has not ended, and is read again.
extension GoldenPointReport.Epoch {
    var kept: JSON {
        .members([
            "epoch": .integer(number), "divergence": .number(divergence),
            "entropy": .number(entropy), "near_targets": .integer(nearTargets),
            "near_others": .integer(nearOthers), "target_p": targetSignals.kept,
            "other_p": otherSignals.kept, "target_z": targetLogits.kept,
            "other_z": otherLogits.kept,
        ])
    }

    init?(kept: JSON) {
        guard let number = kept["epoch"]?.integerValue,
            let divergence = kept["divergence"]?.measuredValue,
            let entropy = kept["entropy"]?.measuredValue
        else { return nil }
        self.init(number, divergence: divergence, entropy: entropy)
        guard let nearTargets = kept["near_targets"]?.integerValue,
            let nearOthers = kept["near_others"]?.integerValue,
            let targetSignals = targetSignals.filled(kept["target_p"]),
            let otherSignals = otherSignals.filled(kept["other_p"]),
            let targetLogits = targetLogits.filled(kept["target_z"]),
            let otherLogits = otherLogits.filled(kept["other_z"])
        else { return nil }
        (self.nearTargets, self.nearOthers) = (nearTargets, nearOthers)
        (self.targetSignals, self.otherSignals) = (targetSignals, otherSignals)
        (self.targetLogits, self.otherLogits) = (targetLogits, otherLogits)
    }
}

extension GoldenPointReport.Run {
    /// What the outputs are worth on the test images.
    static func end(_ signals: OutputSignals) -> JSON {
        .members([
            "divergence": .number(signals.divergence), "strongest": signals.strongest().kept,
            "every": signals.every().kept,
        ])
    }

    /// The training with a loss, from what its epochs and its end have measured.
    /// - Throws: `ExperimentError.damagedProgress`.
    init(_ loss: String, _ epochs: [JSON], _ end: JSON) throws(ExperimentError) {
        let read = epochs.compactMap { GoldenPointReport.Epoch(kept: $0) }
        guard read.count == epochs.count, let divergence = end["divergence"]?.measuredValue,
            let strongest = Calibration(kept: end["strongest"]),
            let every = Calibration(kept: end["every"])
        else { throw .damagedProgress(part: loss) }
        self.init(
            loss: loss, epochs: read, strongest: strongest, every: every, divergence: divergence)
    }
}

extension Histogram {
    fileprivate var kept: JSON {
        .members([
            "counts": .array(counts.map { .integer($0) }), "below": .integer(below),
            "above": .integer(above), "not_a_number": .integer(notANumber),
        ])
    }

    /// A histogram of the same bins with the counts that were kept.
    fileprivate func filled(_ kept: JSON?) -> Histogram? {
        guard let counts = kept?["counts"]?.arrayValue?.compactMap(\.integerValue),
            counts.count == self.counts.count, let below = kept?["below"]?.integerValue,
            let above = kept?["above"]?.integerValue,
            let notANumber = kept?["not_a_number"]?.integerValue
        else { return nil }
        return Histogram(range, counts: counts, below: below, above: above, notANumber: notANumber)
    }
}

extension Calibration {
    fileprivate var kept: JSON {
        .members([
            "counts": .array(bins.map { .integer($0.count) }),
            "confidences": .array(bins.map { .number($0.confidences) }),
            "right": .array(bins.map { .integer($0.right) }),
        ])
    }

    fileprivate init?(kept: JSON?) {
        guard let counts = kept?["counts"]?.arrayValue?.compactMap(\.integerValue),
            let confidences = kept?["confidences"]?.measuredValues,
            let right = kept?["right"]?.arrayValue?.compactMap(\.integerValue),
            counts.count == confidences.count, counts.count == right.count
        else { return nil }
        self.init(
            counts.indices.map {
                Bin(count: counts[$0], confidences: confidences[$0], right: right[$0])
            })
    }
}
