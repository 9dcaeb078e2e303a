import Phidias

/// The result of a cell of a sweep: a line of results.jsonl.
public struct SweepResult: Sendable, Equatable {
    /// What tells the cells of a sweep apart.
    public struct Cell: Sendable, Hashable {
        /// The values of the settings that vary.
        public var settings: [RunDocument.Setting]
        /// The seed.
        public var seed: UInt64
        /// The fold that is held out, counted from 0.
        public var fold: Int

        package init(settings: [RunDocument.Setting], seed: UInt64, fold: Int) {
            self.settings = settings
            self.seed = seed
            self.fold = fold
        }
    }

    /// Where a number was no longer finite.
    public struct Divergence: Sendable, Hashable {
        /// The step, counted from 1.
        public var step: Int
        /// The layer, counted from 0.
        public var layer: Int
        /// What was not finite, such as a weight.
        public var what: String

        package init(step: Int, layer: Int, what: String) {
            self.step = step
            self.layer = layer
            self.what = what
        }
    }

    /// How training ended.
    public enum Outcome: Sendable, Equatable {
        /// With the weights at the end; `training` is of the last epoch, each image with the
        /// weights of its step. A loss that is not finite is read as infinity.
        case finished(
            training: EpochMetrics.Score, validation: EpochMetrics.Score, test: EpochMetrics.Score,
            weightsSHA256: String)
        /// Training diverged.
        case diverged(Divergence)
    }

    /// The result of an epoch.
    public struct Epoch: Sendable, Equatable {
        /// Validation accuracy, or R² of numbers to predict, with the weights at its end.
        public var validation: Double
        /// The same on the test images.
        public var test: Double
        /// The time it took, in seconds.
        public var seconds: Double

        package init(validation: Double, test: Double, seconds: Double) {
            self.validation = validation
            self.test = test
            self.seconds = seconds
        }
    }

    /// The cell.
    public var cell: Cell
    /// How its training ended.
    public var outcome: Outcome
    /// The results of all epochs that ended; empty where they are not recorded.
    public var epochs: [Epoch]
    /// Seconds of training, which another run does not repeat.
    public var trainingSeconds: Double
    /// Seconds of the whole cell, likewise.
    public var seconds: Double

    package init(
        cell: Cell, outcome: Outcome, epochs: [Epoch] = [], trainingSeconds: Double,
        seconds: Double
    ) {
        self.cell = cell
        self.outcome = outcome
        self.epochs = epochs
        self.trainingSeconds = trainingSeconds
        self.seconds = seconds
    }

    /// The version that is written, and read.
    package static let formatVersion = 1

    /// What the numbers of epochs are.
    private var measure: String {
        guard case .finished(_, let validation, _, _) = outcome else {
            return QualityMeasure.accuracy.rawValue
        }
        return QualityMeasure(validation).rawValue
    }

    /// As one line of JSON, wall-clock figures under `timing`.
    package var json: JSON {
        var members: [JSON.Member] = [
            .init(key: "version", value: .integer(Self.formatVersion)),
            .init(key: "settings", value: RunDocument.Setting.object(cell.settings)),
            // As text: a seed may be larger than what other readers of JSON keep exactly.
            .init(key: "seed", value: .string(String(cell.seed))),
            .init(key: "fold", value: .integer(cell.fold)),
        ]
        switch outcome {
        case .finished(let training, let validation, let test, let sum):
            for (name, score) in [
                ("training", training), ("validation", validation), ("test", test),
            ] {
                members += score.members(name)
            }
            members.append(.init(key: "weights_sha256", value: .string(sum)))
        case .diverged(let place):
            members.append(
                .init(
                    key: "diverged",
                    value: .members([
                        "step": .integer(place.step), "layer": .integer(place.layer),
                        "what": .string(place.what),
                    ])))
        }
        func numbers(_ value: (Epoch) -> Double) -> JSON {
            .array(epochs.map { .number(value($0)) })
        }
        var timing: [JSON.Member] = [
            .init(key: "training_seconds", value: .number(trainingSeconds)),
            .init(key: "seconds", value: .number(seconds)),
        ]
        if !epochs.isEmpty {
            members += [
                .init(key: "epoch_validation_\(measure)", value: numbers(\.validation)),
                .init(key: "epoch_test_\(measure)", value: numbers(\.test)),
            ]
            timing.append(.init(key: "epoch_seconds", value: numbers(\.seconds)))
        }
        members.append(.init(key: "timing", value: .object(timing)))
        return .object(members)
    }

