import PhidiasKernels

/// The performance of a model on labelled images, or on rows of numbers.
public struct Evaluation: Sendable, Equatable {
    /// The number of images of each class (row) that were assigned to each class (column); empty
    /// where numbers are predicted.
    public let confusion: [[Int]]
    /// The mean loss of an image or row.
    public let loss: Double
    /// How well each number is predicted; empty for classes.
    public let regression: [RegressionScore]
    /// The number of images or rows that were evaluated.
    public let images: Int

    init(
        confusion: [[Int]] = [], loss: Double, regression: [RegressionScore] = [], images: Int
    ) {
        (self.confusion, self.loss, self.regression) = (confusion, loss, regression)
        self.images = images
    }

    /// The share of images classified correctly, 0 … 1; NaN where numbers are predicted.
    public var accuracy: Double {
        guard regression.isEmpty else { return .nan }
        return Double(confusion.indices.reduce(0) { $0 + confusion[$1][$1] })
            / Double(max(images, 1))
    }

    /// The share of correct predictions among the images assigned to the class; nil if there are
    /// none.
    /// - Precondition: `label` is an index of `confusion`.
    public func precision(_ label: Int) -> Double? {
        ratio(confusion[label][label], confusion.reduce(0) { $0 + $1[label] })
    }

    /// The share of correct predictions among the images of the class; nil if there are none.
    /// - Precondition: `label` is an index of `confusion`.
    public func recall(_ label: Int) -> Double? {
        ratio(confusion[label][label], confusion[label].reduce(0, +))
    }

    /// The harmonic mean of precision and recall; nil if no image is of the class or assigned to it.
    /// - Precondition: `label` is an index of `confusion`.
    public func f1(_ label: Int) -> Double? {
        let both = confusion[label].reduce(0, +) + confusion.reduce(0) { $0 + $1[label] }
        return ratio(2 * confusion[label][label], both)
    }

    /// A mean over classes, each with the same weight, however many images it has: precision, recall
    /// and F1 of those that images are of or were assigned to. What is undefined counts as 0.
    public struct MacroAverages: Sendable, Equatable {
        /// Each from 0 to 1.
        public let precision, recall, f1: Double
    }

    /// The macro averages; nil where numbers are predicted, or there are no images.
    public var macroAverages: MacroAverages? {
        let known = confusion.indices.filter { f1($0) != nil }
        guard !known.isEmpty else { return nil }
        func mean(_ value: (Int) -> Double?) -> Double {
            known.reduce(0) { $0 + (value($1) ?? 0) } / Double(known.count)
        }
        return MacroAverages(precision: mean(precision), recall: mean(recall), f1: mean(f1))
    }

    /// The mean of R² over the numbers that are predicted; nil for classes, and where a number is
    /// constant in the data.
    public var r2: Double? {
        let all = regression.compactMap(\.r2)
        guard !all.isEmpty, all.count == regression.count else { return nil }
        return all.reduce(0, +) / Double(all.count)
    }

    /// The mean of the mean absolute errors of the numbers that are predicted; nil for classes.
    public var meanAbsoluteError: Double? {
        guard !regression.isEmpty else { return nil }
        return regression.reduce(0) { $0 + $1.meanAbsoluteError } / Double(regression.count)
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
        func kind(_ isNumeric: Bool) -> String { isNumeric ? "rows of numbers" : "images" }
        guard data.isNumeric == (network.inputRange == .numbers) else {
            throw .kind(network: kind(!data.isNumeric), data: kind(data.isNumeric))
        }
        func answers(_ isRegression: Bool) -> String {
            isRegression ? "numbers to predict" : "classes"
        }
        guard data.isRegression == (network.outputActivation == .identity) else {
            throw .kind(network: answers(!data.isRegression), data: answers(data.isRegression))
        }
        guard
            data.isRegression
                ? data.targetCount == network.classes : data.classes <= network.classes
        else { throw .classes(outputs: network.classes, classes: data.outputs) }
    }

    /// Accuracy, loss and confusion matrix on a data set.
    /// - Parameters:
    ///   - data: images of the network's size, with no more classes.
    ///   - loss: a loss for the network's output activation.
    ///   - threads: nil takes the number from `threads(_:)`.
    /// - Throws: the errors of `check(_:)` and `logits(images:threads:)`; `ModelError.output` for a
    ///   loss with another output activation than the network's.
    public func evaluate(_ data: Dataset, loss: any Loss, threads: Int? = nil) throws(ModelError)
        -> Evaluation
    {
        try evaluate(data, loss: loss, threads: threads, sharing: nil)
    }

    /// The same by several processes, each of which makes this call and takes a part of the images.
    package func evaluate(
        _ data: Dataset, loss: any Loss, threads: Int?, sharing: SharedTraining?
    ) throws(ModelError) -> Evaluation {
        try check(data)
        guard loss.outputActivation == network.outputActivation else {
            throw .output(
                loss: loss.name, needs: loss.outputActivation, network: network.outputActivation)
        }
        let classes = network.classes
        // Logits, targets and gradient.
        let bytes = 3 * MemoryLayout<Float>.stride * data.count * classes
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
        let logits = try logits(of: data, threads: threads, sharing: sharing)
        guard !data.isRegression else {
            return regression(of: logits, data, loss)
        }
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
        return Evaluation(
            confusion: confusion, loss: sum / Double(data.count), images: data.count)
    }

    /// - Parameter logits: the outputs, standardized: [count][targets].
    private func regression(
        of logits: [Float], _ data: Dataset, _ loss: any Loss
    ) -> Evaluation {
        let targets = scalings.output?.standardize(data.targets) ?? data.targets
        var gradient = [Float](repeating: 0, count: logits.count)
        var span = gradient.mutableSpan
        let sum = loss.evaluate(
            logits: logits.span, targets: targets.span, classes: network.classes, scale: 1,
            gradient: &span)
        let predicted = scalings.output?.restore(logits) ?? logits
        return Evaluation(
            loss: sum / Double(data.count),
            regression: (0..<data.targetCount).map {
                RegressionScore(predicted, data.targets, column: $0, of: data.targetCount)
            }, images: data.count)
    }
}

enum Targets {
    /// One-hot rows [labels][classes]: 1 at the label, else 0.
    static func oneHot(_ labels: [UInt8], classes: Int) -> [Float] {
        var targets = [Float](repeating: 0, count: labels.count * classes)
        for (row, label) in labels.enumerated() { targets[row * classes + Int(label)] = 1 }
        return targets
    }
}
