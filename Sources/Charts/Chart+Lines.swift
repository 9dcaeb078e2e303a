extension Chart {
    package struct Series: Sendable {
        package let name: String
        package let points: [(x: Double, y: Double)]
        /// What the points are sure within, one for each point, or none.
        package let band: [(low: Double, high: Double)]

        /// - Precondition: `band` is empty or as long as `points`.
        package init(
            _ name: String, _ points: [(x: Double, y: Double)],
            band: [(low: Double, high: Double)] = []
        ) {
            precondition(
                band.isEmpty || band.count == points.count,
                "\(band.count) limits for \(points.count) points")
            (self.name, self.points, self.band) = (name, points, band)
        }
    }
}

extension Chart.Panel {
    /// Lines. Points that an axis cannot show (NaN; 0 on a logarithmic one) are left out.
    package init(
        x: ChartAxis, y: ChartAxis, series: [Chart.Series], references: [ChartReference] = []
    ) {
        self.init(LineContent(x: x, y: y, series: series, references: references))
    }
}

private struct LineContent: ChartContent {
    let x, y: ChartAxis
    let series: [Chart.Series]
    let references: [ChartReference]

    /// So many points all have markers; of more, those that stand free.
    private static let mostMarkers = 24
    private static let freeDistance = 18.0

    var legend: [ChartLegend.Entry] {
        series.enumerated().map { .init(look: .line(series: $0), name: $1.name) }
            + references.enumerated().map { .init(look: .reference($0), name: $1.name) }
    }

    func draw(in area: ChartArea, _ out: inout SVGText) {
        let points = series.flatMap(\.points).filter { x.canShow($0.x) && y.canShow($0.y) }
        let limits = series.flatMap(\.band).flatMap { [$0.low, $0.high] }.filter(y.canShow)
        let fitted = area.axes(
            x: x, over: points.map(\.x), y: y, over: points.map(\.y) + limits, &out)
        for (index, series) in series.enumerated() where !series.band.isEmpty {
            let shown = zip(series.points, series.band).filter {
                x.canShow($0.x) && y.canShow($1.low) && y.canShow($1.high)
            }
            let upper = shown.map { (x: fitted.x.position($0.x), y: fitted.y.position($1.high)) }
            let lower = shown.map { (x: fitted.x.position($0.x), y: fitted.y.position($1.low)) }
            out.polygon("area \(ChartStyle.series(index))", upper + lower.reversed())
        }
        area.draw(references, x: fitted.x, y: fitted.y, &out)
        for (index, series) in series.enumerated() {
            let places = series.points.filter { x.canShow($0.x) && y.canShow($0.y) }
                .map { (x: fitted.x.position($0.x), y: fitted.y.position($0.y)) }
            out.polyline("line \(ChartStyle.series(index))", places)
            var last = -Double.infinity
            for place in places
            where places.count <= Self.mostMarkers || abs(place.x - last) >= Self.freeDistance {
                out.marker(index, place.x, place.y)
                last = place.x
            }
        }
    }
}

extension SVGText {
    /// The mark of a series: its colour, and one of four shapes.
    mutating func marker(_ index: Int, _ x: Double, _ y: Double) {
        let kind = "mark \(ChartStyle.series(index))", r = 4.0
        switch index % 4 {
        case 0: circle(kind, x, y, radius: r)
        case 1: rectangle(kind, x: x - r, y: y - r, width: 2 * r, height: 2 * r)
        case 2: polygon(kind, [(x, y - 5), (x + 5, y + 4), (x - 5, y + 4)])
        default: polygon(kind, [(x, y - 5.5), (x + 5.5, y), (x, y + 5.5), (x - 5.5, y)])
        }
    }
}
