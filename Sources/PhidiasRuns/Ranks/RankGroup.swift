import CMPI
import Dispatch
import Glibc
import Phidias
import Synchronization

/// The processes that an MPI launcher started together, to share a training, or the cells of a sweep or
/// an experiment. The first, rank 0, has the folder and the result; the others compute for it.
///
/// A thread of its own carries the messages: it tells the others every few seconds that this rank is
/// alive, and notices when another is not. Between messages it sleeps: MPI's own waiting would take a
/// CPU from the cells. In a training that is shared, whose steps are shorter than its sleep, the thread
/// that trains calls MPI too: the two take turns.
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
        /// Threads that wait for a message.
        var waiting = 0
        /// Whether everything that was posted is on its way.
        var isSent = true
    }

    /// This process among the ranks, counted from 0.
    public let rank: Int
    /// Where the ranks run.
    public let places: [RankPlace]
    private let patience: Patience
    private let transport: any RankTransport
    /// Held during calls of the transport.
    private let turn = Mutex(())
    /// When the thread that trains went into the call in which it waits for the other ranks, in
    /// nanoseconds; 0 outside of one.
    private let entered = Atomic<UInt64>(0)
    /// How many such calls there were, and how long they took together.
    private let calls = Atomic(0), nanoseconds = Atomic<UInt64>(0)
    /// Called when the thread that trains waits for a rank that does not come.
    private let givingUp: (@Sendable (RankGroup, RankError) -> Void)?
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
    /// - Parameters:
    ///   - launch: what the launcher says.
    ///   - givingUp: called when the thread that trains waits for a rank that does not come: it cannot
    ///     be told, and the process is to be ended.
    /// - Throws: `RankError`; `ThreadError`.
    public static func start(
        _ launch: RankLaunch, givingUp: @escaping @Sendable (RankGroup, RankError) -> Void
    ) throws -> RankGroup {
        let ranks = try start(patience: Patience(), givingUp: givingUp) { () throws(RankError) in
            let transport = try MPITransport()
            return (transport.rank, transport)
        }
        guard ranks.size > 1 else {
            throw RankError.alone(launched: launch.size, library: library ?? "none")
        }
        return ranks
    }

    /// - Parameter make: called on the thread that will carry messages.
    package static func start(
        patience: Patience, givingUp: (@Sendable (RankGroup, RankError) -> Void)? = nil,
        _ make: @escaping @Sendable () throws(RankError) -> (rank: Int, any RankTransport)
    ) throws -> RankGroup {
        let met = Mutex<Result<RankGroup, RankError>?>(nil)
        let ready = DispatchSemaphore(value: 0)
        try DedicatedThread.start {
            do throws(RankError) {
                let (rank, transport) = try make()
                let ranks = RankGroup(rank, transport, patience, givingUp)
                met.withLock { $0 = .success(ranks) }
                ready.signal()
                ranks.carry()
            } catch {
                met.withLock { $0 = .failure(error) }
                ready.signal()
            }
        }
        ready.wait()
        guard let result = met.withLock({ $0 }) else { preconditionFailure("no result") }
        return try result.get()
    }

    private init(
        _ rank: Int, _ transport: any RankTransport, _ patience: Patience,
        _ givingUp: (@Sendable (RankGroup, RankError) -> Void)?
    ) {
        (self.rank, self.transport, places) = (rank, transport, transport.places)
        (self.patience, self.givingUp) = (patience, givingUp)
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
        guard awaitArrival() else { return nil }
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

    /// - Returns: false after about a tenth of a second without a message.
    private func awaitArrival() -> Bool {
        if arrival.wait(timeout: .now()) == .success { return true }
        state.withLock { $0.waiting += 1 }
        defer { state.withLock { $0.waiting -= 1 } }
        bell.signal()
        return arrival.wait(timeout: .now() + .milliseconds(100)) == .success
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

    // MARK: - Calls that all ranks make together

    /// Makes an array of items of `bytes` bytes whole: rank r has the items from `starts[r]` up to
    /// `starts[r + 1]`. It does not return before the other ranks have come; where that is not possible,
    /// `failure` says why.
    func gather(_ items: UnsafeMutableRawPointer, _ starts: [Int], _ bytes: Int) {
        together { transport throws(RankError) in try transport.gather(items, starts, bytes) }
    }

    /// The bytes that the first rank has.
    /// - Parameter bytes: of no meaning on the others.
    /// - Throws: `RankError`.
    package func broadcast(_ bytes: [UInt8]) throws(RankError) -> [UInt8] {
        var count = UInt64(bytes.count)
        withUnsafeMutableBytes(of: &count) { count in
            together { transport throws(RankError) in try transport.broadcast(count) }
        }
        if let failure { throw failure }
        var all = isFirst ? bytes : [UInt8](repeating: 0, count: Int(count))
        all.withUnsafeMutableBytes { all in
            together { transport throws(RankError) in try transport.broadcast(all) }
        }
        if let failure { throw failure }
        return all
    }

    private func together(_ call: (any RankTransport) throws(RankError) -> Void) {
        guard failure == nil else { return }
        turn.withLock { _ in
            let start = DispatchTime.now().uptimeNanoseconds
            entered.store(start, ordering: .relaxed)
            do throws(RankError) {
                // Others may wait for what was posted, and would not come before they have it.
                _ = try sendPosted()
                try call(transport)
            } catch {
                fail(error)
            }
            entered.store(0, ordering: .relaxed)
            calls.add(1, ordering: .relaxed)
            nanoseconds.add(DispatchTime.now().uptimeNanoseconds - start, ordering: .relaxed)
        }
    }

    /// Seconds that this rank has spent in such calls.
    var secondsTogether: Double { Double(nanoseconds.load(ordering: .relaxed)) / 1e9 }

    /// Waits until all ranks have come here, whatever one of them has to do before: it sleeps, and they
    /// hear that each is alive.
    /// - Throws: `RankError`.
    func meet() throws {
        guard isFirst else {
            post(RankMessage(.ask))
            _ = try wait(for: .agreed, shouldStop: { false })
            return
        }
        var missing = Set(1..<size)
        while !missing.isEmpty {
            guard let (from, message) = try receive() else { continue }
            guard message.kind == .ask, missing.remove(from) != nil else {
                throw misunderstood(from)
            }
        }
        for other in 1..<size { post(RankMessage(.agreed), to: other) }
    }

    // MARK: - The thread that carries messages

    /// When each rank was last heard, and when this one last gave a sign.
    private struct Signs {
        var heard: [ContinuousClock.Instant?]
        var last: ContinuousClock.Instant
    }

    private func carry() {
        defer { end.signal() }
        var signs = Signs(
            heard: Array(repeating: .now, count: size), last: .now - patience.sign)
        signs.heard[rank] = nil
        var pause = Self.shortest, seen = 0
        do throws(RankError) {
            while true {
                if state.withLock({ $0.abortCode }) != nil { return abortAll() }
                let round = try turn.withLockIfAvailable { _ throws(RankError) in
                    try exchange(&signs)
                }
                if case .end? = round { return }
                if round == nil { try checkEntered() }
                let trained = calls.load(ordering: .relaxed)
                // Who computes, and waits for no message, seldom looks.
                let isAwaited = state.withLock { $0.waiting > 0 }
                if trained != seen, !isAwaited {
                    pause = Self.rest
                } else if round == .busy {
                    pause = Self.shortest
                } else {
                    pause = min(pause * 2, isAwaited ? Self.longest : Self.rest)
                }
                seen = trained
                _ = bell.wait(timeout: .now() + .microseconds(pause))
            }
        } catch {
            fail(error)
            if case .stuck = error { givingUp?(self, error) }
            // Only to end: whoever waits is told why, and decides.
            while true {
                if state.withLock({ $0.abortCode }) != nil { return abortAll() }
                if state.withLock({ $0.isFinishing }) { return }
                bell.wait()
            }
        }
    }

    /// Microseconds between two looks for messages.
    private static let shortest = 250, longest = 4000, rest = 50_000

    private enum Round { case idle, busy, end }

    /// Sends what was posted, takes what has come, and tells the others that this rank is alive.
    private func exchange(_ signs: inout Signs) throws(RankError) -> Round {
        var isBusy = try sendPosted()
        while let (from, bytes) = try transport.next() {
            isBusy = true
            try take(bytes, from, &signs.heard)
        }
        let now = ContinuousClock.now
        if signs.last.duration(to: now) >= patience.sign {
            signs.last = now
            // Everyone is heard by the first rank, and hears it.
            for other in isFirst ? 1..<size : 0..<1 where signs.heard[other] != nil {
                try transport.post(RankMessage(.alive).bytes, to: other)
            }
        }
        try checkSilence(signs.heard, now)
        let unsent = transport.unsent
        let isFinishing = state.withLock {
            $0.isSent = unsent == 0 && $0.outbox.isEmpty
            return $0.isFinishing && $0.isSent
        }
        guard !isFinishing else {
            try finish(transport)
            return .end
        }
        return isBusy || unsent > 0 ? .busy : .idle
    }

    /// While another thread waits in MPI, only the process can be ended.
    private func abortAll() {
        let code = state.withLock { $0.abortCode } ?? 70
        _ = turn.withLockIfAvailable { _ in transport.abort(code) }
    }

    /// - Throws: `RankError.stuck` where the thread that trains has waited for too long.
    private func checkEntered() throws(RankError) {
        let since = entered.load(ordering: .relaxed), now = DispatchTime.now().uptimeNanoseconds
        let seconds = patience.silence.components.seconds
        guard since > 0, now > since + UInt64(seconds) * 1_000_000_000 else { return }
        throw .stuck(seconds: Int(seconds))
    }

    /// - Returns: whether there was something to send.
    private func sendPosted() throws(RankError) -> Bool {
        let posted = state.withLock { state in
            defer { state.outbox = [] }
            return state.outbox
        }
        for (to, message) in posted { try transport.post(message.bytes, to: to) }
        return !posted.isEmpty
    }

    private func take(
        _ bytes: [UInt8], _ from: Int, _ heard: inout [ContinuousClock.Instant?]
    ) throws(RankError) {
        guard let message = RankMessage(bytes: bytes) else { throw misunderstood(from) }
        if heard[from] != nil { heard[from] = .now }
        switch message.kind {
        case .alive: break
        case .ends: heard[from] = nil
        default:
            state.withLock { $0.inbox.append((from, message)) }
            arrival.signal()
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
