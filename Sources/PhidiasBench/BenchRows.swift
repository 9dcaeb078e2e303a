import KernelOperations
import Phidias
import PhidiasKernels
import PhidiasRuns

/// A row of the table, in two lines: the kernels' speed and its share of what is possible, and how
/// much faster they are than each opponent.
struct BenchRow {
    let name: String
    let outcome: Contest.Outcome
    /// The work of one run, in billionths of what the unit counts.
    let work: Double
    let unit: String
    let limits: [Limit]
    /// Names of the opponents, of which a row may lack some.
    let columns: [String]

    private var kernels: Contest.Times { outcome.kernels }
    private var speed: Double { work / kernels.spread.median / 1e9 }

    private var share: Contest.Spread? { outcome.share(of: limits) }
    private var limit: Limit? { outcome.bound(of: limits) }

    /// How many times as fast the kernels are as an opponent.
    func ratio(to opponent: String) -> Contest.Spread? {
        outcome.times.dropLast().first { $0.name == opponent }?.ratio(to: kernels)
    }

    /// The ratio of the kernels' second turns to their first ones: what is nearer to 1 than this is no
    /// difference.
    private var noise: Contest.Spread { outcome.again.ratio(to: kernels) }

    /// Contenders whose time alone differs by more than a quarter from that among the others.
    private var disturbed: [String] {
        outcome.times.filter { abs($0.alone / $0.spread.median - 1) > 0.25 }.map(\.name)
    }

    /// Columns of name, time, speed and share.
    private static let widths = [38, 12, 15, 14]

    private static func line(_ cells: [String]) -> String {
        zip(cells, widths).enumerated().map { index, cell in
            cell.0.padded(cell.1, left: index > 0)
        }.joined()
    }

    /// The heads, for opponents of these names.
    static func header(_ opponents: [String]) -> String {
        return line(["operation", "kernels", "speed", "of limit"])
            + "\n    times the speed of \(opponents.joined(separator: " and ")), with quartiles; A/A"
    }

    static func legend(discarded: Int, of samples: Int) -> String {
        let barrier = Placement.nearBarrier
        return [
            """
            Ratios: median and quartiles of paired turns; A/A: the kernels against themselves, \
            quartiles.
            """,
            """
            Limits, measured beside each turn. FMA: the threads' peak. Memory: bytes read, written and \
            fetched to be overwritten, over the bandwidth of reading, or over the larger one of a \
            triad and of a change in place. Instr.: the most that the AVX2 instructions need of: four \
            per cycle, of these two products and two additions, two loads, one store, and three \
            cycles for a division. Outside the caches the tighter one of the last two; – between the \
            caches, where there is none.
            """,
            """
            \(discarded) of \(samples.counted("sample")) discarded: threads without cores of their own \
            near each other (barrier \((barrier.lowerBound * 1e9).fixed(0)) to \
            \((barrier.upperBound * 1e9).fixed(0)) ns, peak at least \
            \(Placement.leastShare.fixed(2)) of the threads'). (!) marks rows with no other samples.
            """,
        ].map { $0.wrapped() }.joined(separator: "\n")
    }

    var text: String {
        let microseconds = kernels.spread.median * 1e6
        let percent = share.map { "\(($0.median * 100).fixed(0)) % \(limit?.name ?? "")" }
        let first = Self.line([
            name, "\(microseconds.fixed(1)) µs", "\(speed.fixed(speed < 1000 ? 1 : 0)) \(unit)",
            percent ?? "–",
        ])
        var parts = columns.map { column in
            let ratio = ratio(to: column).map { "\(Self.number($0.median)) \(Self.quartiles($0))" }
            return "\(column) \(ratio ?? "–")"
        }
        parts.append("A/A \(Self.quartiles(noise))\(outcome.isPlaced ? "" : " (!)")")
        let second = "    " + parts.joined(separator: "  ")
        let third = "alone, different times: \(disturbed.joined(separator: ", "))".wrapped(
            indent: 4)
        return ([first, second] + (disturbed.isEmpty ? [] : [third])).joined(separator: "\n")
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
        "[\(number(spread.low)), \(number(spread.high))]"
    }

    private static func number(_ ratio: Double) -> String { ratio.fixed(ratio < 100 ? 2 : 1) }

    private static func json(_ spread: Contest.Spread) -> JSON {
        JSON.members([
            "median": .number(spread.median), "low": .number(spread.low),
            "high": .number(spread.high),
        ])
    }
}
