import FoundationEssentials
import Glibc
import Phidias
import Synchronization

/// What an experiment has measured, kept in its folder until its results are written: the same
/// experiment continues from there, however it ended.
///
/// - `progress.json`: what is computed, and from what data.
/// - `progress.jsonl`: a line for each epoch and for the end of each part.
/// - `progress.safetensors`: the state of the training after an epoch.
///
/// A line names the checksum of its epoch's state and is written before it. After a kill between the
/// two the state is still that of an earlier line, from which training continues.
///
/// A line takes the place of those of its part from its epoch on: they were of a start whose state is
/// not known.
///
/// What is measured is used as it is read from its line, also by the call that wrote it: so the
/// result of an experiment that was interrupted, or shared by ranks, cannot differ. On other ranks than
/// the first there is no folder: their lines go to the first rank.
final class ExperimentProgress: Sendable {
    /// The files.
    static let names = ["progress.json", "progress.jsonl", "progress.safetensors"]
    private static let largestFile = 1 << 28

    /// Nil on another rank than the first.
    private let folder: String?
    private let lock: FolderLock?
    private let log: LineLog?
    private let lines: Mutex<[Line]>

    /// Locks the folder and reads what an earlier call has left, or begins.
    /// - Parameters:
    ///   - folder: made where it is missing.
    ///   - name: of the experiment.
    ///   - record: what it computes.
    ///   - ranks: share the parts, which all have to agree on; nil for this process alone.
    ///   - shouldStop: asked while they do.
    ///   - onEvent: is told if it continues.
    /// - Throws: `ExperimentError.otherProgress` if that is of other settings, data or version;
    ///   `FileError`.
    init(
        in folder: String, _ name: String, _ record: ExperimentRecord, over ranks: RankGroup?,
        shouldStop: () -> Bool, _ onEvent: (ExperimentEvent) -> Void
    ) throws {
        let document = SweepDocument(experiment: name, record)
        _ = try ranks?.agree(on: document, jobs: 1, shouldStop: shouldStop)
        if let ranks, !ranks.isFirst {
            (self.folder, lock, log) = (nil, nil, nil)
            lines = Mutex([])
            return
        }
        self.folder = folder
        lock = try FolderLock(making: folder)
        let paths = Self.names.map { "\(folder)/\($0)" }
        var (lines, length) = try Self.lines(paths[1])
        let reason = try Self.conflict(of: document, paths[0])
        if let reason {
            // What has not begun, or has no line yet, is not lost.
            guard lines.isEmpty || access(paths[0], F_OK) != 0 else {
                throw ExperimentError.otherProgress(folder: folder, reason: reason)
            }
            (lines, length) = ([], 0)
            for path in paths.dropFirst() { unlink(path) }
            try document.write(to: paths[0])
        }
        log = try LineLog(path: paths[1], keeping: length)
        let count = lines.count
        self.lines = Mutex(lines)
        if count > 0 { onEvent(.continues(lines: count)) }
    }

    private static func conflict(of document: SweepDocument, _ path: String) throws -> String? {
        guard access(path, F_OK) == 0 else { return "there is no record of the settings." }
        do {
            return document.conflict(with: try SweepDocument(path: path))
        } catch let error as SweepFileError {
            return error.description
        }
    }

    /// Calls a measurement.
    /// - Returns: nil if it was asked to stop. After a divergence, which would only be repeated,
    ///   nothing is kept.
    func measure<Result>(_ body: () throws -> Result) throws -> Result? {
        do {
            return try body()
        } catch is MeasurementStopped {
            return nil
        } catch let error as TrainingError where error.divergedInStep != nil {
            remove()
            throw error
        }
    }

    /// Shows and writes the result, after which nothing has to be kept.
    func finish(
        _ result: ExperimentResult, _ renderer: ChartRenderer?,
        _ onEvent: (ExperimentEvent) -> Void
    ) throws {
        onEvent(.result(result))
        if let folder { try result.write(to: folder, renderer: renderer) }
        remove()
    }

