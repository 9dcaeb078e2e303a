import PhidiasKernels

/// The sigmoid outputs for labelled images: logits z, signals p = σ(z), and the two parts of the
/// synaptic loss (our reconstruction).
package struct OutputSignals: Sendable {
    /// [images][classes]
    package let logits, signals: [Float]
    package let labels: [UInt8]
    /// The predicted class of each image.
    private let answers: [Int]
    package let classes: Int
    /// KL(t ‖ p) and H(p) in nats, each summed over an image's outputs, mean over the images.
    package let divergence, entropy: Double

    /// So many images at a time, between which it can be stopped.
    private static let imagesAtATime = 4096

    /// - Parameter shouldStop: asked while the logits are computed.
    /// - Throws: `ModelError` if the data does not fit the network; `MeasurementStopped`.
    package init(
        of model: Model, on data: Dataset, threads: Int, shouldStop: () -> Bool = { false }
    ) throws {
        precondition(model.network.outputActivation == .sigmoid, "for sigmoid outputs")
        try model.check(data)
        let predictor = try Predictor(model, threads: threads)
        var logits: [Float] = []
        logits.reserveCapacity(data.count * model.network.classes)
        for first in stride(from: 0, to: data.count, by: Self.imagesAtATime) {
            try MeasurementStopped.check(shouldStop)
            let end = min(first + Self.imagesAtATime, data.count)
            logits += try predictor.logits(of: data, first..<end)
        }
        let classes = model.network.classes
        var signals = [Float](repeating: 0, count: logits.count)
        var span = signals.mutableSpan
        Kernels.sigmoid(logits.span, into: &span, threads: threads)
        let targets = Targets.oneHot(data.labels, classes: classes)
        var gradient = [Float](repeating: 0, count: logits.count)
        var gradientSpan = gradient.mutableSpan
        let sums = ([CrossEntropyLoss(), SynapticLoss()] as [any Loss]).map {
            $0.evaluate(
                logits: logits.span, targets: targets.span, classes: classes, scale: 1,
                gradient: &gradientSpan)
        }
        self.logits = logits
        self.signals = signals
        labels = data.labels
        answers = model.answers(logits)
        self.classes = classes
        // Targets are hard, so cross-entropy is the divergence.
        divergence = sums[0] / Double(data.count)
        entropy = (sums[1] - sums[0]) / Double(data.count)
    }

    /// Calls `body` with z and p of each output, and whether it is the output of the image's class.
    package func forEach(_ body: (_ z: Float, _ p: Float, _ isTarget: Bool) -> Void) {
        for (image, label) in labels.enumerated() {
            for output in 0..<classes {
                let place = image * classes + output
                body(logits[place], signals[place], output == Int(label))
            }
        }
    }

    /// The calibration of each image's strongest output as a prediction of its class.
    package func strongest(bins: Int = 15) -> Calibration {
        var result = Calibration(bins: bins)
        for (image, answer) in answers.enumerated() {
            result.add(
                confidence: Double(signals[image * classes + answer]),
                isRight: answer == Int(labels[image]))
        }
        return result
    }

    /// The calibration of every output as the probability of its class.
    package func every(bins: Int = 15) -> Calibration {
        var result = Calibration(bins: bins)
        forEach { result.add(confidence: Double($1), isRight: $2) }
        return result
    }
}
