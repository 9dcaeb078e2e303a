import Foundation
import Phidias
import PhidiasRuns
import Synchronization

/// Ranks that sleep for as long as a cell would take: what is left is what rank 0 has to do, and how
/// long the others wait for it. tools/simulate-ranks starts it.
///
/// Arguments: the file for the lines, the number of cells, and the mean length of a cell in seconds.
/// Lengths are spread evenly from half of that to one and a half.
@main
enum Simulation {
    /// As long as that of a sweep.
    static let line = String(repeating: "x", count: 500)

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let count = Int(arguments[2]), let mean = Double(arguments[3]),
            let launch = RankLaunch(environment: ProcessInfo.processInfo.environment)
        else { fatalError("usage: mpirun … RankSimulation FILE CELLS SECONDS") }
        let ranks = try RankGroup.start(launch, givingUp: { ranks, _ in ranks.abort(75) })
        let log = ranks.isFirst ? try LineLog(path: arguments[1]) : nil
        let lengths = (0..<count).map { cell in
            mean * (0.5 + Double((UInt32(truncatingIfNeeded: cell) &* 2_654_435_761) >> 8) / 0x1p24)
        }
        // Everyone begins when all are there, as after the records are compared.
        let document = SweepDocument(axes: [], program: "simulation", checksums: [:])
        _ = try ranks.agree(on: document, jobs: 1, shouldStop: { false })
        let start = ContinuousClock.now, before = ranks.isFirst ? cpu() : 0
        let waits = Mutex([Double]())
        let slept = Mutex(0.0)
        try CellWork(
            over: ranks, Array(0..<count), shouldStop: { false },
            makeWorker: { _ in
                var end: ContinuousClock.Instant?
                return { cell in
                    let wait = end.map { $0.duration(to: .now) / .seconds(1) } ?? 0
                    usleep(UInt32(lengths[cell] * 1e6))
                    end = .now
                    return "\(wait) \(line)"
                }
            },
            keep: { cell, text in
                try log?.append(text)
                let wait = Double(text.prefix { $0 != " " }) ?? .nan
                waits.withLock { if wait > 0 { $0.append(wait) } }
                slept.withLock { $0 += lengths[cell] }
            }
        ).run(jobs: 1)
        defer { ranks.finish() }
        guard ranks.isFirst else { return }
        let seconds = start.duration(to: .now) / .seconds(1)
        let sorted = waits.withLock { $0.sorted() }
        func milliseconds(_ share: Double) -> String {
            String(format: "%.1f", 1000 * sorted[Int(share * Double(sorted.count - 1))])
        }
        // All but the last round, in which ranks run out of cells one after the other.
        let busy = slept.withLock { $0 } / (Double(ranks.size) * (seconds - mean))
        print(
            String(
                format: "%d ranks, %d cells in %.1f s: %.1f a second; busy for %.3f of the time; ",
                ranks.size, count, seconds, Double(count) / seconds, busy)
                + "between two cells \(milliseconds(0.5)) ms in the middle, \(milliseconds(0.99)) ms for 99 of 100, \(milliseconds(1)) ms at most; "
                + String(
                    format: "rank 0 needs %.2f ms of a CPU for a cell",
                    1000 * (cpu() - before) / Double(count)))
    }

    /// Seconds of CPU that this process has used.
    private static func cpu() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }
}
