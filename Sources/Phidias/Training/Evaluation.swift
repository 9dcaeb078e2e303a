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
    public func precision(_ label: Int) -> Double? {
        ratio(confusion[label][label], confusion.reduce(0) { $0 + $1[label] })
    }

    /// Of the images of the class, the share that were told; nil if there are none.
    public func recall(_ label: Int) -> Double? {
        ratio(confusion[label][label], confusion[label].reduce(0, +))
    }

    private func ratio(_ part: Int, _ whole: Int) -> Double? {
        whole == 0 ? nil : Double(part) / Double(whole)
    }
}

extension Model {
    /// Images run through the network at once when it is only evaluated.
    static let evaluationBatch = 240

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

    /// Logits [count, classes] of images [count, channels, rows, columns] of bytes.
    /// - Parameter threads: nil takes those of `threads(_:)`.
    /// - Throws: `ModelError.images` if the last image is not whole; where memory or threads are
    ///   missing.
    public func logits(images: [UInt8], threads: Int? = nil) throws(ModelError) -> [Float] {
        let threads = try Self.threads(threads)
        let (count, rest) = images.count.quotientAndRemainder(dividingBy: network.inputs)
        guard rest == 0 else {
            throw .images(
                network: network.description, expected: network.input.pixels,
                found: "\(rest) bytes after the last whole one")
        }
        guard count > 0 else { return [] }
        let size = min(count, Self.evaluationBatch)
        let stack = try stack(batchCapacity: size, role: .evaluation, threads: threads)
        let order = (0..<UInt32(count)).map { $0 }
        var result = [Float](repeating: 0, count: count * network.classes)
        for start in stride(from: 0, to: count, by: size) {
            let batch = start..<min(start + size, count)
            var all = result.mutableSpan
            var part = all._mutatingExtracting(
                batch.lowerBound * network.classes..<batch.upperBound * network.classes)
            stack.forward(
                images: images.span, indices: order.span.extracting(batch), logits: &part,
                threads: threads)
        }
        return result
    }

    /// For each row of logits [count, classes] the class with the largest, the first of equals. Their
    /// probabilities would not do: above 17 every sigmoid is 1.
    package func answers(_ logits: [Float]) -> [Int] {
        let classes = network.classes
        return stride(from: 0, to: logits.count, by: classes).map { first in
            var best = first
            for place in first..<first + classes where logits[place] > logits[best] { best = place }
            return best - first
        }
    }

    /// Class probabilities [count, classes] of images as `logits(images:threads:)` takes them:
    /// sigmoid or softmax of the logits.
    public func probabilities(images: [UInt8], threads: Int? = nil) throws(ModelError) -> [Float] {
        probabilities(of: try logits(images: images, threads: threads))
    }

    /// The same for logits [count, classes].
    package func probabilities(of logits: [Float]) -> [Float] {
        var result = [Float](repeating: 0, count: logits.count)
        var span = result.mutableSpan
        switch network.outputActivation {
        case .sigmoid: Kernels.sigmoid(logits.span, into: &span, threads: 1)
        case .softmax:
            Kernels.softmax(
                m: logits.count / network.classes, n: network.classes, z: logits.span,
                ldz: network.classes, into: &span, ldp: network.classes, threads: 1)
        }
        return result
    }

    /// Accuracy, loss and confusion matrix on a data set.
    public func evaluate(_ data: Dataset, loss: any Loss, threads: Int? = nil) throws(ModelError)
        -> Evaluation
    {
        try check(data)
        let logits = try logits(images: data.images, threads: threads)
        let classes = network.classes
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
