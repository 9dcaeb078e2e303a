import Charts
import Foundation
import Testing

/// Charts as text: what is drawn where, and that it is XML.
@Suite struct ChartTests {
    private func chart(_ series: [Chart.Series], x: ChartAxis.Scale = .linear) -> Chart {
        Chart(
            title: "a < b & c > d",
            panels: [
                .init(x: ChartAxis("width, units", x), y: ChartAxis("time, µs"), series: series)
            ])
    }

    @Test func isWellFormedAndEscapes() throws {
        let elements = try SVGElements(
            chart([.init("1 & 2", [(1, 2), (2, 3)]), .init("<b>", [(1, 1)])]).svg)
        #expect(elements.found.first?.name == "svg")
        for part in ["a < b & c > d", "1 & 2", "<b>", "width, units", "time, µs"] {
            #expect(elements.text.contains(part), "\(part)")
        }
        // A line for each series and one for each in the legend, in different looks.
        let lines = elements.found.filter { $0.name == "polyline" }
        #expect(lines.count == 4)
        #expect(Set(lines.compactMap { $0.attributes["class"] }) == ["line s0 d0", "line s1 d1"])
    }

    @Test func textsThatTurnTheLineAreShownAsTheirCode() {
        let svg = chart([.init("a\u{202e}b\u{7}", [(1, 2)])]).svg
        #expect(svg.contains("a\\u{202E}b\\u{07}") && !svg.contains("\u{202e}"))
    }

    @Test func logarithmicPointsOfEqualRatiosAreEquallyFar() throws {
        let points = (0...5).map { (x: Double(1 << $0), y: Double($0)) }
        let elements = try SVGElements(chart([.init("s", points)], x: .logarithmic(base: 2)).svg)
        let line = try #require(elements.found.first { $0.name == "polyline" })
        let places = (line.attributes["points"] ?? "").split(separator: " ").map { pair in
            pair.split(separator: ",").compactMap { Double($0) }
        }
        #expect(places.count == 6)
        for index in 1..<places.count {
            let step = places[index][0] - places[index - 1][0]
            #expect(abs(step - (places[1][0] - places[0][0])) < 0.02)
            #expect(places[index][1] < places[index - 1][1], "larger is higher")
        }
    }

    @Test func whatCannotBeShownIsLeftOut() throws {
        let points = [(0.0, 1.0), (1, .nan), (2, 5), (4, .infinity), (-3, 2), (8, 7)]
        let elements = try SVGElements(
            chart([.init("s", points.map { (x: $0.0, y: $0.1) })], x: .logarithmic(base: 2)).svg)
        let marks = elements.found.filter { $0.name == "circle" }
        #expect(marks.count == 2 + 1, "two points, and the legend")
    }

    @Test(arguments: [[], [0.0], [3, 3, 3], [1e-12, 1e12], [-5, 5], [0.1, 0.2]])
    func ticksSpanTheValues(values: [Double]) throws {
        for scale in [ChartAxis.Scale.linear, .fitted, .logarithmic(base: 10), .counting] {
            let axis = ChartAxis("x", scale)
            let shown = values.filter(axis.canShow)
            let fitted = axis.fitted(to: shown, from: 10, to: 110)
            let least = scale == .counting ? 1 : 2
            #expect((least...14).contains(fitted.ticks.count), "\(values) \(fitted.ticks)")
            for value in shown + fitted.ticks {
                let place = fitted.position(value)
                #expect(place > 9.99 && place < 110.01, "\(values): \(value) at \(place)")
            }
        }
    }

