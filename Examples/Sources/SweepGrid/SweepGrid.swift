// Compares two learning rates and two momenta, by validation accuracy.
import Phidias
import PhidiasRuns

@main struct SweepGrid {
    static func main() async throws {
        try SyntheticDigits.pair(training: 4_000, test: 1_000, seed: 1).write(
            to: "digits", replacing: true)

        var grid = SweepSettings()
        grid.data = .folder("digits")
        try grid.vary(\.learningRate, over: [0.001, GoldenRatio.learningRate])
        try grid.vary(\.momentum, over: [.constant(0), .golden])
        // One value is for all cells.
        try grid.vary(\.network, over: [.dense(hidden: [32], activation: .sigmoid)])
        try grid.vary(\.epochs, over: [5])

        // Each cell is saved as it ends: the same call goes on where an interrupted one stopped.
        let outcome = try await Sweep.run(grid, in: "sweep") { event in
            if case .starts(let cells, let left, _, _, _) = event {
                print("\(cells) cells, \(left) of them to compute")
            }
        }
        print(outcome.report.text)

        if let best = outcome.report.rows.first, let mean = best.mean {
            let settings = best.settings.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            print("\nBest: \(settings), with a validation accuracy of \(mean)")
        }

        // The table and the heat map as a page.
        try Report.write(["sweep"], to: "report.html")
    }
}
