import Foundation
import KernelOperations
import Phidias

/// Where a benchmark ran.
struct Machine {
    let cpu: String
    let threads: Int
    let kernels = Model.kernels

    init(threads: Int) {
        self.threads = threads
        let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = info.split(separator: "\n").first { $0.hasPrefix("model name") }
        let value = line?.split(separator: ":", maxSplits: 1).last
        cpu = value.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown CPU"
    }

    var text: String { "\(cpu), \(threads) threads, \(kernels) kernels" }

    var json: JSON {
        JSON.members([
            "cpu": .string(cpu), "threads": .integer(threads), "kernels": .string(kernels),
        ])
    }
}

/// One line of the table: the kernels' speed, and how much faster they are than each opponent.
struct BenchRow {
    let name: String
    let times: [Contest.Times]
    /// Of one run, in flops, bytes, or billionths of what the unit counts.
    let work: Double
    let unit: String

    private var kernels: Contest.Times { times[times.count - 1] }
    private var opponents: ArraySlice<Contest.Times> { times.dropLast() }

    private var speed: Double { work / kernels.spread.median / 1e9 }

    /// Contenders whose time alone differs from that in company by more than a quarter.
    private var disturbed: [String] {
        times.filter { abs($0.alone / $0.spread.median - 1) > 0.25 }.map(\.name)
    }

    static let header =
        pad("operation", 34) + pad("kernels", 13, right: true) + pad("speed", 18, right: true)
        + pad("tuned Swift ×", 26, right: true) + pad("naive Swift ×", 26, right: true)

    var text: String {
        let microseconds = kernels.spread.median * 1e6
        let number = speed.fixed(speed < 1000 ? 1 : 0)
        var line = Self.pad(name, 34) + Self.pad("\(microseconds.fixed(1)) µs", 13, right: true)
        line += Self.pad("\(number) \(unit)", 18, right: true)
        for opponent in ["tuned", "naive"] {
            let ratio = opponents.first { $0.name == opponent }?.ratio(to: kernels)
            let shown = ratio.map {
                "\($0.median.fixed(2)) [\($0.low.fixed(2)), \($0.high.fixed(2))]"
            }
            line += Self.pad(shown ?? "–", 26, right: true)
        }
        return disturbed.isEmpty
            ? line : line + "  alone otherwise: " + disturbed.joined(separator: ", ")
    }

    var json: JSON {
        JSON.members([
            "name": .string(name), "speed": .number(speed), "unit": .string(unit),
            "contenders": .array(
                times.map { time in
                    JSON.members([
                        "name": .string(time.name), "seconds": Self.json(time.spread),
                        "seconds_alone": .number(time.alone),
                        "times_kernels": Self.json(time.ratio(to: kernels)),
                    ])
                }),
        ])
    }

    private static func json(_ spread: Contest.Spread) -> JSON {
        JSON.members([
            "median": .number(spread.median), "low": .number(spread.low),
            "high": .number(spread.high),
        ])
    }

    private static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return right ? space + text : text + space
    }
}
