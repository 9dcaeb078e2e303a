import KernelOperations
import Phidias
import PhidiasKernels
import PhidiasRuns

/// One line of the table: the kernels' speed, its share of what is possible, and how much faster
/// they are than each opponent.
struct BenchRow {
    let name: String
    let outcome: Contest.Outcome
    /// Of one run, in billionths of what the unit counts.
    let work: Double
    let unit: String
    let limits: [Limit]
    /// Names of the columns' opponents, of whom not every row has all.
    let columns: [String]

    private var kernels: Contest.Times { outcome.kernels }
    private var speed: Double { work / kernels.spread.median / 1e9 }

    private var share: Contest.Spread? { outcome.share(of: limits) }
    private var limit: Limit? { outcome.bound(of: limits) }

    /// How many times as fast the kernels are as an opponent.
    func ratio(to opponent: String) -> Contest.Spread? {
        outcome.times.dropLast().first { $0.name == opponent }?.ratio(to: kernels)
    }

    /// The kernels' second turns in first ones: what is nearer to 1 than this is no difference.
    private var noise: Contest.Spread { outcome.again.ratio(to: kernels) }

    /// Contenders whose time alone differs from that in company by more than a quarter.
    private var disturbed: [String] {
        outcome.times.filter { abs($0.alone / $0.spread.median - 1) > 0.25 }.map(\.name)
    }

    private static let nameWidth = 38

    /// The columns, for opponents of these names.
    static func header(_ opponents: [String]) -> String {
        pad("operation", nameWidth) + pad("kernels", 12, right: true)
            + pad("speed", 15, right: true) + pad("of limit", 13, right: true)
            + opponents.map { pad("\($0) ×", 25, right: true) }.joined()
            + pad("A/A", 15, right: true)
    }

    static func legend(discarded: Int, of samples: Int) -> String {
        """
        Ratios: median and quartiles of paired turns; A/A: the kernels to themselves, quartiles.
        Limits, measured beside each turn: FMA, the threads' peak; memory, bytes read, written and
        fetched to be overwritten over the bandwidth of reading, or over the larger one of a triad
        and of a change in place; instr., the most that the AVX2 instructions need of: four a cycle,
        of these two products and two additions, two loads, one store, three cycles for a division.
        Out of the caches the tighter one of the last two; – between the caches, where none is.
        \(discarded) of \(samples) samples discarded: threads without cores of their own near each
        other (barrier \(Int(Placement.nearBarrier.lowerBound * 1e9)) to \
        \(Int(Placement.nearBarrier.upperBound * 1e9)) ns, peak at least \
        \(Placement.leastShare.fixed(2)) of the threads'). (!) marks rows with no other samples.
        """
    }

    var text: String {
        let microseconds = kernels.spread.median * 1e6
        let number = speed.fixed(speed < 1000 ? 1 : 0)
        var line = Self.pad(name, Self.nameWidth)
        line += Self.pad("\(microseconds.fixed(1)) µs", 12, right: true)
        line += Self.pad("\(number) \(unit)", 15, right: true)
        let percent = share.map { "\(($0.median * 100).fixed(0)) % \(limit?.name ?? "")" }
        line += Self.pad(percent ?? "–", 13, right: true)
        for column in columns {
            let shown = ratio(to: column).map { "\($0.median.fixed(2)) \(Self.quartiles($0))" }
            line += Self.pad(shown ?? "–", 25, right: true)
        }
        line += Self.pad(Self.quartiles(noise), 15, right: true)
        if !outcome.isPlaced { line += " (!)" }
        return disturbed.isEmpty
            ? line : line + "  alone otherwise: " + disturbed.joined(separator: ", ")
    }

    var json: JSON {
        JSON.members([
            "name": .string(name), "speed": .number(speed), "unit": .string(unit),
            "limit": limit.map { .string($0.name) } ?? .null,
            "share_of_limit": share.map(Self.json) ?? .null, "again": Self.json(noise),
            "discarded": .integer(outcome.discarded), "placed": .bool(outcome.isPlaced),
            "peaks": .array(outcome.moments.map { .number($0.placement.peak) }),
            "contenders": .array(
                outcome.times.map { time in
                    JSON.members([
                        "name": .string(time.name), "seconds": Self.json(time.spread),
                        "seconds_alone": .number(time.alone),
                        "times_kernels": Self.json(time.ratio(to: kernels)),
                    ])
                }),
        ])
    }

    private static func quartiles(_ spread: Contest.Spread) -> String {
        "[\(spread.low.fixed(2)), \(spread.high.fixed(2))]"
    }

    private static func json(_ spread: Contest.Spread) -> JSON {
        JSON.members([
            "median": .number(spread.median), "low": .number(spread.low),
            "high": .number(spread.high),
        ])
    }

    static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return right ? space + text : text + space
    }
}
