import Dispatch
import Phidias
import Synchronization

/// Cells that do not depend on each other, several at a time: by the workers of this process, or by
/// those of all ranks. The first rank gives cells out and keeps every result as soon as it is there;
/// which rank computes which changes no result.
package final class CellWork: Sendable {
    /// Computes a cell and returns its result as text; nil if it was asked to stop.
    package typealias Compute = (_ cell: Int) throws -> String?

    private struct State {
        /// The place of the next cell to be given out.
        var next = 0
        var failure: (any Error)?
    }

    private let ranks: RankGroup?
    private let cells: [Int]
    private let makeWorker: @Sendable (_ isStopping: @escaping @Sendable () -> Bool) -> Compute
    private let keep: @Sendable (Int, String) throws -> Void
    private let shouldStop: @Sendable () -> Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - cells: the numbers of those that are to be computed; only the first rank's matter.
    ///   - shouldStop: asked by every worker between two steps.
    ///   - makeWorker: called by each worker.
    ///   - keep: called with each result, on the first rank alone, by several threads at a time.
    package init(
        over ranks: RankGroup?, _ cells: [Int], shouldStop: @escaping @Sendable () -> Bool,
        makeWorker: @escaping @Sendable (_ isStopping: @escaping @Sendable () -> Bool) -> Compute,
        keep: @escaping @Sendable (Int, String) throws -> Void
    ) {
        (self.ranks, self.cells, self.shouldStop) = (ranks, cells, shouldStop)
        (self.makeWorker, self.keep) = (makeWorker, keep)
    }

    /// Computes all cells, the calling thread among the workers. Where it is asked to stop, what was
    /// finished is kept, also that of other ranks.
    package func run(jobs: Int) throws {
        if let ranks, ranks.isFirst {
            try lead(ranks, jobs: jobs)
        } else if let ranks {
            Workers.run(jobs) { self.work(for: ranks) }
            ranks.post(RankMessage(.left))
            if isStopping { ranks.flush() }
        } else {
            Workers.run(min(jobs, cells.count)) { self.work() }
        }
        if let failure = state.withLock({ $0.failure }) ?? ranks?.failure { throw failure }
    }

    private var isStopping: Bool {
        shouldStop() || ranks?.failure != nil || state.withLock { $0.failure != nil }
    }

    private func fail(_ error: any Error) {
        state.withLock { $0.failure = $0.failure ?? error }
    }

    private func takeCell() -> Int? {
        guard !isStopping else { return nil }
        return state.withLock { state in
            guard state.next < cells.count else { return nil }
            state.next += 1
            return cells[state.next - 1]
        }
    }

    private func work() {
        do {
            let compute = makeWorker { self.isStopping }
            while let cell = takeCell(), let result = try compute(cell) { try keep(cell, result) }
        } catch {
            fail(error)
        }
    }

    // MARK: - Over ranks

    /// On another rank than the first.
    private func work(for ranks: RankGroup) {
        do {
            let compute = makeWorker { self.isStopping }
            while !isStopping {
                ranks.post(RankMessage(.ask))
                guard let cell = try nextCell(from: ranks), let result = try compute(cell)
                else { return }
                ranks.post(RankMessage(.result, number: cell, text: result))
            }
        } catch {
            fail(error)
        }
    }

    private func nextCell(from ranks: RankGroup) throws -> Int? {
        while !isStopping {
            guard let (from, message) = try ranks.receive() else { continue }
            switch message.kind {
            case .cell: return message.number
            case .none: return nil
            default: throw ranks.misunderstood(from)
            }
        }
        return nil
    }

    /// On the first rank: a thread beside the workers answers the other ranks.
    private func lead(_ ranks: RankGroup, jobs: Int) throws {
        let end = DispatchSemaphore(value: 0)
        try DedicatedThread.start {
            do { try self.serve(ranks) } catch { self.fail(error) }
            end.signal()
        }
        Workers.run(min(jobs, cells.count)) { self.work() }
        end.wait()
    }

    /// Once asked to stop, results that are on their way are waited for, but not for longer than a
    /// launcher waits before it kills, which Open MPI does after a second.
    private static let lastWait = Duration.milliseconds(600)

    private func serve(_ ranks: RankGroup) throws {
        var left = Set(1..<ranks.size)
        var given: [Set<Int>] = Array(repeating: [], count: ranks.size)
        var stopped: ContinuousClock.Instant?
        while !left.isEmpty {
            if isStopping {
                if state.withLock({ $0.failure != nil }) { return }
                let since = stopped ?? .now
                stopped = since
                if since.duration(to: .now) > Self.lastWait { return }
            }
            guard let (from, message) = try ranks.receive() else { continue }
            switch message.kind {
            case .ask:
                let cell = takeCell()
                if let cell { given[from].insert(cell) }
                ranks.post(
                    cell.map { RankMessage(.cell, number: $0) } ?? RankMessage(.none), to: from)
            case .result:
                guard given[from].remove(message.number) != nil else {
                    throw ranks.misunderstood(from)
                }
                try keep(message.number, message.text)
            case .left:
                left.remove(from)
                guard given[from].isEmpty || isStopping else {
                    throw RankError.stopped(rank: from, host: ranks.places[from].host)
                }
            default: throw ranks.misunderstood(from)
            }
        }
    }
}