    /// Epochs: whole numbers from 1, whatever their number.
    @Test func epochsAreCountedFromOne() {
        for (epochs, ticks) in [
            (1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (10, Array(1...10)),
            (15, [1, 3, 5, 7, 9, 11, 13, 15]), (30, [1, 5, 10, 15, 20, 25, 30]),
            (200, [1, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200]),
        ] {
            let fitted = ChartAxis.epoch.fitted(
                to: (1...epochs).map { Double($0) }, from: 0, to: 300)
            #expect(fitted.ticks == ticks.map { Double($0) }, "\(epochs): \(fitted.ticks)")
        }
    }

    private func ticks(_ chart: Chart) throws -> [String] {
        let found = try SVGElements(chart.svg)
        return found.texts.map(\.content).filter { Double($0) != nil }
    }

    @Test func panelsThatAreComparedHaveOneScale() throws {
        func panel(_ top: Double) -> Chart.Panel {
            .init(
                "to \(top)", x: .epoch, y: ChartAxis("y"), series: [.init("s", [(1, 0), (2, top)])])
        }
        let panels = [panel(3), panel(100)]
        let apart = try ticks(Chart(title: "t", panels: panels))
        let together = try ticks(Chart(title: "t", panels: panels.onOneScale))
        #expect(apart.count { $0 == "100" } == 1 && together.count { $0 == "100" } == 2)
        // Each by itself keeps the common scale.
        #expect(try ticks(Chart(title: "t", panels: [panels.onOneScale[0]])).contains("100"))
    }

    /// Twenty lines over one another: no two look the same, in the legend too.
    @Test func linesThatOverlapAreToldApart() throws {
        let series = (0..<20).map { Chart.Series("line \($0)", [(1, 1), (2, 2)]) }
        let found = try SVGElements(chart(series).svg).found
        let lines = found.filter { $0.name == "polyline" }.compactMap { $0.attributes["class"] }
        #expect(lines.count == 40 && Set(lines).count == 20)
        let marks = found.filter { $0.attributes["class"] == "mark s1" }
        #expect(marks.count == 4 * 3)
    }

    /// Three panels take two rows.
    @Test func moreThanTwoPanelsGoBelow() {
        func chart(_ count: Int) -> Chart {
            Chart(
                title: "t",
                panels: (0..<count).map {
                    .init("\($0)", x: .epoch, y: ChartAxis("y"), series: [.init("s", [(1, 1)])])
                })
        }
        #expect(chart(3).width == chart(2).width && chart(2).width == 2 * chart(1).width)
    }

    static let extremes: [Double] = [
        -.infinity, -.greatestFiniteMagnitude, -1e100, -1, -.leastNonzeroMagnitude, 0,
        .leastNonzeroMagnitude, 1e-300, 1, 1e99, 1e308, .greatestFiniteMagnitude, .infinity, .nan,
    ]

    /// No number is a reason to stop, nor to write what is no number.
    @Test func anyNumberCanBeDrawn() throws {
        for a in Self.extremes {
            for b in Self.extremes {
                for scale in [
                    ChartAxis.Scale.linear, .fitted, .logarithmic(base: 2), .counting,
                ] {
                    let (x, y) = (ChartAxis("x", scale), ChartAxis("y", scale))
                    let panels: [Chart.Panel] = [
                        .init(
                            x: x, y: y,
                            series: [.init("s", [(a, b), (b, a)], band: [(a, b), (b, a)])],
                            references: [.init("r", .x(a)), .init("q", .y(b))]),
                        .bars(
                            x: "x", groups: ["g"], y: y,
                            series: [.init("b", [.init(a, low: b, high: a)])]),
                        .histogram(
                            x: x, y: y, steps: [.init("h", edges: [a, b, 1], heights: [b, a])]),
                        .heatMap(
                            HeatMap(
                                x: "x", columns: ["c", "d"], y: "y", rows: ["r"], value: "v",
                                values: [[a, b]])),
                    ]
                    let svg = Chart(title: "t", panels: panels.onOneScale).svg
                    #expect(
                        svg.firstMatch(of: /"[^"<>]*(nan|inf)[^"<>]*"/) == nil, "\(a) \(b) \(scale)"
                    )
                }
            }
        }
    }
}
