import ArgumentParser
import CommandLineSupport
import Phidias
import PhidiasRuns

/// What is estimated of training over ranks.
struct RankOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Estimate what a training step takes over so many machines, one rank on each, such as 2,4,16.",
            valueName: "counts"))
    var ranks: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("With --ranks: the images of a step.", valueName: "count"))
    var batchSize = TrainingSettings().batchSize
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --ranks: the time of a short message between machines, in µs. (default, with --bandwidth: 10 Gb/s Ethernet and InfiniBand)",
            valueName: "µs"))
    var latency: Double?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --ranks: what goes from a machine to another in a second, in GB.",
            valueName: "GB/s"))
    var bandwidth: Double?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "With --ranks: what a machine computes in a second when it trains this network alone, in GFLOP. (default: what this machine does with --threads, measured)",
            valueName: "GFLOP/s"))
    var speed: Double?

    /// What lies between the machines, by name.
    private func links() throws -> [(name: String, link: RankEstimate.Link)] {
        guard latency != nil || bandwidth != nil else {
            return [("10 Gb/s Ethernet", .ethernet), ("InfiniBand", .infiniBand)]
        }
        guard let latency, let bandwidth, latency >= 0, latency.isFinite, bandwidth > 0,
            bandwidth.isFinite
        else {
            throw UsageError(
                description:
                    "--latency and --bandwidth belong together, and are times and sizes: give both, such as --latency 10 --bandwidth 1.1."
            )
        }
        return [
            (
                "\(latency.digits(3)) µs, \(bandwidth.digits(3)) GB/s",
                .init(latency: latency / 1e6, bandwidth: bandwidth * 1e9)
            )
        ]
    }

    /// - Returns: nil if none are asked for.
    func estimates(of network: Network, threads: Int) throws -> Estimates? {
        guard let ranks else {
            guard latency == nil, bandwidth == nil, speed == nil else {
                throw UsageError(
                    description: "--latency, --bandwidth and --speed need --ranks.")
            }
            return nil
        }
        let counts = ranks.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let known = counts.compactMap { $0 }.filter { (1...100_000).contains($0) }
        guard known.count == counts.count, batchSize > 0, speed ?? 1 > 0, (speed ?? 1).isFinite
        else {
            throw UsageError(
                description:
                    "--ranks takes numbers of ranks such as 2,4,16, and --batch-size and --speed are above 0."
            )
        }
        let links = try links()
        let estimate = try RankEstimate(network, batchSize: batchSize)
        let flops = try speed.map { $0 * 1e9 } ?? estimate.measuredSpeed(threads: threads)
        return Estimates(
            estimate: estimate, speed: flops, isMeasured: speed == nil, counts: known, links: links)
    }

    /// The estimates for some numbers of ranks over some links.
    struct Estimates {
        let estimate: RankEstimate
        let speed: Double
        let isMeasured: Bool
        let counts: [Int]
        let links: [(name: String, link: RankEstimate.Link)]

        private struct Line {
            let name: String, link: RankEstimate.Link, ranks: Int
            let seconds, messages, speedUp: Double
        }

        private var lines: [Line] {
            let alone = estimate.seconds(ranks: 1, speed: speed, over: .ethernet)
            return links.flatMap { name, link in
                counts.map { ranks in
                    let seconds = estimate.seconds(ranks: ranks, speed: speed, over: link)
                    return Line(
                        name: name, link: link, ranks: ranks, seconds: seconds,
                        messages: estimate.messageSeconds(ranks: ranks, over: link),
                        speedUp: alone / seconds)
                }
            }
        }

        var text: String {
            var table = TextTable(
                ["between machines", "ranks", "ms a step", "of them\nmessages", "speed-up"],
                left: [0], indent: "")
            for line in lines {
                table.add(
                    line.name, String(line.ranks), (line.seconds * 1e3).digits(3),
                    (line.messages * 1e3).digits(3), line.speedUp.digits(2))
            }
            let alone = estimate.seconds(ranks: 1, speed: speed, over: .ethernet)
            let sentence =
                "Training over ranks, one on each machine, with batches of \(estimate.batchSize): an estimate, for machines of \((speed / 1e9).digits(3)) GFLOP/s\(isMeasured ? ", as measured here" : ""). One machine takes \((alone * 1e3).digits(3)) ms a step. Below a speed-up of 1 it is faster alone."
            return sentence.wrapped(hanging: 0) + "\n\n" + table.text
        }

        var json: JSON {
            .members([
                "batch_size": .integer(estimate.batchSize), "flops_per_second": .number(speed),
                "estimates": .array(
                    lines.map { line in
                        .members([
                            "ranks": .integer(line.ranks), "latency": .number(line.link.latency),
                            "bandwidth": .number(line.link.bandwidth),
                            "seconds": .number(line.seconds),
                            "message_seconds": .number(line.messages),
                            "speed_up": .number(line.speedUp),
                        ])
                    }),
            ])
        }
    }
}
