/// What the looks of a chart mean, in as many rows as are needed.
struct ChartLegend {
    struct Entry: Equatable {
        enum Look: Equatable {
            /// A line with its marker.
            case line(series: Int)
            /// A thin line.
            case signal(series: Int)
            case area(series: Int)
            /// The outline of an area.
            case step(series: Int)
            case reference(Int)
            case symbol(HeatMap.Mark)
        }

        let look: Look
        let name: String
    }

    private var rows: [[(x: Double, entry: Entry)]] = []
    private static let rowHeight = 22.0

    init(_ entries: [Entry], width: Double) {
        var x = 0.0
        for entry in entries {
            let needed = 38 + ChartText.width(entry.name)
            if rows.isEmpty || x + needed > width {
                rows.append([])
                x = 0
            }
            rows[rows.count - 1].append((x, entry))
            x += needed + 18
        }
    }

    var height: Double { rows.isEmpty ? 8 : 14 + Self.rowHeight * Double(rows.count) }

    func draw(left: Double, top: Double, _ out: inout SVGText) {
        for (index, row) in rows.enumerated() {
            let y = top + 14 + Self.rowHeight * Double(index)
            for (x, entry) in row {
                draw(entry.look, left + x, y, &out)
                out.text("label", x: left + x + 37, y: y + 4, anchor: "start", entry.name)
            }
        }
    }

    private func draw(_ look: Entry.Look, _ x: Double, _ y: Double, _ out: inout SVGText) {
        switch look {
        case .line(let series):
            out.polyline(ChartStyle.line(series), [(x, y), (x + 30, y)])
            out.marker(series, x + 15, y)
        case .signal(let series):
            out.polyline(ChartStyle.signal(series), [(x, y), (x + 30, y)])
        case .area(let series):
            out.rectangle(
                "bar \(ChartStyle.series(series))", x: x + 4, y: y - 6, width: 22, height: 12)
        case .step(let series):
            out.rectangle(
                "area \(ChartStyle.series(series))", x: x, y: y - 5, width: 30, height: 12)
            out.polyline(ChartStyle.line(series), [(x, y - 5), (x + 30, y - 5)])
        case .reference(let index):
            out.line("reference r\(index % 3)", x, y, x + 30, y)
        case .symbol(let mark):
            mark.draw(x + 4, y - 8, width: 22, height: 16, ink: "symbol", &out)
        }
    }
}
