import Foundation
import PhidiasKernels

/// Contenders that do the same work, timed in one run by turns.
///
/// OpenMP's workers spin for 200 ms after a parallel region, and would take a processor from
/// whoever comes next. (With KMP_BLOCKTIME=0 they would not, but each region would cost 120 µs.)
/// So the kernels take the last turn of a round, and a pause lets the workers fall asleep. To see
/// that this is enough, each contender is timed before the first round too, when no worker of
/// another can be awake.
package struct Contest {
    package struct Contender {
        package let name: String
        /// Runs the work once; returns the seconds of what is to be timed.
        package let turn: () throws -> Double
        /// Whether its threads spin after its turn, so that a pause has to follow.
        private(set) var spins = false

        package init(name: String, turn: @escaping () throws -> Double) {
            (self.name, self.turn) = (name, turn)
        }

        /// The same, whose threads are let fall asleep after its turn.
        func resting() -> Contender {
            var copy = self
            copy.spins = true
            return copy
        }
    }

    /// Median with the quartiles.
    package struct Spread: Sendable {
        package let low, median, high: Double

        init(_ values: [Double]) {
            let sorted = values.sorted()
            // linear between the two neighbours of the quantile
            func quantile(_ q: Double) -> Double {
                let at = q * Double(sorted.count - 1), below = Int(at)
                let above = min(below + 1, sorted.count - 1)
                return sorted[below] + (sorted[above] - sorted[below]) * (at - Double(below))
            }
            (low, median, high) = (quantile(0.25), quantile(0.5), quantile(0.75))
        }
    }

    package struct Times: Sendable {
        package let name: String
        /// Seconds of one run, a value a round.
        package let rounds: [Double]
        /// Seconds of one run before any other contender's turn.
        package let alone: Double
        package var spread: Spread { Spread(rounds) }

        /// How many times as long as `other` this takes: quotients of the same round.
        package func ratio(to other: Times) -> Spread {
            Spread(zip(rounds, other.rounds).map { $0 / $1 })
        }
    }

    /// What the machine could do at a moment.
    package struct Moment: Sendable {
        package let placement: Placement
        /// nil if nobody asked.
        package let bandwidth: Probe.Bandwidth?

        /// Measures for about `seconds`, or for three times as long with the bandwidth.
        static func probe(seconds: Double, threads: Int, bandwidth: Bool) throws -> Moment {
            Moment(
                placement: Placement.probe(seconds: seconds, threads: threads),
                bandwidth: bandwidth
                    ? try Probe.bandwidth(seconds: seconds / 2, threads: threads) : nil)
        }
    }

    package struct Outcome: Sendable {
        /// In the contenders' order, the kernels last.
        package let times: [Times]
        /// The kernels' second turns: what they are to themselves is the noise.
        package let again: Times
        /// Of each round, measured right after the kernels' turns.
        package let moments: [Moment]
        /// Rounds in which the threads had no cores of their own near each other. They do not
        /// count, unless all rounds are such.
        package let discarded: Int
        package let isPlaced: Bool

        package var kernels: Times { times[times.count - 1] }

        /// The kernels' share of the limits: seconds that the work takes at least, over its
        /// seconds; nil without a limit.
        package func share(of limits: [Limit]) -> Spread? {
            guard !limits.isEmpty else { return nil }
            return Spread(
                zip(moments, kernels.rounds).map { moment, seconds in
                    limits.reduce(0) { max($0, $1.seconds(moment)) } / seconds
                })
        }

        /// The one of the limits that bounds most rounds.
        package func bound(of limits: [Limit]) -> Limit? {
            limits.max { times(bound: $0, among: limits) < times(bound: $1, among: limits) }
        }

        private func times(bound limit: Limit, among limits: [Limit]) -> Int {
            moments.count { moment in
                limits.allSatisfy { $0.seconds(moment) <= limit.seconds(moment) }
            }
        }
    }

    package static let rounds = 5
    private static let mostRounds = 10
    private static let pause = 0.25
    private static let probeSeconds = 0.06

    /// Times the contenders; the last one is the kernels', whose workers then sleep as those of
    /// the others do when their turn is over.
    /// - Parameters:
    ///   - seconds: for all turns together, without pauses, probes and the turns alone.
    ///   - threads: whose cores are probed.
    ///   - bandwidth: whether memory's is measured beside each turn too.
    package static func run(
        _ contenders: [Contender], seconds: Double, threads: Int, bandwidth: Bool = false
    ) throws -> Outcome {
        precondition(!contenders.isEmpty && seconds > 0, "a contest of nobody or no time")
        let kernels = contenders[contenders.count - 1]
        let turns = contenders + [Contender(name: kernels.name, turn: kernels.turn)]
        let slice = seconds / Double(turns.count * rounds)
        let alone = try contenders.map {
            Thread.sleep(forTimeInterval: pause)
            return try turn($0, seconds: slice)
        }
        var all: [(seconds: [Double], moment: Moment)] = []
        var good = 0
        while good < rounds && all.count < mostRounds {
            Thread.sleep(forTimeInterval: pause)
            let times = try turns.map { contender in
                defer { if contender.spins { Thread.sleep(forTimeInterval: pause) } }
                return try turn(contender, seconds: slice)
            }
            all.append(
                (
                    times,
                    try Moment.probe(
                        seconds: probeSeconds, threads: threads, bandwidth: bandwidth)
                ))
            if all[all.count - 1].moment.placement.isGood { good += 1 }
        }
        let kept = good > 0 ? all.filter(\.moment.placement.isGood) : all
        let times = turns.indices.map { index in
            Times(
                name: turns[index].name, rounds: kept.map { $0.seconds[index] },
                alone: alone[min(index, alone.count - 1)])
        }
        return Outcome(
            times: times.dropLast(), again: times[times.count - 1],
            moments: kept.map(\.moment), discarded: all.count - good, isPlaced: good > 0)
    }

    // The median run of a turn, after one that warms the caches.
    private static func turn(_ contender: Contender, seconds: Double) throws -> Double {
        let first = try contender.turn()
        // What is slower than its slice is not repeated.
        guard first < seconds else { return first }
        var times: [Double] = []
        var spent = first
        repeat {
            times.append(try contender.turn())
            spent += max(times[times.count - 1], 1e-7)
        } while spent < seconds
        return Spread(times).median
    }
}

/// Seconds that the body takes.
func timed(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return start.duration(to: .now) / .seconds(1)
}

extension KernelCase {
    /// Runs of one implementation; buffers are restored outside the clock. Throws unless the
    /// result is right: verify, then time.
    package func contender(
        _ name: String, _ implementation: Implementation
    ) throws -> Contest.Contender {
        let verdict = try verify(implementation)
        if let failure = verdict.failure {
            throw WrongResult(description: "\(name) computes a wrong result: \(failure)")
        }
        let isSmall = !outputs.isEmpty && outputs.allSatisfy { $0.storage.count < 1 << 12 }
        // What takes little more than reading the clock is run several times: not more, so that
        // what is changed in place stays far from the subnormals.
        let runs = isSmall ? 32 : 1
        var buffers: [[Float]] = []
        return Contest.Contender(name: name) {
            if buffers.isEmpty { buffers = freshBuffers() }
            defer { if !overwrites { buffers = [] } }
            // What fits into the first cache is to be there when the clock starts.
            if isSmall { _ = try run(implementation, &buffers) }
            let seconds = try timed {
                _ = try run(implementation, times: runs, &buffers)
            }
            return seconds / Double(runs)
        }
    }
}

/// A kernel that failed its check, and so is not timed.
package struct WrongResult: Error, CustomStringConvertible {
    package let description: String
}
