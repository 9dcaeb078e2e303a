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
    /// Histograms, over one another. Heights that are not finite count as 0; what lies between
    /// edges that the axis cannot show is left out.
    package static func histogram(
        _ title: String = "", x: ChartAxis, y: ChartAxis, steps: [Chart.Steps],
        references: [ChartReference] = []
    ) -> Chart.Panel {
        .init(title, HistogramContent(x: x, y: y, steps: steps, references: references))
    }
}

private struct HistogramContent: ChartContent {
    let x, y: ChartAxis
    let steps: [Chart.Steps]
    let references: [ChartReference]

    var legend: [ChartLegend.Entry] {
        steps.enumerated().map { .init(look: .step(series: $0), name: $1.name) }
            + references.enumerated().map { .init(look: .reference($0), name: $1.name) }
    }

    var heights: [Double] { steps.flatMap(\.heights).filter(y.canShow) }

    func draw(in area: ChartArea, heights: [Double], _ out: inout SVGText) {
        let fitted = area.axes(
            x: x, over: steps.flatMap(\.edges), y: y, over: heights, &out)
        for (index, steps) in steps.enumerated() {
            var outline: [(x: Double, y: Double)] = []
            for (place, height) in steps.heights.enumerated()
            where x.canShow(steps.edges[place]) && x.canShow(steps.edges[place + 1]) {
                let at = y.canShow(height) ? fitted.y.position(height) : area.bottom
                outline.append((fitted.x.position(steps.edges[place]), at))
                outline.append((fitted.x.position(steps.edges[place + 1]), at))
            }
            guard !outline.isEmpty else { continue }
            let ends = [
                (x: outline[outline.count - 1].x, y: area.bottom),
                (x: outline[0].x, y: area.bottom),
            ]
            out.polygon("area \(ChartStyle.series(index))", outline + ends)
            out.polyline(ChartStyle.line(index), outline)
        }
        area.draw(references, x: fitted.x, y: fitted.y, &out)
    }
}
