/// Where the axes of a panel lie on the page.
struct ChartArea {
    /// The panel's own left edge.
    let edge: Double
    let left, right, top, bottom: Double

    /// Draws grid, ticks and labels; returns the axes over the values that are shown.
    func axes(
        x: ChartAxis, over xs: [Double], y: ChartAxis, over ys: [Double], _ out: inout SVGText
    ) -> (x: ChartAxis.Fitted, y: ChartAxis.Fitted) {
        let fittedX = x.fitted(to: xs, from: left, to: right)
        for (tick, text) in fittedX.labels(along: { ChartText.width($0) }) {
            let at = fittedX.position(tick)
            out.line("grid", at, bottom, at, top)
            out.text("tick", x: at, y: bottom + 17, anchor: "middle", text)
        }
        let fittedY = vertical(y, over: ys, &out)
        drawFrame(x: x.label, y: y.label, &out)
        return (fittedX, fittedY)
    }

    /// The vertical axis alone, where the horizontal one has no numbers.
    func vertical(_ y: ChartAxis, over ys: [Double], _ out: inout SVGText) -> ChartAxis.Fitted {
        let fitted = y.fitted(to: ys, from: bottom, to: top)
        for (tick, text) in fitted.labels(along: { _ in ChartText.size }) {
            let at = fitted.position(tick)
            out.line("grid", left, at, right, at)
            out.text("tick", x: left - 7, y: at + 4, anchor: "end", text)
        }
        return fitted
    }

    func drawFrame(x: String, y: String, _ out: inout SVGText) {
        out.line("axis", left, bottom, right, bottom)
        out.line("axis", left, bottom, left, top)
        out.text("label", x: (left + right) / 2, y: bottom + 38, anchor: "middle", x)
        out.text("label", x: edge + 18, y: (bottom + top) / 2, anchor: "middle", y, turned: true)
    }

    /// Lines across the area at numbers that matter.
    func draw(
        _ references: [ChartReference], x: ChartAxis.Fitted, y: ChartAxis.Fitted,
        _ out: inout SVGText
    ) {
        for (index, reference) in references.enumerated() {
            let kind = "reference r\(index % 3)"
            switch reference.place {
            case .x(let value) where x.shows(value):
                let at = x.position(value)
                out.line(kind, at, bottom, at, top)
            case .y(let value) where y.shows(value):
                let at = y.position(value)
                out.line(kind, left, at, right, at)
            default: break
            }
        }
    }
}

/// A number marked across a chart and named in the legend, such as a golden point. Numbers off the
/// axis are not drawn.
package struct ChartReference: Sendable {
    package enum Place: Sendable, Equatable {
        case x(Double), y(Double)
    }

    package let name: String
    package let place: Place

    package init(_ name: String, _ place: Place) { (self.name, self.place) = (name, place) }
}