    /// Reads what `json` gives; nil if it is anything else.
    package init?(_ json: JSON) {
        func score(_ name: String) -> EpochMetrics.Score? {
            guard let score = EpochMetrics.Score(json, name, lostLoss: .infinity),
                (0...1).contains(score.accuracy ?? 0), score.r2 ?? 0 <= 1
            else { return nil }
            return score
        }
        guard let settings = RunDocument.Setting.read(json["settings"]),
            let seed = json["seed"]?.stringValue.flatMap({ UInt64($0) }),
            let fold = json["fold"]?.integerValue, fold >= 0,
            let timing = json["timing"], let all = timing["seconds"]?.doubleValue,
            let training = timing["training_seconds"]?.doubleValue
        else { return nil }
        let outcome: Outcome
        if let place = json["diverged"] {
            guard let step = place["step"]?.integerValue, step > 0,
                let layer = place["layer"]?.integerValue, layer >= 0,
                let what = place["what"]?.stringValue
            else { return nil }
            outcome = .diverged(.init(step: step, layer: layer, what: what))
        } else {
            guard let first = score("training"), let second = score("validation"),
                let third = score("test"), let sum = json["weights_sha256"]?.stringValue
            else { return nil }
            outcome = .finished(
                training: first, validation: second, test: third, weightsSHA256: sum)
        }
        guard let epochs = Self.epochs(json, timing) else { return nil }
        self.init(
            cell: Cell(settings: settings, seed: seed, fold: fold), outcome: outcome,
            epochs: epochs, trainingSeconds: training, seconds: all)
        guard self.json.objectValue?.map(\.key) == json.objectValue?.map(\.key) else { return nil }
    }

    /// - Returns: nil if they are not understood.
    private static func epochs(_ json: JSON, _ timing: JSON) -> [Epoch]? {
        func numbers(_ json: JSON?) -> [Double]? {
            guard let json else { return [] }
            let values = json.arrayValue?.compactMap(\.doubleValue)
            return values?.count == json.arrayValue?.count ? values : nil
        }
        let measure: QualityMeasure = json["epoch_validation_r2"] == nil ? .accuracy : .r2
        guard let validation = numbers(json["epoch_validation_\(measure.rawValue)"]),
            let test = numbers(json["epoch_test_\(measure.rawValue)"]),
            let seconds = numbers(timing["epoch_seconds"]),
            validation.count == test.count, test.count == seconds.count,
            (validation + test).allSatisfy({ $0 <= 1 && ($0 >= 0 || measure == .r2) })
        else { return nil }
        return validation.indices.map {
            Epoch(validation: validation[$0], test: test[$0], seconds: seconds[$0])
        }
    }
}

/// The results of a sweep, in the order in which its cells ended: the file results.jsonl.
package enum SweepResultsFile {
    /// Largest file, and longest line, that is read.
    package static let largestFile = 1 << 28, longestLine = 1 << 16

    /// - Returns: the results, and the bytes of whole lines: what comes after them is a line that
    ///   was cut off, as a loss of power may leave it.
    /// - Throws: `DataError`, `SweepFileError` with the byte.
    package static func read(
        _ path: String
    ) throws -> (results: [SweepResult], length: Int, size: Int) {
        let bytes = try FileBytes.read(path, limit: largestFile)
        let found = try parse(bytes, path: path)
        return (found.results, found.length, bytes.count)
    }

    package static func parse(
        _ bytes: [UInt8], path: String
    ) throws(SweepFileError) -> (results: [SweepResult], length: Int) {
        var results: [SweepResult] = []
        var known: Set<SweepResult.Cell> = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let json: JSON
            do {
                json = try JSON(
                    parsing: bytes[start..<end],
                    limits: .init(bytes: longestLine, depth: 4, values: 1 << 12))
            } catch {
                throw SweepFileError(path: path, byte: start + error.byte, reason: error.reason)
            }
            if let version = json["version"]?.integerValue, version != SweepResult.formatVersion {
                throw SweepFileError(
                    path: path, byte: start,
                    reason: "the line is of version \(version), and this program reads "
                        + "\(SweepResult.formatVersion)")
            }
            guard let result = SweepResult(json) else {
                throw SweepFileError(
                    path: path, byte: start, reason: "the line is not the result of a cell")
            }
            guard known.insert(result.cell).inserted else {
                throw SweepFileError(
                    path: path, byte: start, reason: "an earlier line has the same cell")
            }
            results.append(result)
            start = end + 1
        }
        return (results, start)
    }
}
