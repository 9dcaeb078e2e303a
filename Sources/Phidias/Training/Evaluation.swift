import PhidiasKernels

/// How a model does on labelled images.
public struct Evaluation: Sendable, Equatable {
    /// Images of each class (row) that were taken for each class (column).
    public let confusion: [[Int]]
    /// Mean loss of an image.
    public let loss: Double

    /// Images that were evaluated.
    public var images: Int { confusion.reduce(0) { $0 + $1.reduce(0, +) } }
    /// Share of images whose class was told, 0 … 1.
    public var accuracy: Double {
        Double(confusion.indices.reduce(0) { $0 + confusion[$1][$1] }) / Double(max(images, 1))
    }

    /// Of the images taken for the class, the share that are; nil if there are none.
    /// - Precondition: `label` is an index of `confusion`.
    public func precision(_ label: Int) -> Double? {
        ratio(confusion[label][label], confusion.reduce(0) { $0 + $1[label] })
    }

    /// Of the images of the class, the share that were told; nil if there are none.
    /// - Precondition: `label` is an index of `confusion`.
    public func recall(_ label: Int) -> Double? {
        ratio(confusion[label][label], confusion[label].reduce(0, +))
    }

    private func ratio(_ part: Int, _ whole: Int) -> Double? {
        whole == 0 ? nil : Double(part) / Double(whole)
    }
}

extension Model {
    /// - Throws: `ModelError` if the data does not fit the network.
    public func check(_ data: Dataset) throws(ModelError) { try Self.check(data, fits: network) }

    /// - Throws: `ModelError` if the data does not fit the network.
    package static func check(_ data: Dataset, fits network: Network) throws(ModelError) {
        guard data.shape == network.input else {
            throw .images(
                network: network.description, expected: network.input.pixels,
                found: data.shape.pixels)
        }
        guard data.classes <= network.classes else {
            throw .classes(outputs: network.classes, classes: data.classes)
        }
    }

    /// Accuracy, loss and confusion matrix on a data set.
    /// - Parameters:
    ///   - data: of the network's image size, and of no more classes.
    ///   - loss: for the network's output activation.
    ///   - threads: nil takes those of `threads(_:)`.
    /// - Throws: what `check(_:)` and `logits(images:threads:)` throw; `ModelError.output` for a loss
    ///   of other outputs than the network's.
    public func evaluate(_ data: Dataset, loss: any Loss, threads: Int? = nil) throws(ModelError)
        -> Evaluation
    {
        try check(data)
        guard loss.outputActivation == network.outputActivation else {
            throw .output(
                loss: loss.name, needs: loss.outputActivation, network: network.outputActivation)
        }
        let classes = network.classes
        // Logits, targets and gradient.
        let bytes = 3 * MemoryLayout<Float>.stride * data.count * classes
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
        let logits = try logits(images: data.images, threads: threads)
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        for (label, answer) in zip(data.labels, answers(logits)) {
            confusion[Int(label)][answer] += 1
        }
        let targets = Targets.oneHot(data.labels, classes: classes)
        var gradient = [Float](repeating: 0, count: logits.count)
        var span = gradient.mutableSpan
        let sum = loss.evaluate(
            logits: logits.span, targets: targets.span, classes: classes, scale: 1,
            gradient: &span)
        return Evaluation(confusion: confusion, loss: sum / Double(data.count))
    }
}

enum Targets {
    /// [labels][classes]: 1 at the label, else 0.
    static func oneHot(_ labels: [UInt8], classes: Int) -> [Float] {
        var targets = [Float](repeating: 0, count: labels.count * classes)
        for (row, label) in labels.enumerated() { targets[row * classes + Int(label)] = 1 }
        return targets
    }
}
