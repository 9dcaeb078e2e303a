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
        let turn: () throws -> Double

        package init(name: String, turn: @escaping () throws -> Double) {
            (self.name, self.turn) = (name, turn)
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

    package static let rounds = 5
    private static let pause = 0.25

    /// Times the contenders; the last one is the kernels', whose workers then sleep as those of
    /// the others do when their turn is over.
    /// - Parameter seconds: for all turns together, without pauses and the turns alone.
    package static func run(_ contenders: [Contender], seconds: Double) throws -> [Times] {
        precondition(!contenders.isEmpty && seconds > 0, "a contest of nobody or no time")
        let slice = seconds / Double(contenders.count * rounds)
        Thread.sleep(forTimeInterval: pause)
        let alone = try contenders.map { try turn($0, seconds: slice) }
        var times = contenders.map { _ in [Double]() }
        for _ in 0..<rounds {
            Thread.sleep(forTimeInterval: pause)
            for (index, contender) in contenders.enumerated() {
                times[index].append(try turn(contender, seconds: slice))
            }
        }
        return contenders.indices.map {
            Times(name: contenders[$0].name, rounds: times[$0], alone: alone[$0])
        }
    }

    // The fastest run of a turn, after one that warms the caches: noise only adds.
    private static func turn(_ contender: Contender, seconds: Double) throws -> Double {
        var best = Double.infinity
        let first = try contender.turn()
        var spent = first
        // What is slower than its slice is not repeated.
        guard first < seconds else { return first }
        repeat {
            let time = try contender.turn()
            best = min(best, time)
            spent += max(time, 1e-7)
        } while spent < seconds
        return best
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
        let fresh = freshBuffers()
        return Contest.Contender(name: name) {
            var buffers = fresh
            // A write makes each copy's memory its own before the clock starts.
            for index in buffers.indices where !buffers[index].isEmpty { buffers[index][0] = 0 }
            return try timed { _ = try run(implementation, &buffers) }
        }
    }
}

/// A kernel that failed its check, and so is not timed.
package struct WrongResult: Error, CustomStringConvertible {
    package let description: String
}
