import Charts
import Phidias
import PhidiasRuns

/// The table, the cliffs and the chart of a sweep.
struct ScalingReport {
    let sweep: ScalingSweep
    let measured: [ScalingPoint.Result]

    private typealias Row = (point: ScalingPoint, result: ScalingPoint.Result)
    private var rows: [Row] { Array(zip(sweep.points, measured)) }

    // Each has two lines, with zeros that may be left out and without; but that of the threads as
    // many for each number of threads.
    private var lines: [(name: String, rows: [Row])] {
        [true, false].flatMap { zeros -> [(name: String, rows: [Row])] in
            let rows = rows.filter { $0.point.canLeaveOutZeros == zeros }
            let name = zeros ? "black is 0" : "black is −1"
            guard sweep.name != "threads" else { return [(name, rows)] }
            return Set(sweep.points.map(\.threads)).sorted().map { threads in
                (
                    "\(name), \(threads.counted("thread"))",
                    rows.filter { $0.point.threads == threads }
                )
            }
        }
    }

    /// A point of less than half a neighbor's efficiency is a cliff.
    static func cliffs(_ efficiencies: [Double]) -> [Bool] {
        efficiencies.indices.map { index in
            [index - 1, index + 1].contains {
                efficiencies.indices.contains($0) && efficiencies[index] < efficiencies[$0] / 2
            }
        }
    }

    var markdown: String {
        var text = "## \(sweep.name.capitalized)\n\n![\(sweep.name)](\(sweep.name).svg)\n\n"
        text += "| \(sweep.axis) | threads | black | µs/image | efficiency | limit | |\n"
        text += "|---:|---:|---:|---:|---:|---|---|\n"
        for line in lines {
            let cliffs = Self.cliffs(line.rows.map(\.result.efficiency))
            for (row, isCliff) in zip(line.rows, cliffs) {
                let notes = [
                    isCliff ? "cliff" : nil, row.result.isPlaced ? nil : "threads misplaced",
                ]
                text +=
                    "| \(row.point.value) | \(row.point.threads) "
                    + "| \(row.point.canLeaveOutZeros ? "0" : "−1") "
                    + "| \((row.result.secondsPerImage * 1e6).fixed(3)) "
                    + "| \((row.result.efficiency * 100).fixed(0)) % "
                    + "| \(row.result.isBoundByMemory ? "bytes" : "FMA") "
                    + "| \(notes.compactMap { $0 }.joined(separator: ", ")) |\n"
            }
        }
        return text
    }

    var chart: Chart {
        let x =
            sweep.isLogarithmic
            ? ChartAxis(sweep.axis, .logarithmic(base: 2)) : ChartAxis(sweep.axis)
        func series(_ y: (ScalingPoint.Result) -> Double) -> [Chart.Series] {
            lines.map { line in
                Chart.Series(line.name, line.rows.map { (Double($0.point.value), y($0.result)) })
            }
        }
        return Chart(
            title: "Cost of training by \(sweep.name == "hidden" ? "width" : sweep.name)",
            panels: [
                .init(
                    x: x, y: ChartAxis("time per image, µs", .logarithmic(base: 2)),
                    series: series { $0.secondsPerImage * 1e6 }),
                .init(
                    x: x, y: ChartAxis("efficiency, %"), series: series { $0.efficiency * 100 }),
            ])
    }

    static func page(_ machine: Machine, _ sections: [String]) -> String {
        let paragraphs = [
            """
            \(machine.text). Made by `phidias bench scaling`: synthetic digits, sigmoid units, \
            synaptic loss; the median epoch of a short training.
            """,
            """
            Where black is 0, zeros are left out where that is faster: work that is not done counts \
            as done, so efficiency may be above 100 %. Where black is −1, all pixels are multiplied.
            """,
            """
            Efficiency is max(FLOPs / peak, bytes / bandwidth) / time. FLOPs: two for each weight and \
            product (forward, weight gradient, and above the first layer delta). Peak: fused \
            multiply-adds of as many threads, measured before and after each point. Bytes per step: \
            20 for each parameter (weights read forward; weights and velocity read and written by the \
            update), and for each image 9 for each pixel (a byte read, a float written and read) and \
            16 for each unit (activation and delta, written and read). Bandwidth: that of a triad over \
            as much memory as the step touches, hence that of the cache in which a small network \
            lies. A cliff is less than half the efficiency of a neighbor.
            """,
        ]
        return """
            # How the cost of training grows

            \(paragraphs.map { $0.wrapped() }.joined(separator: "\n\n"))

            \(sections.joined(separator: "\n"))
            """
    }
}
