import CMPI
import Dispatch
import Glibc
import Phidias
import Synchronization

/// The processes that an MPI launcher started together, to share the cells of a sweep or an
/// experiment. The first, rank 0, has the folder and the result; the others compute for it.
///
/// A thread of its own carries the messages: it alone calls MPI, tells the others every few seconds
/// that this rank is alive, and notices when another is not. Between messages it sleeps: MPI's own
/// waiting would take a CPU from the cells.
public final class RankGroup: Sendable {
    /// How long the ranks wait for a sign of life.
    package struct Patience: Sendable {
        /// The time between two signs.
        package var sign = Duration.seconds(3)
        /// The silence after which a rank is given up.
        package var silence = Duration.seconds(60)

        package init() {}
    }

    private struct State {
        var outbox: [(to: Int, message: RankMessage)] = []
        var inbox: [(from: Int, message: RankMessage)] = []
        /// Why nothing more will come.
        var failure: RankError?
        var isFinishing = false
        var abortCode: Int32?
        /// Whether everything that was posted is on its way.
        var isSent = true
    }

    /// This process among the ranks, counted from 0.
    public let rank: Int
    /// Where the ranks run.
    public let places: [RankPlace]
    private let patience: Patience
    private let state = Mutex(State())
    /// Signalled for each message in the inbox, and for a failure.
    private let arrival = DispatchSemaphore(value: 0)
    /// Wakes the thread that carries messages.
    private let bell = DispatchSemaphore(value: 0)
    private let end = DispatchSemaphore(value: 0)

    /// The number of ranks.
    public var size: Int { places.count }
    /// Whether this is the rank that has the folder and the result.
    public var isFirst: Bool { rank == 0 }
    /// Name and version of the MPI library; nil if this was built without.
    public static var library: String? {
        cmpi_is_built() == 0 ? nil : String(cString: cmpi_library())
    }

    /// Meets the other ranks over MPI.
    /// - Parameter launch: what the launcher says.
    /// - Throws: `RankError`; `ThreadError`.
    public static func start(_ launch: RankLaunch) throws -> RankGroup {
        let ranks = try start(patience: Patience()) { () throws(RankError) in
            let transport = try MPITransport()
            return (transport.rank, transport)
        }
        guard ranks.size > 1 else {
            throw RankError.alone(launched: launch.size, library: library ?? "none")
        }
        return ranks
    }

    /// - Parameter make: called on the thread that will use the transport.
    package static func start(
        patience: Patience,
        _ make: @escaping @Sendable () throws(RankError) -> (rank: Int, any RankTransport)
    ) throws -> RankGroup {
        let met = Mutex<Result<RankGroup, RankError>?>(nil)
        let ready = DispatchSemaphore(value: 0)
        try DedicatedThread.start {
            do throws(RankError) {
                let (rank, transport) = try make()
                let ranks = RankGroup(rank, transport.places, patience)
                met.withLock { $0 = .success(ranks) }
                ready.signal()
                ranks.carry(transport)
            } catch {
                met.withLock { $0 = .failure(error) }
                ready.signal()
            }
        }
        ready.wait()
        guard let result = met.withLock({ $0 }) else { preconditionFailure("no result") }
        return try result.get()
    }

    private init(_ rank: Int, _ places: [RankPlace], _ patience: Patience) {
        (self.rank, self.places, self.patience) = (rank, places, patience)
    }

    // MARK: - Messages

    /// Sends a message, and does not wait.
    package func post(_ message: RankMessage, to rank: Int = 0) {
        state.withLock {
            $0.outbox.append((rank, message))
            $0.isSent = false
        }
        bell.signal()
    }

    /// Waits for a message.
    /// - Returns: nil after about a tenth of a second without one.
    /// - Throws: `RankError`, also where another rank reports its failure.
    func receive() throws(RankError) -> (from: Int, message: RankMessage)? {
        guard arrival.wait(timeout: .now() + .milliseconds(100)) == .success else { return nil }
        let (next, failure) = state.withLock { state in
            (state.inbox.isEmpty ? nil : state.inbox.removeFirst(), state.failure)
        }
        guard let next else {
            guard let failure else { return nil }
            arrival.signal()  // for the others who wait
            throw failure
        }
        if next.message.kind == .failed {
            throw .failed(
                rank: next.from, host: places[next.from].host, reason: next.message.text,
                exitCode: Int32(clamping: next.message.number))
        }
        return next
    }

    /// Why nothing more will come; nil as long as all are heard.
    var failure: RankError? { state.withLock { $0.failure } }

    func misunderstood(_ rank: Int) -> RankError {
        .misunderstood(rank: rank, host: places[rank].host)
    }

