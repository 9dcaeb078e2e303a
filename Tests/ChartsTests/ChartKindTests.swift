import Charts
import Foundation
import Phidias
import PhidiasRuns
import Testing

/// Every kind of chart: XML, the same bytes each time, labels that stand free of each other.
@Suite struct ChartKindTests {
    @Test(arguments: ChartGallery.all.map(\.name))
    func isXMLWithAllNamesAndFreeLabels(name: String) throws {
        let chart = try #require(ChartGallery.all.first { $0.name == name }).chart
        let svg = chart.svg
        #expect(svg == chart.svg)
        let elements = try SVGElements(svg)
        #expect(elements.found.first?.name == "svg")
        #expect(!svg.contains("nan") && !svg.contains("inf"))
        #expect(svg.contains("prefers-color-scheme:dark"))
        let texts = elements.texts
        #expect(texts.count > 10)
        for (index, text) in texts.enumerated() {
            #expect(
                text.box.left > -0.5 && text.box.right < elements.width + 0.5
                    && text.box.top > -0.5 && text.box.bottom < elements.height + 0.5,
                "\(name): '\(text.content)' leaves the page")
            for other in texts[(index + 1)...] {
                #expect(
                    !text.box.overlaps(other.box),
                    "\(name): '\(text.content)' on '\(other.content)'")
            }
        }
        if let folder = ProcessInfo.processInfo.environment["CHARTS"] {
            try svg.write(toFile: "\(folder)/\(name).svg", atomically: true, encoding: .utf8)
        }
    }

    /// Shares that could not be measured, and numbers that are none.
    @Test(arguments: [ChartAxis.Scale.linear, .fitted, .logarithmic(base: 10)])
    func whatCannotBeShownIsLeftOut(scale: ChartAxis.Scale) throws {
        let values = [Double.nan, -.nan, .infinity, -.infinity, -0.5, 0, 0.5, 1.5]
        let y = ChartAxis("share", scale)
        for shown in [values, [.nan], [.nan, -1], []] {
            let chart = Chart(
                title: "Shares",
                panels: [
                    .init(
                        x: .epoch, y: y,
                        series: [.init("a", shown.enumerated().map { (Double($0), $1) })],
                        references: [.init("r", .y(.nan)), .init("s", .x(.infinity))]),
                    .bars(
                        x: "group", groups: shown.indices.map { "\($0)" }, y: y,
                        series: [.init("b", shown.map { .init($0, low: $0, high: $0) })]),
                ].onOneScale)
            _ = try SVGElements(chart.svg)
            #expect(!chart.svg.contains("nan") && !chart.svg.contains("inf"))
        }
    }

    @Test func linesHaveBandsAndReferences() throws {
        let elements = try SVGElements(ChartGallery.lines.svg)
        let bands = elements.found.filter { $0.attributes["class"]?.hasPrefix("area") == true }
        #expect(bands.count == 3)
        for band in bands {
            #expect(band.attributes["points"]?.split(separator: " ").count == 60, "there and back")
        }
        // Two inside, one outside the axes; three in the legend.
        let references = elements.found.filter {
            $0.attributes["class"]?.hasPrefix("reference") == true
        }
        #expect(references.count == 2 + 3)
    }

    @Test func barsStartAtZeroOrAreMarkers() throws {
        func count(_ chart: Chart, _ kind: String) throws -> Int {
            try SVGElements(chart.svg).found.filter {
                $0.attributes["class"]?.hasPrefix(kind) == true
            }.count
        }
        #expect(try count(ChartGallery.bars, "bar ") == 8 + 3, "eight, and the legend")
        #expect(try count(ChartGallery.bars, "whisker") == 3 * 8)
        #expect(try count(ChartGallery.markers, "bar ") == 0)
        #expect(try count(ChartGallery.markers, "mark ") == 6 + 2)
    }

    @Test func heatMapMarksCellsAndLeavesGaps() throws {
        let elements = try SVGElements(ChartGallery.heatMap.svg)
        func count(_ kind: String) -> Int {
            elements.found.filter { $0.attributes["class"] == kind }.count
        }
        #expect(count("gap") == 1)
        #expect(count("cell") == 59 + 32, "cells and the scale")
        #expect(count("golden") == 1 + 1)
        #expect(elements.text.contains("12.35") && elements.text.contains("–"))
        let dots = elements.found.filter { $0.name == "circle" }
        #expect(dots.count == 3 + 1)
    }

    /// WCAG 2.1's relative luminance.
    private func luminance(_ color: SIMD3<UInt8>) -> Double {
        func linear(_ level: UInt8) -> Double {
            let part = Double(level) / 255
            return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(color.x) + 0.7152 * linear(color.y) + 0.0722 * linear(color.z)
    }

    @Test func numbersAreReadableOnTheirCells() throws {
        let found = try SVGElements(ChartGallery.heatMap.svg).found
        var numbers = 0
        for (cell, number) in zip(found, found.dropFirst())
        where number.attributes["class"]?.hasPrefix("value on-") == true {
            let hex = try #require(UInt32(cell.attributes["fill"]?.dropFirst() ?? "", radix: 16))
            let color = SIMD3<UInt8>(
                UInt8(hex >> 16), UInt8(hex >> 8 & 255), UInt8(hex & 255))
            let ground = luminance(color) + 0.05
            let dark = number.attributes["class"] == "value on-light"
            let contrast = dark ? ground / 0.05 : 1.05 / ground
            #expect(contrast >= 4.5, "\(contrast)")
            numbers += 1
        }
        #expect(numbers == 59)
    }

    @Test func cividisRisesInBrightness() {
        let levels = (0...100).map { luminance(Cividis.color(Double($0) / 100)) }
        for (low, high) in zip(levels, levels.dropFirst()) { #expect(high >= low - 1e-3) }
        #expect(Cividis.color(-3) == Cividis.color(0) && Cividis.color(7) == Cividis.color(1))
    }

    @Test func imageHasTheFirstRowAtTheBottom() {
        let map = HeatMap(
            x: "x", columns: ["a", "b", "c"], y: "y", rows: ["1", "2"], value: "v",
            values: [[0, 1, 2], [3, 4, .nan]])
        let image = map.image(side: 4)
        #expect(image.width == 12 && image.height == 8)
        func pixel(_ x: Int, _ y: Int) -> SIMD3<UInt8> {
            let start = (y * image.width + x) * 3
            return SIMD3(image.pixels[start], image.pixels[start + 1], image.pixels[start + 2])
        }
        #expect(pixel(0, 7) == Cividis.color(0) && pixel(3, 4) == Cividis.color(0))
        #expect(pixel(4, 7) == Cividis.color(0.25) && pixel(0, 3) == Cividis.color(0.75))
        #expect(pixel(7, 0) == Cividis.color(1))
        #expect(Set([pixel(8, 0), pixel(10, 0)]) == [SIMD3(repeating: 96), SIMD3(repeating: 160)])
    }

    @Test func fittedAxesTellCloseValuesApart() {
        let fitted = ChartAxis("accuracy", .fitted).fitted(to: [97.12, 97.16], from: 0, to: 300)
        #expect(fitted.ticks.allSatisfy { $0 > 97 && $0 < 97.3 })
        #expect(fitted.position(97.12) >= -0.01 && fitted.position(97.16) <= 300.01)
        #expect(fitted.shows(97.14) && !fitted.shows(12) && !fitted.shows(.nan))
        let same = ChartAxis("x", .fitted).fitted(to: [5, 5], from: 0, to: 300)
        #expect(same.ticks.count >= 2 && same.shows(5))
    }

    @Test func streamsCountUpFromTheSameBits() {
        let random = CounterRandom(seed: 3, purpose: .user)
        var stream = CounterRandom.Stream(random)
        for index in 0..<3 as Range<UInt64> {
            let bits = random.bits(index)
            #expect(stream.next() == UInt64(bits.x) << 32 | UInt64(bits.y))
            #expect(stream.next() == UInt64(bits.z) << 32 | UInt64(bits.w))
        }
    }
}
