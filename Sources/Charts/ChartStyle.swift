/// Colours of Okabe and Ito (2008), made for all kinds of colour vision; on dark pages the lighter
/// ones of the set.
enum ChartStyle {
    static let light = ["#0072b2", "#d55e00", "#007f5f", "#aa4499", "#7a5c00"]
    static let dark = ["#56b4e9", "#ff9a4d", "#2fd6a3", "#e59fc8", "#f0e442"]
    static let dashes = ["none", "8 4", "2 3", "10 3 2 3", "14 3 2 3 2 3"]
    static var count: Int { light.count }

    /// The class of the index-th series.
    static func series(_ index: Int) -> String { "s\(index % count)" }

    /// The classes of its line. When the colours come again they have other dashes.
    static func line(_ index: Int) -> String {
        "line \(series(index)) d\((index + index / count) % dashes.count)"
    }

    /// The classes of a thin line.
    static func signal(_ index: Int) -> String { "signal \(series(index))" }

    /// The rules, for elements below `scope` alone: a selector with a space at its end, or nothing.
    /// - Parameter theme: nil for what the reader prefers.
    static func css(scope: String = "", theme: Chart.Theme? = nil) -> String {
        func text(_ rules: [Rule]) -> String {
            rules.map { rule in
                rule.selectors.map { scope + $0 }.joined(separator: ",") + "{\(rule.look)}"
            }.joined()
        }
        let day = text(palette(light, "#ffffff", "#1f2328", "#c9ced4"))
        let night = text(palette(dark, "#0d1117", "#e6edf3", "#3d444d"))
        let colours =
            switch theme {
            case .light: day
            case .dark: night
            case nil: day + "@media (prefers-color-scheme:dark){\(night)}"
            }
        return text(shapes) + colours
    }

    private struct Rule {
        let selectors: [String]
        let look: String

        init(_ selectors: String..., look: String) {
            (self.selectors, self.look) = (selectors, look)
        }
    }

    private static var shapes: [Rule] {
        [
            Rule("text", look: "font-family:system-ui,sans-serif;font-size:12px"),
            Rule(".title", look: "font-size:15px;font-weight:600"),
            Rule(".subtitle", look: "font-weight:600"),
            Rule("polygon.area", "rect.area", look: "fill-opacity:0.22;stroke:none"),
            Rule(".bar", look: "fill-opacity:0.75;stroke-width:1"),
            Rule(".reference", look: "fill:none;stroke-width:1.5"),
            Rule(".whisker", look: "stroke-width:1.5"), Rule(".gap", look: "stroke-width:0.5"),
            Rule(".reference.r0", look: "stroke-dasharray:6 3"),
            Rule(".reference.r1", look: "stroke-dasharray:2 2"),
            Rule(".reference.r2", look: "stroke-dasharray:8 2 2 2"),
            Rule(".value", look: "font-size:11px"),
            Rule(".on-light", ".dark-symbol", look: "fill:#000000"),
            Rule(".on-dark", ".light-symbol", look: "fill:#ffffff"),
            Rule(".casing", look: "fill:none;stroke:#ffffff;stroke-width:5"),
            Rule(".golden", look: "fill:none;stroke:#d55e00;stroke-width:3"),
            Rule(".line", look: "fill:none;stroke-width:2"),
            Rule(".signal", look: "fill:none;stroke-width:1.2;stroke-linejoin:round"),
            Rule(".axis", look: "stroke-width:1"),
            Rule(".grid", look: "stroke-width:0.5"),
        ]
            + dashes.enumerated().map { Rule(".line.d\($0)", look: "stroke-dasharray:\($1)") }
    }

    private static func palette(
        _ colours: [String], _ page: String, _ ink: String, _ faint: String
    ) -> [Rule] {
        [
            Rule(".page", ".gap", look: "fill:\(page)"),
            Rule("text", ".symbol", look: "fill:\(ink)"),
            Rule(".axis", ".reference", ".whisker", ".gap", look: "stroke:\(ink)"),
            Rule(".grid", look: "stroke:\(faint)"),
        ]
            + colours.enumerated().flatMap { index, colour in
                [
                    Rule(".s\(index)", look: "stroke:\(colour)"),
                    Rule(
                        ".mark.s\(index)", ".area.s\(index)", ".bar.s\(index)",
                        look: "fill:\(colour)"),
                    // Marks over one another stand apart.
                    Rule(".mark.s\(index)", look: "stroke:\(page)"),
                ]
            }
    }
}
