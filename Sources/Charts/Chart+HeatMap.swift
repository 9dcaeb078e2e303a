import FoundationEssentials
import Glibc

extension Chart.Panel {
    package static func heatMap(_ map: HeatMap) -> Chart.Panel {
        .init("", HeatMapContent(map: map))
    }
}

private struct HeatMapContent: ChartContent {
    let map: HeatMap

    /// Room for the marks left and right of the widest number.
    private var cell: (width: Double, height: Double) {
        let numbers = map.values.joined().map(text).map {
            ChartText.width($0, size: ChartText.valueSize) + 34
        }
        let labels = map.columns.map { ChartText.width($0) + 8 }
        return (max(numbers.max() ?? 0, labels.max() ?? 0, 40), 28)
    }

    // Beside the cells: the colour scale and its numbers.
    private static let scale = 100.0

    var size: (width: Double, height: Double) {
        let width = 106 + Self.scale + cell.width * Double(map.columns.count)
        return (max(width, 440), 52 + max(cell.height * Double(map.rows.count), 140))
    }

    var legend: [ChartLegend.Entry] {
        HeatMap.Mark.allCases.filter { map.marks[$0]?.isEmpty == false }.map {
            .init(look: .symbol($0), name: map.names[$0] ?? $0.usualName)
        }
    }

    private func text(_ value: Double) -> String {
        if value.isNaN { return "–" }
        return abs(value) < 1e6
            ? String(printing: "%.\(map.digits)f", value) : String(printing: "%.3g", value)
    }

    var heights: [Double] { [] }

    func draw(in area: ChartArea, heights: [Double], _ out: inout SVGText) {
        let right = area.right - Self.scale
        let cells = ChartArea(
            edge: area.edge, left: area.left, right: right, top: area.top, bottom: area.bottom)
        let width = (right - area.left) / Double(max(map.columns.count, 1))
        let height = (area.bottom - area.top) / Double(max(map.rows.count, 1))
        func corner(_ column: Int, _ row: Int) -> (x: Double, y: Double) {
            (area.left + width * Double(column), area.bottom - height * Double(row + 1))
        }
        for (row, values) in map.values.enumerated() {
            for (column, value) in values.enumerated() {
                let (x, y) = corner(column, row)
                draw(value, x, y, width, height, &out)
            }
        }
        for (row, values) in map.values.enumerated() {
            for (column, value) in values.enumerated() {
                let (x, y) = corner(column, row)
                for mark in HeatMap.Mark.allCases
                where map.marks[mark]?.contains(.init(column: column, row: row)) == true {
                    mark.draw(x, y, width: width, height: height, ink: symbol(value), &out)
                }
            }
        }
        for (column, name) in map.columns.enumerated() {
            let x = area.left + width * (Double(column) + 0.5)
            out.text("tick", x: x, y: area.bottom + 17, anchor: "middle", name)
        }
        for (row, name) in map.rows.enumerated() {
            let y = area.bottom - height * (Double(row) + 0.5)
            out.text("tick", x: area.left - 7, y: y + 4, anchor: "end", name)
        }
        cells.drawFrame(x: map.x, y: map.y, &out)
        drawScale(left: right + 18, area, &out)
    }

    private func draw(
        _ value: Double, _ x: Double, _ y: Double, _ width: Double, _ height: Double,
        _ out: inout SVGText
    ) {
        let middle = (x: x + width / 2, y: y + height / 2 + 4)
        guard let level = map.level(value) else {
            out.rectangle("gap", x: x, y: y, width: width, height: height)
            out.text("value", x: middle.x, y: middle.y, anchor: "middle", text(value))
            return
        }
        let color = Cividis.color(level)
        out.rectangle(
            "cell", x: x, y: y, width: width, height: height, fill: Cividis.hex(color))
        let ink = Cividis.isLight(color) ? "on-light" : "on-dark"
        out.text("value \(ink)", x: middle.x, y: middle.y, anchor: "middle", text(value))
    }

    private func symbol(_ value: Double) -> String {
        guard let level = map.level(value) else { return "symbol" }
        return Cividis.isLight(Cividis.color(level)) ? "dark-symbol" : "light-symbol"
    }

    /// Steps of colour from the bottom to the top, with the numbers of both ends and the middle.
    private func drawScale(left: Double, _ area: ChartArea, _ out: inout SVGText) {
        let steps = 32, height = (area.bottom - area.top) / Double(steps)
        for step in 0..<steps {
            let color = Cividis.color((Double(step) + 0.5) / Double(steps))
            // A little taller, so that no page shines through between two steps.
            let overlap = step + 1 == steps ? 0 : 0.5
            out.rectangle(
                "cell", x: left, y: area.bottom - height * Double(step + 1) - overlap, width: 14,
                height: height + overlap, fill: Cividis.hex(color))
        }
        let (low, high) = (map.range.lowerBound, map.range.upperBound)
        let numbers = map.values.joined()
        for part in [0, 0.5, 1] {
            // The ends stand for what lies beyond them, too.
            let beyond =
                part == 0 && numbers.contains { $0 < low }
                ? "≤ " : part == 1 && numbers.contains { $0 > high } ? "≥ " : ""
            let y = area.bottom + (area.top - area.bottom) * part
            out.text(
                "tick", x: left + 19, y: y + 4 + (part - 0.5) * 8, anchor: "start",
                beyond + text(low + (high - low) * part))
        }
        out.text(
            "label", x: area.right + 14, y: (area.top + area.bottom) / 2, anchor: "middle",
            map.value, turned: true)
    }
}

extension HeatMap.Mark {
    var usualName: String {
        switch self {
        case .golden: "golden point"
        case .best: "best"
        case .notWorse: "not significantly worse than the best"
        }
    }

    /// Draws the mark into a cell whose upper left corner is given.
    func draw(
        _ x: Double, _ y: Double, width: Double, height: Double, ink: String,
        _ out: inout SVGText
    ) {
        switch self {
        case .golden:
            let inset = 2.0
            for kind in ["casing", "golden"] {
                out.rectangle(
                    kind, x: x + inset, y: y + inset, width: width - 2 * inset,
                    height: height - 2 * inset)
            }
        case .best:
            let centre = (x: x + 10, y: y + 9)
            out.polygon(
                ink,
                (0..<10).map { index in
                    let radius = index % 2 == 0 ? 5.5 : 2.3
                    let angle = Double(index) * .pi / 5
                    return (
                        centre.x + radius * sin(angle),
                        centre.y - radius * cos(angle)
                    )
                })
        case .notWorse:
            out.circle(ink, x + width - 9, y + 8, radius: 2.5)
        }
    }
}
