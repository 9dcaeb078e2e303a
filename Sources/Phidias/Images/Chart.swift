import Foundation

/// Line charts as SVG, side by side with one legend. Readable on light and dark pages, with common
/// colour blindness, and in print: series differ in colour, marker and dashes.
package struct Chart: Sendable {
    package struct Series: Sendable {
        package let name: String
        package let points: [(x: Double, y: Double)]

        package init(_ name: String, _ points: [(x: Double, y: Double)]) {
            (self.name, self.points) = (name, points)
        }
    }

    /// One pair of axes. Points that an axis cannot show (NaN; 0 on a logarithmic one) are left out.
    package struct Panel: Sendable {
        package let x, y: ChartAxis
        package let series: [Series]

        package init(x: ChartAxis, y: ChartAxis, series: [Series]) {
            (self.x, self.y, self.series) = (x, y, series)
        }
    }

    package let title: String
    package let panels: [Panel]

    package init(title: String, panels: [Panel]) {
        (self.title, self.panels) = (title, panels)
    }

    private static let panelWidth = 440.0, panelHeight = 300.0
    // Around the axes: for labels and ticks on the left and below.
    private static let left = 74.0, right = 22.0, top = 46.0, bottom = 52.0, legend = 34.0

    package var svg: String {
        let width = Self.panelWidth * Double(panels.count)
        let height = Self.panelHeight + Self.legend
        var out = SVGText(width: width, height: height, title: title, style: ChartStyle.css)
        out.rectangle("page", x: 0, y: 0, width: width, height: height)
        out.text("title", x: Self.left, y: 24, anchor: "start", title)
        for (index, panel) in panels.enumerated() {
            draw(panel, at: Self.panelWidth * Double(index), in: &out)
        }
        drawLegend(at: Self.panelHeight + 16, in: &out)
        return out.finished
    }

    private func draw(_ panel: Panel, at offset: Double, in out: inout SVGText) {
        let shown = panel.series.flatMap(\.points).filter {
            panel.x.canShow($0.x) && panel.y.canShow($0.y)
        }
        let (x0, x1) = (offset + Self.left, offset + Self.panelWidth - Self.right)
        let (y0, y1) = (Self.panelHeight - Self.bottom, Self.top)
        let x = panel.x.fitted(to: shown.map(\.x), from: x0, to: x1)
        let y = panel.y.fitted(to: shown.map(\.y), from: y0, to: y1)
        for tick in x.ticks {
            let at = x.position(tick)
            out.line("grid", at, y0, at, y1)
            out.text("tick", x: at, y: y0 + 17, anchor: "middle", ChartAxis.label(tick))
        }
        for tick in y.ticks {
            let at = y.position(tick)
            out.line("grid", x0, at, x1, at)
            out.text("tick", x: x0 - 7, y: at + 4, anchor: "end", ChartAxis.label(tick))
        }
        out.line("axis", x0, y0, x1, y0)
        out.line("axis", x0, y0, x0, y1)
        out.text("label", x: (x0 + x1) / 2, y: y0 + 38, anchor: "middle", panel.x.label)
        out.text(
            "label", x: offset + 18, y: (y0 + y1) / 2, anchor: "middle", panel.y.label, turned: true
        )
        for (index, series) in panel.series.enumerated() {
            let points = series.points.filter { panel.x.canShow($0.x) && panel.y.canShow($0.y) }
                .map { (x: x.position($0.x), y: y.position($0.y)) }
            out.polyline("line s\(index % ChartStyle.count)", points)
            for point in points { marker(index, point.x, point.y, &out) }
        }
    }

    private func drawLegend(at y: Double, in out: inout SVGText) {
        var names: [String] = []
        for name in panels.flatMap(\.series).map(\.name) where !names.contains(name) {
            names.append(name)
        }
        var x = Self.left
        for (index, name) in names.enumerated() {
            out.polyline("line s\(index % ChartStyle.count)", [(x, y), (x + 30, y)])
            marker(index, x + 15, y, &out)
            out.text("label", x: x + 37, y: y + 4, anchor: "start", name)
            x += 60 + 7.2 * Double(name.count)
        }
    }

    private func marker(_ index: Int, _ x: Double, _ y: Double, _ out: inout SVGText) {
        let kind = "mark s\(index % ChartStyle.count)", r = 4.0
        switch index % 4 {
        case 0: out.circle(kind, x, y, radius: r)
        case 1: out.rectangle(kind, x: x - r, y: y - r, width: 2 * r, height: 2 * r)
        case 2: out.polygon(kind, [(x, y - 5), (x + 5, y + 4), (x - 5, y + 4)])
        default: out.polygon(kind, [(x, y - 5.5), (x + 5.5, y), (x, y + 5.5), (x - 5.5, y)])
        }
    }
}

/// Colours of Okabe and Ito (2008), made for all kinds of colour vision; on dark pages the lighter
/// ones of the set.
enum ChartStyle {
    static let light = ["#0072b2", "#d55e00", "#007f5f", "#aa4499", "#7a5c00"]
    static let dark = ["#56b4e9", "#ff9a4d", "#2fd6a3", "#e59fc8", "#f0e442"]
    static let dashes = ["none", "7 4", "2 3", "9 3 2 3", "4 2"]
    static var count: Int { light.count }

    static var css: String {
        func palette(_ colours: [String], page: String, ink: String, faint: String) -> String {
            let series = colours.enumerated().map {
                ".s\($0){stroke:\($1)}.mark.s\($0){fill:\($1)}"
            }
            return ".page{fill:\(page)}text{fill:\(ink)}.axis{stroke:\(ink)}.grid{stroke:\(faint)}"
                + series.joined()
        }
        let dashed = dashes.enumerated().map { ".line.s\($0){stroke-dasharray:\($1)}" }.joined()
        return
            "text{font-family:system-ui,sans-serif;font-size:12px}.title{font-size:15px;font-weight:600}"
            + ".line{fill:none;stroke-width:2}.axis{stroke-width:1}.grid{stroke-width:0.5}\(dashed)"
            + palette(light, page: "#ffffff", ink: "#1f2328", faint: "#c9ced4")
            + "@media (prefers-color-scheme:dark){"
            + palette(dark, page: "#0d1117", ink: "#e6edf3", faint: "#3d444d") + "}"
    }
}
