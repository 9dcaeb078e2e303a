import PhidiasRuns
import Testing

/// Numbers, tables and paragraphs as text.
@Suite struct TextTests {
    @Test func paragraphsAreBrokenBetweenWords() {
        #expect("one two three".wrapped(at: 8) == "one two\nthree")
        #expect("one two three".wrapped(at: 9, indent: 2) == "  one two\n  three")
        #expect("one two three".wrapped(at: 7, hanging: 2) == "one two\n  three")
        #expect("one\ntwo".wrapped(at: 80) == "one\ntwo")
        #expect("unbreakable".wrapped(at: 4) == "unbreakable")
        // A number stays with its sign.
        #expect("more than 95 % of it".wrapped(at: 13) == "more than\n95 % of it")
        #expect("".wrapped(at: 8) == "")
        let list = Array(repeating: "a name and value", count: 5).joined(separator: ", ")
        let lines = list.wrappedAtCommas(hanging: 2).split(separator: "\n")
        #expect(lines.map(\.count) == [71, 18] && lines[1] == "  a name and value")
    }

    @Test func headsOfTwoLinesStandAtTheFoot() {
        var table = TextTable("a", "long\nhead")
        table.add("1", "2")
        table.add("10", "20")
        #expect(table.text == "      long\n   a  head\n   1     2\n  10    20")
        #expect(table.width == 10)
    }

    @Test func listsLineUp() {
        #expect(
            TextTable.list(["name": "text", "other": "two\nlines"])
                == "name            text\nother           two\n                lines")
    }

    @Test func whatIsNotFiniteIsADash() {
        for value in [Double.nan, -.nan, .infinity, -.infinity] {
            #expect(value.fixed(2) == "–" && value.percent == "–" && value.digits() == "–")
        }
        #expect((-0.5).fixed(2) == "-0.50" && 1.5.percent == "150.00" && 0.0.digits() == "0")
        #expect(0.99999.belowOne(0.99999.fixed(3)) == "0.99999")
        #expect(1.0.belowOne(1.0.fixed(3)) == "1.000" && 0.5.belowOne(0.5.fixed(1)) == "0.5")
    }

    @Test func everyDoubleBecomesAnInteger() {
        for (value, whole) in [
            (2.9, 2), (-2.9, -2), (.nan, 0), (.infinity, Int.max), (-.infinity, Int.min),
            (1e300, Int.max), (-1e300, Int.min), (0x1p63, Int.max), (-0x1p63, Int.min),
        ] as [(Double, Int)] {
            #expect(Int(clamping: value) == whole, "\(value)")
        }
    }

    @Test func everyDoubleHasAText() {
        for value in [Double.nan, .infinity, -.infinity, -1, 2, 1e300, .leastNonzeroMagnitude] {
            #expect(!value.percent.isEmpty && !value.digits().isEmpty && !value.fixed(2).isEmpty)
        }
        #expect(0.9876.percent == "98.76" && 1234567.grouped == "1,234,567")
        #expect((-1234).grouped == "-1,234" && 12.grouped == "12" && Int.min.grouped.first == "-")
        #expect(1.counted("epoch") == "1 epoch" && 2.counted("epoch") == "2 epochs")
    }
}
