/// Colours of Okabe and Ito (2008), made for all kinds of colour vision; on dark pages the lighter
/// ones of the set.
enum ChartStyle {
    static let light = ["#0072b2", "#d55e00", "#007f5f", "#aa4499", "#7a5c00"]
    static let dark = ["#56b4e9", "#ff9a4d", "#2fd6a3", "#e59fc8", "#f0e442"]
    static let dashes = ["none", "7 4", "2 3", "9 3 2 3", "4 2"]
    static var count: Int { light.count }

    /// The class of the index-th series.
    static func series(_ index: Int) -> String { "s\(index % count)" }

    static var css: String {
        func palette(_ colours: [String], page: String, ink: String, faint: String) -> String {
            let series = colours.enumerated().map {
                ".s\($0){stroke:\($1)}.mark.s\($0),.area.s\($0),.bar.s\($0){fill:\($1)}"
            }
            return
                ".page,.gap{fill:\(page)}text,.symbol{fill:\(ink)}.axis,.reference,.whisker,.gap"
                + "{stroke:\(ink)}.grid{stroke:\(faint)}"
                + series.joined()
        }
        let dashed = dashes.enumerated().map { ".line.s\($0){stroke-dasharray:\($1)}" }.joined()
        return
            "text{font-family:system-ui,sans-serif;font-size:12px}.title{font-size:15px;font-weight:600}"
            + "polygon.area{fill-opacity:0.22;stroke:none}.bar{fill-opacity:0.75;stroke-width:1}"
            + ".reference{fill:none;stroke-width:1.5}.whisker{stroke-width:1.5}.gap{stroke-width:0.5}"
            + ".reference.r0{stroke-dasharray:6 3}.reference.r1{stroke-dasharray:2 2}"
            + ".reference.r2{stroke-dasharray:8 2 2 2}"
            + ".value{font-size:11px}.on-light,.dark-symbol{fill:#000000}.on-dark,.light-symbol{fill:#ffffff}"
            + ".casing{fill:none;stroke:#ffffff;stroke-width:5}.golden{fill:none;stroke:#d55e00;stroke-width:3}"
            + ".line{fill:none;stroke-width:2}.axis{stroke-width:1}.grid{stroke-width:0.5}\(dashed)"
            + palette(light, page: "#ffffff", ink: "#1f2328", faint: "#c9ced4")
            + "@media (prefers-color-scheme:dark){"
            + palette(dark, page: "#0d1117", ink: "#e6edf3", faint: "#3d444d") + "}"
    }
}