    /// Waits for at most half a second until everything that was posted is on its way.
    func flush() {
        for _ in 0..<100 where !state.withLock({ $0.isSent }) { usleep(5000) }
    }

    // MARK: - The end

    /// Says goodbye to the other ranks, and ends the messages.
    public func finish() {
        state.withLock { $0.isFinishing = true }
        bell.signal()
        // All results are there: nobody who fails now is worth a longer wait.
        _ = end.wait(timeout: .now() + .seconds(30))
    }

    /// Ends all ranks with an exit code, this one too.
    public func abort(_ code: Int32) -> Never {
        state.withLock { $0.abortCode = code }
        bell.signal()
        _ = end.wait(timeout: .now() + .seconds(3))
        exit(code)
    }

    /// Leaves it to the first rank to say what went wrong on this one, and to end all.
    /// - Returns: after some seconds in which that has not happened.
    public func report(_ sentence: String, exitCode: Int32) {
        post(RankMessage(.failed, number: Int(exitCode), text: sentence))
        for _ in 0..<100 { usleep(50_000) }  // a signal would end a longer sleep
    }

    // MARK: - The thread that carries messages

    private func carry(_ transport: any RankTransport) {
        defer { end.signal() }
        let clock = ContinuousClock()
        var heard = [ContinuousClock.Instant?](repeating: clock.now, count: size)
        heard[rank] = nil
        var lastSign = clock.now - patience.sign
        var pause = Self.shortest
        // Answers that have not come: who computes, and waits for none, seldom looks.
        var awaited = 0
        do throws(RankError) {
            while true {
                if let code = state.withLock({ $0.abortCode }) { return transport.abort(code) }
                var isIdle = true
                for (to, message) in takeOutbox() {
                    try transport.post(message.bytes, to: to)
                    if message.kind == .ask || message.kind == .record { awaited += 1 }
                    isIdle = false
                }
                while let (from, bytes) = try transport.next() {
                    isIdle = false
                    if try take(bytes, from, &heard) { awaited = max(0, awaited - 1) }
                }
                let now = clock.now
                if lastSign.duration(to: now) >= patience.sign {
                    lastSign = now
                    // Everyone is heard by the first rank, and hears it.
                    for other in isFirst ? 1..<size : 0..<1 where heard[other] != nil {
                        try transport.post(RankMessage(.alive).bytes, to: other)
                    }
                }
                try checkSilence(heard, now)
                let unsent = transport.unsent
                let isFinishing = state.withLock {
                    $0.isSent = unsent == 0 && $0.outbox.isEmpty
                    return $0.isFinishing && $0.isSent
                }
                if isFinishing { return try finish(transport) }
                pause =
                    isIdle && unsent == 0
                    ? min(pause * 2, isFirst || awaited > 0 ? Self.longest : Self.rest)
                    : Self.shortest
                _ = bell.wait(timeout: .now() + .microseconds(pause))
            }
        } catch {
            fail(error)
            // Only to end: whoever waits is told why, and decides.
            while true {
                if let code = state.withLock({ $0.abortCode }) { return transport.abort(code) }
                if state.withLock({ $0.isFinishing }) { return }
                bell.wait()
            }
        }
    }

    /// Microseconds between two looks for messages.
    private static let shortest = 250, longest = 4000, rest = 50_000

    private func takeOutbox() -> [(to: Int, message: RankMessage)] {
        state.withLock { state in
            defer { state.outbox = [] }
            return state.outbox
        }
    }

    /// - Returns: whether somebody waits for the message.
    private func take(
        _ bytes: [UInt8], _ from: Int, _ heard: inout [ContinuousClock.Instant?]
    ) throws(RankError) -> Bool {
        guard let message = RankMessage(bytes: bytes) else { throw misunderstood(from) }
        if heard[from] != nil { heard[from] = .now }
        switch message.kind {
        case .alive: return false
        case .ends:
            heard[from] = nil
            return false
        default:
            state.withLock { $0.inbox.append((from, message)) }
            arrival.signal()
            return true
        }
    }

    private func checkSilence(
        _ heard: [ContinuousClock.Instant?], _ now: ContinuousClock.Instant
    ) throws(RankError) {
        for other in isFirst ? 1..<size : 0..<1 {
            guard let last = heard[other], last.duration(to: now) > patience.silence else {
                continue
            }
            throw .silent(
                rank: other, host: places[other].host,
                seconds: Int(patience.silence.components.seconds))
        }
    }

    private func fail(_ error: RankError) {
        state.withLock { $0.failure = error }
        arrival.signal()
    }

    private func finish(_ transport: any RankTransport) throws(RankError) {
        for other in isFirst ? 1..<size : 0..<1 {
            try transport.post(RankMessage(.ends).bytes, to: other)
        }
        transport.finish()
    }
}
