import Charts
import FoundationEssentials
import Glibc
import Phidias

/// Pictures of a sweep that varies only learning rate and momentum.
extension SweepReport {
    private var pairs: (rates: [String], momenta: [String])? {
        guard Set(plan.varied) == ["learning_rate", "momentum"],
            let rates = plan.document["learning_rate"], let momenta = plan.document["momentum"]
        else { return nil }
        return (rates, momenta)
    }

    var means: String {
        let count = plan.cells.count / plan.points.count
        return count == 1 ? "one cell each" : "mean of \(count) cells"
    }

    /// What is missing to the best that there could be.
    var errorName: String { measure == .r2 ? "1 − R²" : "error" }

    /// Validation error over the effective learning rate η/(1 − α), a line for each η; nil also
    /// where a momentum is no constant.
    var effectiveRates: Chart? {
        guard let (rates, momenta) = pairs else { return nil }
        var series: [Chart.Series] = []
        for rate in rates {
            var points: [(x: Double, y: Double)] = []
            for momentum in momenta {
                guard let eta = try? LearningRate.base(rate),
                    case .constant(let alpha) = try? Momentum(momentum)
                else { return nil }
                let row = rows.first {
                    $0.point["learning_rate"] == rate && $0.point["momentum"] == momentum
                }
                guard let row, row.rank != nil, let mean = row.mean else { continue }
                guard let analysis = try? MomentumAnalysis(learningRate: eta, momentum: alpha)
                else { continue }
                points.append((analysis.effectiveLearningRate, 100 * (1 - mean)))
            }
            series.append(.init("η = \(rate)", points.sorted { $0.x < $1.x }))
        }
        let golden = MomentumAnalysis.golden
        return Chart(
            title: "Validation \(errorName), \(means)",
            panels: [
                .init(
                    x: ChartAxis("effective learning rate η/(1 − α)", .logarithmic(base: 10)),
                    y: ChartAxis("validation \(errorName), %", .logarithmic(base: 2)),
                    series: series,
                    references: [.init("golden pair, 1 − √2/φ", .x(golden.effectiveLearningRate))])
            ])
    }

    /// Validation accuracy over learning rate and momentum, if these two are what varies.
    var heatMap: Chart? {
        map.map {
            Chart(title: "Validation \(measure), \(means)", panels: [.heatMap($0)])
        }
    }

    /// Only its colors.
    var heatMapImage: Image? { map?.image() }

    private var map: HeatMap? {
        guard let (rates, momenta) = pairs else { return nil }
        var values = momenta.map { _ in [Double](repeating: .nan, count: rates.count) }
        var marks: [HeatMap.Mark: Set<HeatMap.Place>] = [:]
        let best = rows.compactMap(\.rank).min()
        for row in rows {
            guard let column = rates.firstIndex(where: { $0 == row.point["learning_rate"] }),
                let line = momenta.firstIndex(where: { $0 == row.point["momentum"] })
            else { continue }
            let place = HeatMap.Place(column: column, row: line)
            if row.rank != nil, let mean = row.mean { values[line][column] = mean * 100 }
            if row.isGolden { marks[.golden, default: []].insert(place) }
            if row.rank != nil, row.rank == best {
                marks[.best, default: []].insert(place)
            } else if row.isNotWorse == true {
                marks[.notWorse, default: []].insert(place)
            }
        }
        // Colors are for the upper three quarters: what does not learn would take them all.
        let sorted = values.joined().filter(\.isFinite).sorted()
        let range = sorted.isEmpty ? nil : sorted[sorted.count / 4]...sorted[sorted.count - 1]
        return HeatMap(
            x: "learning rate η", columns: rates, y: "momentum α", rows: momenta,
            value: "validation \(measure), %", values: values, range: range, marks: marks,
            names: [.golden: plan.goldenName])
    }
}
