import PhidiasKernels

/// The metrics of one epoch of a run: a line of metrics.jsonl.
public struct EpochMetrics: Sendable, Equatable {
    /// A mean loss, and an accuracy or the errors of numbers that are predicted.
    public struct Score: Sendable, Hashable {
        /// The mean loss of an image or row, in the loss's own unit (nats, except for squares).
        public var loss: Double
        /// The share of correctly classified images, from 0 to 1; nil where numbers are predicted.
        public var accuracy: Double?
        /// The mean absolute error of the numbers that are predicted, in their own unit.
        public var meanAbsoluteError: Double?
        /// R² of the numbers that are predicted, at most 1.
        public var r2: Double?

        /// - Parameters:
        ///   - loss: a mean loss.
        ///   - accuracy: from 0 to 1, for classes.
        ///   - meanAbsoluteError: at least 0, for numbers.
        ///   - r2: at most 1, for numbers.
        public init(
            loss: Double, accuracy: Double?, meanAbsoluteError: Double? = nil, r2: Double? = nil
        ) {
            (self.loss, self.accuracy) = (loss, accuracy)
            (self.meanAbsoluteError, self.r2) = (meanAbsoluteError, r2)
        }

        /// The result of an evaluation.
        public init(_ evaluation: Evaluation) {
            self.init(
                loss: evaluation.loss,
                accuracy: evaluation.regression.isEmpty ? evaluation.accuracy : nil,
                meanAbsoluteError: evaluation.meanAbsoluteError, r2: evaluation.r2)
        }

        /// What settings are ranked by: the accuracy or R²; NaN if there is neither.
        package var quality: Double { accuracy ?? r2 ?? .nan }

        /// The members `NAME_loss` and `NAME_accuracy`, or those of numbers.
        package func members(_ name: String) -> [JSON.Member] {
            let values = [
                ("loss", loss), ("accuracy", accuracy), ("mae", meanAbsoluteError), ("r2", r2),
            ]
            return values.compactMap { what, value in
                value.map { JSON.Member(key: "\(name)_\(what)", value: .number($0)) }
            }
        }

        /// Reads what `members` gives; nil if there is no loss.
        /// - Parameter lostLoss: what a loss of null stands for; nil: it is none.
        package init?(_ json: JSON, _ name: String, lostLoss: Double? = nil) {
            let member = json["\(name)_loss"]
            guard let loss = member == .null ? lostLoss : member?.doubleValue else { return nil }
            self.init(
                loss: loss, accuracy: json["\(name)_accuracy"]?.doubleValue,
                meanAbsoluteError: json["\(name)_mae"]?.doubleValue,
                r2: json["\(name)_r2"]?.doubleValue)
        }
    }

    /// The epoch, counted from 1.
    public var epoch: Int
    /// The score on the training images, each with the weights of its step.
    public var training: Score
    /// The score on the test images with the weights at the epoch's end; nil if it was not
    /// evaluated after this epoch.
    public var test: Score?
    /// The same on the images kept for validation, if there are any.
    public var validation: Score?
    /// Learning rate η of the epoch's last step; nil in files of older versions.
    public var learningRate: Double?
    /// Momentum weight α of the epoch's last step; nil in files of older versions.
    public var momentum: Double?
    /// The training time in seconds.
    public var seconds: Double

    /// - Parameters:
    ///   - epoch: counted from 1.
    ///   - training: score on the training images.
    ///   - test: score on the test images.
    ///   - validation: score on the images kept for validation.
    ///   - learningRate: learning rate of the last step.
    ///   - momentum: momentum weight of the last step.
    ///   - seconds: training time.
    public init(
        epoch: Int, training: Score, test: Score?, validation: Score?, learningRate: Double? = nil,
        momentum: Double? = nil, seconds: Double
    ) {
        self.epoch = epoch
        (self.learningRate, self.momentum) = (learningRate, momentum)
        self.training = training
        self.test = test
        self.validation = validation
        self.seconds = seconds
    }

    /// The metrics as one line of JSON, wall-clock figures under `timing`.
    package var json: JSON {
        var members: [JSON.Member] = [.init(key: "epoch", value: .integer(epoch))]
        members += training.members("training")
        if let test { members += test.members("test") }
        if let validation { members += validation.members("validation") }
        if let learningRate {
            members.append(.init(key: "learning_rate", value: .number(learningRate)))
        }
        if let momentum { members.append(.init(key: "momentum", value: .number(momentum))) }
        members.append(.init(key: "timing", value: .members(["seconds": .number(seconds)])))
        return .object(members)
    }

    /// Reads the result of `json`; nil if it is anything else.
    package init?(_ json: JSON) {
        func score(_ name: String) -> Score? { Score(json, name) }
        guard let epoch = json["epoch"]?.integerValue, epoch > 0,
            let training = score("training"),
            let seconds = json["timing"]?["seconds"]?.doubleValue
        else { return nil }
        self.init(
            epoch: epoch, training: training, test: score("test"),
            validation: score("validation"), learningRate: json["learning_rate"]?.doubleValue,
            momentum: json["momentum"]?.doubleValue, seconds: seconds)
        guard self.json.objectValue?.map(\.key) == json.objectValue?.map(\.key) else { return nil }
    }
}

/// The file metrics.jsonl: the metrics of a run, one line per epoch.
public enum MetricsFile {
    /// The largest file that is read, in bytes.
    package static let largestFile = 1 << 28

    /// Reads the epochs of a file. A last line that was cut off, for example by a loss of power, is
    /// ignored.
    /// - Throws: `DataError`, `RunFileError` with the line.
    public static func read(_ path: String) throws -> [EpochMetrics] {
        let bytes = try FileBytes.read(path, limit: largestFile)
        try Memory.check(2 * bytes.count, for: path)
        return try parse(bytes, path: path).epochs
    }

    /// - Returns: the epochs, and the number of bytes in whole lines.
    package static func parse(
        _ bytes: [UInt8], path: String
    ) throws(RunFileError) -> (epochs: [EpochMetrics], length: Int) {
        var epochs: [EpochMetrics] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let json: JSON
            do {
                json = try JSON(
                    parsing: bytes[start..<end], limits: .init(bytes: 1 << 16, depth: 4))
            } catch {
                throw .syntax(path: path, byte: start + error.byte, reason: error.reason)
            }
            guard let metrics = EpochMetrics(json), metrics.epoch == epochs.count + 1 else {
                throw .content(
                    path: path, byte: start,
                    reason: "the line is not the record of epoch \(epochs.count + 1)")
            }
            epochs.append(metrics)
            start = end + 1
        }
        return (epochs, start)
    }

    /// The file's bytes.
    package static func bytes(_ epochs: [EpochMetrics]) -> [UInt8] {
        epochs.flatMap { Array($0.json.text().utf8) + [UInt8(ascii: "\n")] }
    }
}
