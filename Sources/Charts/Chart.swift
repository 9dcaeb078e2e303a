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
        /// Above the axes: what tells the panel from its neighbours; empty for none.
        let title: String
        let content: any ChartContent
        /// What the vertical axis has to show.
        var heights: [Double]

        init(_ title: String, _ content: any ChartContent) {
            (self.title, self.content, heights) = (title, content, content.heights)
        }
    }

    // Around the axes: for labels and ticks on the left and below; a panel's title above.
    private static let left = 74.0, right = 32.0, bottom = 52.0, margin = 20.0, titleRow = 22.0
    /// More panels go below: three side by side are wider than most pages.
    private static let mostBeside = 2

    private var rows: [[Panel]] {
        stride(from: 0, to: panels.count, by: Self.mostBeside).map {
            Array(panels[$0..<min($0 + Self.mostBeside, panels.count)])
        }
    }

    /// Pixels from left to right.
    package var width: Double {
        rows.map { row in row.reduce(0) { $0 + $1.content.size.width } }.max() ?? 0
    }

    /// The paper: for those who draw without asking what the reader prefers.
    package enum Theme: String, Sendable, CaseIterable {
        case light, dark
    }

    /// A file of its own.
    package var svg: String { drawn(.file(css: ChartStyle.css())) }

    /// A file of its own that looks the same everywhere.
    package func svg(_ theme: Theme) -> String { drawn(.file(css: ChartStyle.css(theme: theme))) }

    /// An element of an HTML page whose style has `inlineStyle` in it, once for all charts.
    package var inlineSVG: String { drawn(.element(kind: "chart")) }

    /// The look of elements that `inlineSVG` makes, and of nothing else on the page.
    package static var inlineStyle: String { ChartStyle.css(scope: "svg.chart ") }

    /// A row of panels with its place.
    private struct Row {
        let panels: [Panel]
        /// Where the axes begin, and the legends.
        let top, bottom: Double
        let legends: [(edge: Double, legend: ChartLegend)]
    }

    private func drawn(_ place: SVGText.Place) -> String {
        let titleLines = ChartText.wrapped(
            title, size: ChartText.titleSize, to: width - Self.margin - Self.right)
        let common = commonLegend
        var rows: [Row] = [], height = 22 + 20 * Double(titleLines.count)
        for panels in self.rows {
            if !rows.isEmpty { height += 16 }
            let top = height + (panels.contains { !$0.title.isEmpty } ? Self.titleRow : 0)
            let bottom = top + (panels.map(\.content.size.height).max() ?? 0)
            let legends = common == nil ? Self.legends(panels) : []
            height = bottom + (legends.map(\.legend.height).max() ?? 0)
            rows.append(Row(panels: panels, top: top, bottom: bottom, legends: legends))
        }
        let end = height
        height += common?.height ?? 0
        var out = SVGText(width: width, height: height, title: title, place: place)
        out.rectangle("page", x: 0, y: 0, width: width, height: height)
        for (index, line) in titleLines.enumerated() {
            out.text("title", x: Self.margin, y: 24 + 20 * Double(index), anchor: "start", line)
        }
        for row in rows { Self.draw(row, &out) }
        common?.draw(left: Self.left, top: end, &out)
        return out.finished
    }

    private static func draw(_ row: Row, _ out: inout SVGText) {
        var offset = 0.0
        for panel in row.panels {
            let size = panel.content.size
            let area = ChartArea(
                edge: offset, left: offset + left, right: offset + size.width - right,
                top: row.top, bottom: row.top + size.height - bottom)
            if !panel.title.isEmpty {
                out.text("subtitle", x: area.left, y: row.top - 9, anchor: "start", panel.title)
            }
            panel.content.draw(in: area, heights: panel.heights, &out)
            offset += size.width
        }
        for (edge, legend) in row.legends { legend.draw(left: edge, top: row.bottom, &out) }
    }

    /// One legend for all panels, if it says the same of each.
    private var commonLegend: ChartLegend? {
        let entries = panels.map(\.content.legend)
        guard let first = entries.first, entries.allSatisfy({ $0 == first }) else { return nil }
        return ChartLegend(first, width: width - Self.left)
    }

    /// One below each panel.
    private static func legends(_ panels: [Panel]) -> [(edge: Double, legend: ChartLegend)] {
        var edge = 0.0
        return panels.map { panel in
            defer { edge += panel.content.size.width }
            let room = panel.content.size.width - left
            return (edge + left, ChartLegend(panel.content.legend, width: room))
        }
    }
}

extension [Chart.Panel] {
    /// The same panels with one vertical scale: of the same quantity, they can be compared by eye.
    package var onOneScale: [Chart.Panel] {
        let all = flatMap(\.heights)
        return map { panel in
            var panel = panel
            panel.heights = all
            return panel
        }
    }
}

/// What a panel can show.
protocol ChartContent: Sendable {
    /// With ticks and labels; without title and legend.
    var size: (width: Double, height: Double) { get }
    var legend: [ChartLegend.Entry] { get }
    /// The numbers that the vertical axis is made for; none if it has no numbers.
    var heights: [Double] { get }
    /// - Parameter heights: those of this panel and of all that have the same scale.
    func draw(in area: ChartArea, heights: [Double], _ out: inout SVGText)
}

extension ChartContent {
    var size: (width: Double, height: Double) { (440, 254) }
}
