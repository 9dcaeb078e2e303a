import FoundationEssentials
import Glibc
import Phidias
import Synchronization

extension RankGroup {
    /// Compares what every rank would compute with what the first one would: settings, version of the
    /// program, and checksums of the data.
    /// - Parameter jobs: the number of cells that this rank computes at a time.
    /// - Returns: that of all ranks. Where it is asked to stop, the ranks may not have been compared.
    /// - Throws: `RankError.differs`; `RankIsDone` on another rank than the first that is asked to
    ///   stop.
    package func agree(
        on document: SweepDocument, jobs: Int, shouldStop: () -> Bool
    ) throws -> Int {
        guard isFirst else {
            post(RankMessage(.record, number: jobs, text: document.json.text()))
            _ = try wait(for: .agreed, shouldStop: shouldStop)
            return jobs
        }
        var all = jobs, missing = Set(1..<size)
        while !missing.isEmpty, !shouldStop() {
            guard let (from, message) = try receive() else { continue }
            guard message.kind == .record, missing.remove(from) != nil,
                let other = try? SweepDocument(bytes: Array(message.text.utf8), path: "")
            else { throw misunderstood(from) }
            let versions =
                other.program == document.program
                ? [] : ["  phidias: \(document.program) → \(other.program)"]
            let differences = versions + other.differences(from: document)
            guard differences.isEmpty else {
                throw RankError.differs(
                    rank: from, host: places[from].host, differences: differences)
            }
            all += message.number
        }
        for other in 1..<size { post(RankMessage(.agreed), to: other) }
        return all
    }

    /// Tells the other ranks a value that the first one has found.
    func share(_ value: JSON) {
        for other in 1..<size { post(RankMessage(.value, text: value.text()), to: other) }
    }

    /// The value that the first rank shares.
    /// - Throws: `RankIsDone` if asked to stop.
    func sharedValue(shouldStop: () -> Bool) throws -> JSON {
        let text = try wait(for: .value, shouldStop: shouldStop).text
        guard let value = try? JSON(parsing: Array(text.utf8)) else { throw misunderstood(0) }
        return value
    }

    func wait(
        for kind: RankMessage.Kind, shouldStop: () -> Bool
    ) throws -> RankMessage {
        while !shouldStop() {
            guard let (from, message) = try receive() else { continue }
            guard message.kind == kind else { throw misunderstood(from) }
            return message
        }
        throw RankIsDone()
    }
}

extension RankGroup {
    /// What is told of events where ranks share the work: by the first alone, one at a time.
    func telling<Event>(_ onEvent: @escaping (Event) -> Void) -> (Event) -> Void {
        guard isFirst else { return { _ in } }
        let lock = EventLock()
        return { event in lock.turn.withLock { _ in onEvent(event) } }
    }

    /// Lets one thread after the other tell an event.
    private final class EventLock: Sendable { let turn = Mutex(()) }

    /// What asks whether to stop, also because the ranks cannot go on.
    func asking(_ shouldStop: @escaping () -> Bool) -> () -> Bool {
        { shouldStop() || self.failure != nil }
    }
}

extension Model {
    /// The number of threads to use: as `threads(_:)`; where none is asked for, ranks that may run on
    /// the same CPUs share them.
    static func threads(_ asked: Int?, over ranks: RankGroup?) throws(ModelError) -> Int {
        let threads = try threads(asked)
        guard asked == nil, let ranks, getenv("OMP_NUM_THREADS") == nil else { return threads }
        return max(1, threads / ranks.places[ranks.rank].sharing)
    }
}
