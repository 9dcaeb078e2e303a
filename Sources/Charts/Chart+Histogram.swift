extension Chart {
    /// Heights over intervals that follow one another.
    package struct Steps: Sendable {
        package let name: String
        package let edges, heights: [Double]

        /// - Precondition: there is one edge more than heights, and at least one height.
        package init(_ name: String, edges: [Double], heights: [Double]) {
            precondition(
                edges.count == heights.count + 1 && !heights.isEmpty,
                "\(edges.count) edges of \(heights.count) heights")
            (self.name, self.edges, self.heights) = (name, edges, heights)
        }
    }
}

extension Chart.Panel {
    /// Histograms, over one another. Heights that are not finite count as 0.
    package static func histogram(
        x: ChartAxis, y: ChartAxis, steps: [Chart.Steps], references: [ChartReference] = []
    ) -> Chart.Panel {
        .init(HistogramContent(x: x, y: y, steps: steps, references: references))
    }
}

private struct HistogramContent: ChartContent {
    let x, y: ChartAxis
    let steps: [Chart.Steps]
    let references: [ChartReference]

    var legend: [ChartLegend.Entry] {
        steps.enumerated().map { .init(look: .area(series: $0), name: $1.name) }
            + references.enumerated().map { .init(look: .reference($0), name: $1.name) }
    }

    func draw(in area: ChartArea, _ out: inout SVGText) {
        let heights = steps.flatMap(\.heights).filter(y.canShow)
        let fitted = area.axes(
            x: x, over: steps.flatMap(\.edges).filter(x.canShow), y: y, over: heights, &out)
        for (index, steps) in steps.enumerated() {
            var outline: [(x: Double, y: Double)] = []
            for (place, height) in steps.heights.enumerated() {
                let at = y.canShow(height) ? fitted.y.position(height) : area.bottom
                outline.append((fitted.x.position(steps.edges[place]), at))
                outline.append((fitted.x.position(steps.edges[place + 1]), at))
            }
            let ends = [
                (x: outline[outline.count - 1].x, y: area.bottom),
                (x: outline[0].x, y: area.bottom),
            ]
            out.polygon("area \(ChartStyle.series(index))", outline + ends)
            out.polyline("line \(ChartStyle.series(index))", outline)
        }
        area.draw(references, x: fitted.x, y: fitted.y, &out)
    }
}
