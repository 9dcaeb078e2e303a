extension Chart {
    package struct Series: Sendable {
        package let name: String
        package let points: [(x: Double, y: Double)]
        /// What the points are sure within, one for each point, or none.
        package let band: [(low: Double, high: Double)]
        package let look: Look

        package enum Look: Sendable {
            /// A line, and markers where there is room for them.
            case line
            /// A marker for every point.
            case marks
            /// A thin line: what changes at every step.
            case signal
        }

        /// - Precondition: `band` is empty or as long as `points`.
        package init(
            _ name: String, _ points: [(x: Double, y: Double)],
            band: [(low: Double, high: Double)] = [], look: Look = .line
        ) {
            precondition(
                band.isEmpty || band.count == points.count,
                "\(band.count) limits for \(points.count) points")
            (self.name, self.points, self.band) = (name, points, band)
            self.look = look
        }
    }
}

extension Chart.Panel {
    /// Lines. Points that an axis cannot show (NaN; 0 on a logarithmic one) are left out.
    /// A series without points keeps its look free, and is not in the legend.
    package init(
        _ title: String = "", x: ChartAxis, y: ChartAxis, series: [Chart.Series],
        references: [ChartReference] = []
    ) {
        self.init(title, LineContent(x: x, y: y, series: series, references: references))
    }
}

private struct LineContent: ChartContent {
    let x, y: ChartAxis
    let series: [Chart.Series]
    let references: [ChartReference]

    /// So many points all have markers; of more, those that stand free.
    private static let mostMarkers = 24
    private static let freeDistance = 30.0

    var legend: [ChartLegend.Entry] {
        series.enumerated().filter { !$1.points.isEmpty }
            .map {
                .init(
                    look: $1.look == .signal ? .signal(series: $0) : .line(series: $0),
                    name: $1.name)
            }
            + references.enumerated().map { .init(look: .reference($0), name: $1.name) }
    }

    private var points: [(x: Double, y: Double)] {
        series.flatMap(\.points).filter { x.canShow($0.x) && y.canShow($0.y) }
    }

    var heights: [Double] {
        points.map(\.y)
            + series.flatMap(\.band).flatMap { [$0.low, $0.high] }.filter(y.canShow)
    }

    func draw(in area: ChartArea, heights: [Double], _ out: inout SVGText) {
        let fitted = area.axes(x: x, over: points.map(\.x), y: y, over: heights, &out)
        for (index, series) in series.enumerated() where !series.band.isEmpty {
            let shown = zip(series.points, series.band).filter {
                x.canShow($0.x) && y.canShow($1.low) && y.canShow($1.high)
            }
            let upper = shown.map { (x: fitted.x.position($0.x), y: fitted.y.position($1.high)) }
            let lower = shown.map { (x: fitted.x.position($0.x), y: fitted.y.position($1.low)) }
            out.polygon("area \(ChartStyle.series(index))", upper + lower.reversed())
        }
        area.draw(references, x: fitted.x, y: fitted.y, &out)
        let places = series.map { series in
            series.points.filter { x.canShow($0.x) && y.canShow($0.y) }
                .map { (x: fitted.x.position($0.x), y: fitted.y.position($0.y)) }
        }
        // No line hides a marker. Where lines run over one another, later ones are drawn on top: with
        // gaps, and with smaller markers.
        for (index, places) in places.enumerated() {
            switch series[index].look {
            case .line: out.polyline(ChartStyle.line(index), places)
            case .marks: break
            case .signal: out.polyline(ChartStyle.signal(index), places)
            }
        }
        for (index, places) in places.enumerated() where series[index].look != .signal {
            let isCrowded = places.count > Self.mostMarkers && series[index].look == .line
            // Each series begins a little further on.
            let part = Double(index % ChartStyle.count) / Double(ChartStyle.count)
            var next = isCrowded ? area.left + part * Self.freeDistance : -.infinity
            for place in places where place.x >= next {
                out.marker(index, place.x, place.y)
                if isCrowded { next = place.x + Self.freeDistance }
            }
        }
    }
}

extension SVGText {
    /// The mark of a series: its colour, one of four shapes, and smaller than those of the series
    /// before, so that of marks in the same place all are seen.
    mutating func marker(_ index: Int, _ x: Double, _ y: Double) {
        let kind = "mark \(ChartStyle.series(index))"
        let r = [5.5, 4.4, 4, 3.6, 2.8][index % ChartStyle.count]
        switch index % 4 {
        case 0: circle(kind, x, y, radius: r)
        case 1: rectangle(kind, x: x - r, y: y - r, width: 2 * r, height: 2 * r)
        case 2: polygon(kind, [(x, y - 1.25 * r), (x + 1.25 * r, y + r), (x - 1.25 * r, y + r)])
        default:
            let d = 1.3 * r
            polygon(kind, [(x, y - d), (x + d, y), (x, y + d), (x - d, y)])
        }
    }
}
