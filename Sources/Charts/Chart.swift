/// Charts as SVG, side by side. Readable on light and dark pages, with common colour
/// blindness, and in print: series differ in colour, marker and dashes.
package struct Chart: Sendable {
    package let title: String
    package let panels: [Panel]

    package init(title: String, panels: [Panel]) {
        (self.title, self.panels) = (title, panels)
    }

    /// One pair of axes and what is drawn between them.
    package struct Panel: Sendable {
        let content: any ChartContent

        init(_ content: any ChartContent) { self.content = content }
    }

    // Around the axes: for labels and ticks on the left and below.
    private static let left = 74.0, right = 32.0, bottom = 52.0, margin = 20.0

    /// Pixels from left to right.
    package var width: Double { panels.reduce(0) { $0 + $1.content.size.width } }

    /// A file of its own.
    package var svg: String { drawn(.file(css: ChartStyle.css)) }

    /// An element of an HTML page whose style has `inlineStyle` in it, once for all charts.
    package var inlineSVG: String { drawn(.element(kind: "chart")) }

    /// The look of elements that `inlineSVG` makes, and of nothing else on the page.
    package static var inlineStyle: String { ChartStyle.css(scope: "svg.chart ") }

    private func drawn(_ place: SVGText.Place) -> String {
        let titleLines = ChartText.wrapped(
            title, size: ChartText.titleSize, to: width - Self.margin - Self.right)
        let top = 22 + 20 * Double(titleLines.count)
        let plot = panels.map(\.content.size.height).max() ?? 0
        let legends = self.legends(width: width)
        let height = top + plot + (legends.map(\.legend.height).max() ?? 0)
        var out = SVGText(width: width, height: height, title: title, place: place)
        out.rectangle("page", x: 0, y: 0, width: width, height: height)
        for (index, line) in titleLines.enumerated() {
            out.text("title", x: Self.margin, y: 24 + 20 * Double(index), anchor: "start", line)
        }
        var offset = 0.0
        for panel in panels {
            let size = panel.content.size
            let area = ChartArea(
                edge: offset, left: offset + Self.left, right: offset + size.width - Self.right,
                top: top, bottom: top + size.height - Self.bottom)
            panel.content.draw(in: area, &out)
            offset += size.width
        }
        for (edge, legend) in legends { legend.draw(left: edge, top: top + plot, &out) }
        return out.finished
    }

    /// One legend for all panels if it says the same of each, else one below each of them.
    private func legends(width: Double) -> [(edge: Double, legend: ChartLegend)] {
        let entries = panels.map(\.content.legend)
        if let first = entries.first, entries.allSatisfy({ $0 == first }) {
            return [(Self.left, ChartLegend(first, width: width - Self.left))]
        }
        var edge = 0.0
        return panels.map { panel in
            defer { edge += panel.content.size.width }
            let room = panel.content.size.width - Self.left
            return (edge + Self.left, ChartLegend(panel.content.legend, width: room))
        }
    }
}

/// What a panel can show.
protocol ChartContent: Sendable {
    /// With ticks and labels; without title and legend.
    var size: (width: Double, height: Double) { get }
    var legend: [ChartLegend.Entry] { get }
    func draw(in area: ChartArea, _ out: inout SVGText)
}

extension ChartContent {
    var size: (width: Double, height: Double) { (440, 254) }
}
