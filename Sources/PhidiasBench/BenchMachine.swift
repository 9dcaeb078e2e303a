import Foundation
import Phidias
import PhidiasKernels
import PhidiasRuns

/// The machine on which a benchmark runs.
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

    var text: String { "\(cpu), \(threads.counted("thread")), \(kernels) kernels" }

    var members: KeyValuePairs<String, JSON> {
        ["cpu": .string(cpu), "threads": .integer(threads), "kernels": .string(kernels)]
    }
}

/// What the machine can do at most, measured before a table whose columns are shares of it.
struct Limits {
    let placement: Placement
    let bandwidth: Probe.Bandwidth

    init(threads: Int) throws {
        placement = Placement.probe(seconds: 1, threads: threads)
        bandwidth = try Probe.bandwidth(seconds: 0.4, threads: threads)
    }

    /// Floating-point operations per second of a number of threads.
    func peak(threads: Int) -> Double { threads == 1 ? placement.onePeak : placement.peak }

    var text: String {
        var line =
            "peak \((placement.onePeak / 1e9).fixed(1)) GFLOP/s on one thread, "
            + "\((placement.peak / 1e9).fixed(1)) on \(placement.threads); memory "
            + "\((bandwidth.read / 1e9).fixed(1)) GB/s read, \((bandwidth.triad / 1e9).fixed(1)) triad, "
            + "\((bandwidth.inPlace / 1e9).fixed(1)) in place"
        if let barrier = placement.barrier { line += "; barrier \((barrier * 1e9).fixed(0)) ns" }
        return line
    }

    var json: JSON {
        JSON.members([
            "peak_one": .number(placement.onePeak), "peak": .number(placement.peak),
            "barrier": placement.barrier.map { .number($0) } ?? .null,
            "read": .number(bandwidth.read), "triad": .number(bandwidth.triad),
            "in_place": .number(bandwidth.inPlace),
        ])
    }
}
