import Foundation
import Charts
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
        #expect(Set(lines.compactMap { $0.attributes["class"] }) == ["line s0", "line s1"])
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
        for scale in [ChartAxis.Scale.linear, .fitted, .logarithmic(base: 10)] {
            let axis = ChartAxis("x", scale)
            let shown = values.filter(axis.canShow)
            let fitted = axis.fitted(to: shown, from: 10, to: 110)
            #expect((2...14).contains(fitted.ticks.count), "\(values) \(fitted.ticks)")
            for value in shown + fitted.ticks {
                let place = fitted.position(value)
                #expect(place > 9.99 && place < 110.01, "\(values): \(value) at \(place)")
            }
        }
    }
}