    private func remove() {
        guard let folder else { return }
        log?.close()
        for name in Self.names { unlink("\(folder)/\(name)") }
    }

    // MARK: - Parts

    /// What a part has measured; nil if it has not ended.
    func end(of part: String) -> JSON? {
        lines.withLock { $0.first { $0.part == part && $0.epoch == nil }?.measured }
    }

    /// Keeps what a part has measured.
    /// - Returns: the same as it will be read.
    func end(_ part: String, with measured: JSON) throws -> JSON {
        try append(part, epoch: nil, state: nil, measured)
    }

    /// What a part has measured, by an earlier call or now.
    func measured(_ part: String, _ measure: () throws -> JSON) throws -> JSON {
        try end(of: part) ?? end(part, with: measure())
    }

    /// What the epochs of a part have measured.
    func epochs(of part: String) -> [JSON] {
        lines.withLock { $0.filter { $0.part == part && $0.epoch != nil }.map(\.measured) }
    }

    /// The epochs that a part's training can continue from: what they measured, and the state after
    /// the last of them. Later lines, whose state was not written, are removed.
    func epochs(
        of part: String, _ trainer: Trainer
    ) throws -> (measured: [JSON], state: TrainingState?) {
        guard let folder, !epochs(of: part).isEmpty else { return ([], nil) }
        let path = "\(folder)/\(Self.names[2])"
        let bytes = access(path, F_OK) == 0 ? try FileBytes.read(path, limit: .max) : []
        let sum = Checksum.sha256(bytes)
        let isKnown = lines.withLock { lines in
            let last = lines.lastIndex { $0.part == part && $0.state == sum } ?? -1
            let kept = lines.enumerated().filter { $0 <= last || $1.part != part }
            lines = kept.map(\.element)
            return last >= 0
        }
        guard isKnown else { return ([], nil) }
        let file = try TrainingStateFile(bytes: bytes, name: path)
        try file.check(against: trainer)
        return (epochs(of: part), file.state)
    }

    /// Keeps what was measured before the first epoch, or in an epoch of a part, and the trainer's
    /// state after it.
    /// - Returns: what was measured, as it will be read.
    func add(epoch: Int, of part: String, _ measured: JSON, _ trainer: Trainer) throws -> JSON {
        guard let folder, epoch > 0, let state = trainer.state else {
            return try append(part, epoch: epoch, state: nil, measured)
        }
        let bytes = try TrainingStateFile(
            state: state, loss: trainer.loss.name, batchSize: trainer.batchSize, seed: trainer.seed
        ).bytes
        let read = try append(part, epoch: epoch, state: Checksum.sha256(bytes), measured)
        try DurableFile.write(bytes, to: "\(folder)/\(Self.names[2])")
        return read
    }

    /// Measures parts that have not ended, each on one rank. Whoever asks for them afterwards finds
    /// them. Does nothing where this process is alone.
    /// - Parameters:
    ///   - parts: their names.
    ///   - measure: measures the part with a number.
    /// - Throws: what `measure` throws, but for `MeasurementStopped`; `RankIsDone` on every rank but the
    ///   first.
    func share(
        _ parts: [String], over ranks: RankGroup?, shouldStop: @escaping () -> Bool,
        _ onEvent: @escaping (ExperimentEvent) -> Void, _ measure: @escaping (Int) throws -> Void
    ) throws {
        guard let ranks else { return }
        // They are called by this thread, or one at a time.
        nonisolated(unsafe) let (measure, onEvent) = (measure, onEvent)
        nonisolated(unsafe) let shouldStop = shouldStop
        let left = parts.indices.filter { end(of: parts[$0]) == nil }
        try CellWork(
            over: ranks, left.sorted { hasBegun(parts[$0]) && !hasBegun(parts[$1]) },
            shouldStop: { shouldStop() },
            makeWorker: { _ in
                { index in
                    do {
                        try measure(index)
                    } catch is MeasurementStopped {
                        return nil
                    } catch let error as TrainingError
                        where error.divergedInStep != nil && !ranks.isFirst
                    {
                        // The first rank will find nothing of the part, diverge itself, and say so.
                        return ""
                    }
                    // The first rank's lines are kept already.
                    return ranks.isFirst ? "" : self.text(of: parts[index])
                }
            },
            keep: { index, text in
                guard !text.isEmpty else { return }
                for text in text.split(separator: "\n") {
                    guard let line = Line(text), line.part == parts[index] else {
                        throw ExperimentError.damagedProgress(part: parts[index])
                    }
                    try self.append(line)
                }
                onEvent(.done(parts[index]))
            }
        ).run(jobs: 1)
        guard ranks.isFirst else { throw RankIsDone() }
    }

