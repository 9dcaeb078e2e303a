import Foundation
import Phidias
import Testing

@Suite struct OutputSignalsTests {
    @Test func calibrationErrorIsTheOneWorkedOutByHand() {
        var calibration = Calibration(bins: 4)
        // Bin 1: confidences 0.25 and 0.45, one right; bin 3: 1 and 0.9, both right.
        calibration.add(confidence: 0.25, isRight: true)
        calibration.add(confidence: 0.45, isRight: false)
        calibration.add(confidence: 1, isRight: true)
        calibration.add(confidence: 0.9, isRight: true)
        #expect(calibration.bins.map(\.count) == [0, 2, 0, 2])
        #expect(abs(calibration.bins[1].confidence - 0.35) < 1e-15)
        #expect(calibration.bins[1].accuracy == 0.5)
        // ½ |0.5 − 0.35| + ½ |1 − 0.95|
        #expect(abs(calibration.expectedError - 0.1) < 1e-15)
        #expect(calibration.accuracy == 0.75 && abs(calibration.meanConfidence - 0.65) < 1e-15)
    }

    /// Finite weights that are too large may give such a signal.
    @Test func aSignalThatIsNoNumberIsNotCounted() {
        var calibration = Calibration(bins: 4)
        calibration.add(confidence: .nan, isRight: true)
        #expect(calibration.count == 0 && calibration.meanConfidence.isNaN)
        calibration.add(confidence: 0.5, isRight: true)
        #expect(calibration.count == 1 && calibration.expectedError == 0.5)
    }

    /// Both sigmoids are 1, and the second logit is larger.
    @Test func answersAreThoseOfTheLogits() throws {
        let model = try Model(
            network: try Network(rows: 1, columns: 1, hidden: [], classes: 3), seed: 1
        )
        let logits: [Float] = [20, 30, 0, 1, 1, 0]
        #expect(model.answers(logits) == [1, 0])
        #expect(model.probabilities(of: logits).prefix(2) == [1, 1])
        #expect(throws: ModelError.self) {
            try Model(network: Network(hidden: []), seed: 1).logits(images: [1, 2, 3])
        }
    }

    @Test func partsOfTheLossAreThoseOfTheLogits() throws {
        let data = try SyntheticDigits.dataset(count: 60, seed: 4)
        let model = try Model(network: try Network(hidden: [12]), seed: 3)
        let signals = try OutputSignals(of: model, on: data, threads: 2)
        var divergence = 0.0, entropy = 0.0, right = 0.0, outputs = 0
        signals.forEach { z, p, isTarget in
            let exact = 1 / (1 + exp(-Double(z)))
            #expect(abs(Double(p) - exact) < 1e-6)
            divergence -= log(isTarget ? exact : 1 - exact)
            entropy -= exact * log(exact) + (1 - exact) * log(1 - exact)
            right += isTarget ? 1 : 0
            outputs += 1
        }
        #expect(outputs == 600 && right == 60)
        #expect(abs(signals.divergence / (divergence / 60) - 1) < 1e-6)
        #expect(abs(signals.entropy / (entropy / 60) - 1) < 1e-6)
        #expect(signals.strongest().count == 60 && signals.every().count == 600)
        let accuracy = try model.evaluate(data, loss: SynapticLoss()).accuracy
        #expect(signals.strongest().accuracy == accuracy)
        #expect(signals.every().accuracy == 0.1)
    }
}
