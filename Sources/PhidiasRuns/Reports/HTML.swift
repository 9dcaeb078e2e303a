import Charts
import FoundationEssentials
import Glibc

/// HTML in which a text is never more than text: markup is made here alone, and every string is
/// escaped on its way in.
struct HTML: ExpressibleByStringLiteral {
    private(set) var markup: String

    /// A text.
    init(_ text: String) { markup = Markup.escaped(text) }

    init(stringLiteral value: String) { self.init(value) }

    private init(markup: String) { self.markup = markup }

    static let nothing = HTML(markup: "")

    static func + (left: HTML, right: HTML) -> HTML { HTML(markup: left.markup + right.markup) }

    static func joined(_ parts: [HTML]) -> HTML { HTML(markup: parts.map(\.markup).joined()) }

    /// An element; an attribute with an empty value is only named.
    static func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ content: HTML...
    ) -> HTML {
        let inside = joined(content).markup
        return HTML(markup: "\(opening(name, attributes))\(inside)</\(name)>\(lineEnd(name))")
    }

    /// An element that holds nothing and has no end.
    static func void(_ name: String, _ attributes: KeyValuePairs<String, String>) -> HTML {
        HTML(markup: opening(name, attributes) + lineEnd(name))
    }

    /// `style` or `script`, whose content is the program's own, and nothing to escape in.
    static func raw(_ name: String, _ content: String) -> HTML {
        precondition(!content.contains("</"), "the content would end the element")
        return HTML(markup: "<\(name)>\(content)</\(name)>\n")
    }

    /// A chart as an element of the page, which needs `Chart.inlineStyle`.
    static func chart(_ chart: Chart) -> HTML { HTML(markup: chart.inlineSVG) }

    /// The page, with what comes before its root.
    static func document(_ root: HTML) -> [UInt8] {
        Array("<!DOCTYPE html>\n\(root.markup)".utf8)
    }

    private static func opening(
        _ name: String, _ attributes: KeyValuePairs<String, String>
    ) -> String {
        let list = attributes.map { $1.isEmpty ? " \($0)" : " \($0)=\"\(Markup.escaped($1))\"" }
        return "<\(name)\(list.joined())>"
    }

    /// Blocks end their line; what stands in a text does not.
    private static func lineEnd(_ name: String) -> String {
        ["a", "abbr", "code", "em", "mark", "span", "strong", "summary"].contains(name) ? "" : "\n"
    }
}

/// Content of a file, as an address that needs no network.
enum DataURL {
    static func png(_ bytes: [UInt8]) -> String { "data:image/png;base64,\(base64(bytes))" }

    /// A picture by itself: its scripts don't run, and its style stays within it.
    static func svg(_ bytes: [UInt8]) -> String { "data:image/svg+xml;base64,\(base64(bytes))" }

    private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