    private func hasBegun(_ part: String) -> Bool { !epochs(of: part).isEmpty }

    private func text(of part: String) -> String {
        lines.withLock { $0.filter { $0.part == part }.map(\.text).joined(separator: "\n") }
    }

    private func append(
        _ part: String, epoch: Int?, state: String?, _ measured: JSON
    ) throws -> JSON {
        var members = [JSON.Member(key: "part", value: .string(part))]
        if let epoch { members.append(.init(key: "epoch", value: .integer(epoch))) }
        if let state { members.append(.init(key: "state_sha256", value: .string(state))) }
        let text = JSON.object(members + [.init(key: "measured", value: measured)]).text()
        guard let line = Line(text) else {
            preconditionFailure("a line that cannot be read: \(text.prefix(100))")
        }
        try append(line)
        return line.measured
    }

    // MARK: - Lines

    private func append(_ line: Line) throws {
        try lines.withLock { lines in
            try log?.append(line.text)
            Self.add(line, to: &lines)
        }
    }

    private static func add(_ line: Line, to lines: inout [Line]) {
        if let epoch = line.epoch {
            lines.removeAll { $0.part == line.part && ($0.epoch ?? .max) >= epoch }
        }
        lines.append(line)
    }

    private struct Line {
        let text: String
        let part: String
        /// Nil for the part's end.
        let epoch: Int?
        let state: String?
        let measured: JSON

        init?(_ text: some StringProtocol) {
            let limits = JSON.Limits(bytes: largestFile, depth: 16, values: 1 << 26)
            guard let json = try? JSON(parsing: Array(text.utf8), limits: limits),
                let part = json["part"]?.stringValue, let measured = json["measured"]
            else { return nil }
            (self.text, self.part, self.measured) = (String(text), part, measured)
            (epoch, state) = (json["epoch"]?.integerValue, json["state_sha256"]?.stringValue)
        }
    }

    /// The lines of the log up to one that was cut off, or that is damaged.
    /// - Returns: with them the bytes up to there.
    private static func lines(_ path: String) throws -> (lines: [Line], length: Int) {
        guard access(path, F_OK) == 0 else { return ([], 0) }
        let bytes = try FileBytes.read(path, limit: largestFile)
        var lines: [Line] = [], start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")),
            let line = Line(String(decoding: bytes[start..<end], as: UTF8.self))
        {
            add(line, to: &lines)
            start = end + 1
        }
        return (lines, start)
    }
}

extension SweepDocument {
    /// What an experiment computes, but for where its data lies.
    init(experiment name: String, _ record: ExperimentRecord) {
        self.init(
            axes: [.init(name: "experiment", values: [name])]
                + record.settings.filter { $0.name != "data" }.map {
                    .init(name: $0.name, values: [$0.value])
                },
            program: PhidiasVersion.current, checksums: record.checksums)
    }
}

extension JSON {
    /// The number; NaN for null, as numbers that are not finite are written.
    var measuredValue: Double? { self == .null ? .nan : doubleValue }

    /// The numbers of an array, in the same way.
    var measuredValues: [Double]? {
        let values = arrayValue?.compactMap(\.measuredValue)
        return values?.count == arrayValue?.count ? values : nil
    }
}
