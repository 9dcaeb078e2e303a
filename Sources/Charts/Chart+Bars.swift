extension Chart {
    /// A number with the limits of its error bar.
    package struct Estimate: Sendable {
        package let value, low, high: Double

        package init(_ value: Double, low: Double, high: Double) {
            (self.value, self.low, self.high) = (value, low, high)
        }
    }

    /// One number for each group; nil leaves a gap.
    package struct Bars: Sendable {
        package let name: String
        package let estimates: [Estimate?]

        package init(_ name: String, _ estimates: [Estimate?]) {
            (self.name, self.estimates) = (name, estimates)
        }
    }
}

extension Chart.Panel {
    /// Groups of bars with error bars. A bar shows a number by its length and so starts at 0: on an
    /// axis that need not, there are markers in its place.
    /// - Precondition: every series has one estimate, or nil, for each group.
    package static func bars(
        _ title: String = "", x: String, groups: [String], y: ChartAxis, series: [Chart.Bars],
        references: [ChartReference] = []
    ) -> Chart.Panel {
        for bars in series {
            precondition(
                bars.estimates.count == groups.count,
                "\(bars.estimates.count) bars for \(groups.count) groups")
        }
        return .init(
            title, BarContent(x: x, groups: groups, y: y, series: series, references: references))
    }
}

private struct BarContent: ChartContent {
    let x: String
    let groups: [String]
    let y: ChartAxis
    let series: [Chart.Bars]
    let references: [ChartReference]

    var legend: [ChartLegend.Entry] {
        series.enumerated().map { index, bars in
            .init(
                look: y.scale == .linear ? .area(series: index) : .line(series: index),
                name: bars.name)
        } + references.enumerated().map { .init(look: .reference($0), name: $1.name) }
    }

    var size: (width: Double, height: Double) {
        let label = groups.map { ChartText.width($0) + 14 }.max() ?? 0
        let group = max(label, 26 * Double(series.count))
        return (max(440, 106 + group * Double(groups.count)), 254)
    }

    private func canShow(_ estimate: Chart.Estimate) -> Bool {
        y.canShow(estimate.value) && y.canShow(estimate.low) && y.canShow(estimate.high)
    }

    var heights: [Double] {
        series.flatMap { $0.estimates.compactMap { $0 } }.filter(canShow)
            .flatMap { [$0.value, $0.low, $0.high] }
    }

    func draw(in area: ChartArea, heights: [Double], _ out: inout SVGText) {
        let fitted = area.vertical(y, over: heights, &out)
        area.drawFrame(x: x, y: y.label, &out)
        let group = (area.right - area.left) / Double(max(groups.count, 1))
        let width = min(group * 0.8 / Double(max(series.count, 1)), 44)
        for (place, name) in groups.enumerated() {
            let centre = area.left + group * (Double(place) + 0.5)
            out.text("tick", x: centre, y: area.bottom + 17, anchor: "middle", name)
            for (index, bars) in series.enumerated() {
                guard let estimate = bars.estimates[place], canShow(estimate) else { continue }
                let offset = Double(index) - Double(series.count - 1) / 2
                draw(estimate, index, centre + offset * width, width * 0.86, fitted, &out)
            }
        }
        for (index, reference) in references.enumerated() {
            guard case .y(let value) = reference.place, fitted.shows(value) else { continue }
            let at = fitted.position(value)
            out.line("reference r\(index % 3)", area.left, at, area.right, at)
        }
    }

    private func draw(
        _ estimate: Chart.Estimate, _ index: Int, _ x: Double, _ width: Double,
        _ axis: ChartAxis.Fitted, _ out: inout SVGText
    ) {
        let at = axis.position(estimate.value)
        if y.scale == .linear {
            let zero = axis.position(0)
            out.rectangle(
                "bar \(ChartStyle.series(index))", x: x - width / 2, y: min(at, zero),
                width: width, height: abs(at - zero))
        }
        let (low, high) = (axis.position(estimate.low), axis.position(estimate.high))
        out.line("whisker", x, low, x, high)
        for end in [low, high] { out.line("whisker", x - 5, end, x + 5, end) }
        if y.scale != .linear { out.marker(index, x, at) }
    }
}
