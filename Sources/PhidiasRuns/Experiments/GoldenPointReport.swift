import Phidias
import Statistics

/// What an experiment on the golden point has measured.
public struct GoldenPointReport: Sendable {
    /// The outputs for the training images with the weights at the end of an epoch; 0 is before
    /// training.
    public struct Epoch: Sendable {
        static let near = 0.05
        /// The epoch, counted from 1; 0 is before training.
        public let number: Int
        /// Signals p of the outputs for the images' own classes.
        var targetSignals = Histogram(0...1, bins: 50)
        /// Signals p of the other outputs.
        var otherSignals = Histogram(0...1, bins: 50)
        /// Logits z of the outputs for the images' own classes.
        var targetLogits = Histogram(-32...32, bins: 128)
        /// Logits z of the other outputs.
        var otherLogits = Histogram(-32...32, bins: 128)
        /// How many signals of each sort lie less than `near` from the golden point.
        var nearTargets = 0, nearOthers = 0
        /// KL(t ‖ p), in nats per image.
        public let divergence: Double
        /// H(p), in nats per image.
        public let entropy: Double

        init(_ number: Int, _ signals: OutputSignals) {
            self.number = number
            (divergence, entropy) = (signals.divergence, signals.entropy)
            var (targets, others) = (targetSignals, otherSignals)
            var (targetInputs, otherInputs) = (targetLogits, otherLogits)
            var (closeTargets, closeOthers) = (0, 0)
            signals.forEach { z, p, isTarget in
                let isNear = abs(Double(p) - GoldenRatio.goldenPoint) < Self.near
                if isTarget {
                    targets.add(Double(p))
                    targetInputs.add(Double(z))
                    if isNear { closeTargets += 1 }
                } else {
                    others.add(Double(p))
                    otherInputs.add(Double(z))
                    if isNear { closeOthers += 1 }
                }
            }
            (targetSignals, otherSignals) = (targets, others)
            (targetLogits, otherLogits) = (targetInputs, otherInputs)
            (nearTargets, nearOthers) = (closeTargets, closeOthers)
        }

        init(_ number: Int, divergence: Double, entropy: Double) {
            (self.number, self.divergence, self.entropy) = (number, divergence, entropy)
        }

        /// The entropy's share of the loss: H(p) / (KL(t ‖ p) + H(p)); NaN where both are 0.
        public var entropyShare: Double { entropy / (divergence + entropy) }
        /// The share of the outputs for the images' own classes that lie less than 0.05 from the
        /// golden point; NaN where none has a signal.
        public var nearTargetShare: Double { Double(nearTargets) / Double(targetSignals.total) }
        /// The same share of the other outputs.
        public var nearOtherShare: Double { Double(nearOthers) / Double(otherSignals.total) }
    }

    /// A training with one loss, and what its outputs are worth on the test images.
    public struct Run: Sendable {
        /// The name of the loss.
        public let loss: String
        /// The epochs, from before training to the last.
        public let epochs: [Epoch]
        let strongest, every: Calibration
        let divergence: Double
    }

    let network: Network
    let images, testImages: Int
    let record: ExperimentRecord
    /// The trainings, one for each loss.
    public internal(set) var runs: [Run] = []

    /// Tables, charts and numbers.
    public var result: ExperimentResult {
        ExperimentResult(
            name: "golden-point", record: record, text: text, measured: measured, charts: charts)
    }

    private var text: String {
        let processes = "KL(t ‖ p) and H(p) in nats per image, over the training images"
        let near = "Near: |p − 1/φ| < \(Epoch.near); evenly spread signals would give 10 %."
        let calibration = """
            ECE: expected calibration error in 15 equal bins, of each image's strongest output \
            (its confidence is its sigmoid), and of every output as the probability of its class.
            """
        return """
            \("THE GOLDEN POINT p = 1/φ, z = ln φ, MEASURED: \(network), \(images) images".wrapped(hanging: 2))
            Golden point and synaptic loss are our reconstruction (docs/theory.md).

            \("THE TWO PROCESSES: \(processes)".wrapped(hanging: 2))
            \(processTable.text)
            \("Epoch 0 is before training. \(near)".wrapped(indent: 2))

            CALIBRATION on \(testImages) test images after the last epoch; one seed
            \(calibrationTable.text)
            \(calibration.wrapped(indent: 2))
            """
    }

    private var processTable: TextTable {
        var table = TextTable(
            "loss", "epoch", "KL", "entropy", "entropy's\nshare, %", "targets near\n1/φ, %",
            "others near\n1/φ, %")
        for run in runs {
            for epoch in run.epochs {
                table.add(
                    run.loss, "\(epoch.number)", epoch.divergence.digits(),
                    epoch.entropy.digits(), (100 * epoch.entropyShare).fixed(1),
                    epoch.nearTargetShare.percent, epoch.nearOtherShare.percent)
            }
        }
        return table
    }

    private var calibrationTable: TextTable {
        var table = TextTable(
            "loss", "accuracy\n%", "mean\nconfidence, %", "ECE\n%", "ECE of every\noutput, %",
            "cross-\nentropy")
        for run in runs {
            table.add(
                run.loss, run.strongest.accuracy.percent, run.strongest.meanConfidence.percent,
                run.strongest.expectedError.percent, run.every.expectedError.percent,
                run.divergence.digits())
        }
        return table
    }

    private var measured: JSON {
        .members([
            "network": .string(network.description), "images": .integer(images),
            "test_images": .integer(testImages),
            "origin": .string("golden point and synaptic loss: our reconstruction, docs/theory.md"),
            "golden_point_p": .number(GoldenRatio.goldenPoint),
            "golden_point_z": .number(GoldenRatio.goldenInput),
            "runs": .array(
                runs.map { run in
                    .members([
                        "loss": .string(run.loss), "epochs": .array(run.epochs.map(json)),
                        "test": .members([
                            "cross_entropy": .number(run.divergence),
                            "strongest_output": json(run.strongest),
                            "every_output": json(run.every),
                        ]),
                    ])
                }),
        ])
    }

    private func json(_ epoch: Epoch) -> JSON {
        func json(_ histogram: Histogram) -> JSON {
            .members([
                "from": .number(histogram.range.lowerBound),
                "to": .number(histogram.range.upperBound),
                "counts": .array(histogram.counts.map { .integer($0) }),
                "below": .integer(histogram.below), "above": .integer(histogram.above),
            ])
        }
        return .members([
            "epoch": .integer(epoch.number), "divergence": .number(epoch.divergence),
            "entropy": .number(epoch.entropy), "entropy_share": .number(epoch.entropyShare),
            "targets_near_golden_point": .number(epoch.nearTargetShare),
            "others_near_golden_point": .number(epoch.nearOtherShare),
            "target_p": json(epoch.targetSignals), "other_p": json(epoch.otherSignals),
            "target_z": json(epoch.targetLogits), "other_z": json(epoch.otherLogits),
        ])
    }

    private func json(_ calibration: Calibration) -> JSON {
        .members([
            "accuracy": .number(calibration.accuracy),
            "mean_confidence": .number(calibration.meanConfidence),
            "expected_calibration_error": .number(calibration.expectedError),
            "counts": .array(calibration.bins.map { .integer($0.count) }),
            "bin_confidence": .array(calibration.bins.map { .number($0.confidence) }),
            "bin_accuracy": .array(calibration.bins.map { .number($0.accuracy) }),
        ])
    }
}
