import FoundationEssentials
import Glibc

/// The few elements of SVG that charts are made of. Classes say how they look.
struct SVGText {
    private var text: String

    /// What the picture is part of.
    enum Place {
        /// Nothing: it has its style in it.
        case file(css: String)
        /// An HTML page, whose style knows the class.
        case element(kind: String)
    }

    init(width: Double, height: Double, title: String, place: Place) {
        let size = (Self.number(width), Self.number(height))
        let (attribute, style) =
            switch place {
            case .file(let css): ("xmlns=\"http://www.w3.org/2000/svg\"", "<style>\(css)</style>\n")
            case .element(let kind): ("class=\"\(kind)\"", "")
            }
        text = """
            <svg \(attribute) viewBox="0 0 \(size.0) \(size.1)" \
            width="\(size.0)" height="\(size.1)" role="img">
            <title>\(Markup.escaped(title))</title>
            \(style)
            """
    }

    var finished: String { text + "</svg>\n" }

    mutating func line(_ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
        element("line", kind, [("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)])
    }

    mutating func rectangle(
        _ kind: String, x: Double, y: Double, width: Double, height: Double, fill: String? = nil
    ) {
        element(
            "rect", kind, [("x", x), ("y", y), ("width", width), ("height", height)], fill: fill)
    }

    mutating func circle(_ kind: String, _ x: Double, _ y: Double, radius: Double) {
        element("circle", kind, [("cx", x), ("cy", y), ("r", radius)])
    }

    mutating func polyline(_ kind: String, _ points: [(x: Double, y: Double)]) {
        text += "<polyline class=\"\(kind)\" points=\"\(Self.list(points))\"/>\n"
    }

    mutating func polygon(_ kind: String, _ points: [(x: Double, y: Double)]) {
        text += "<polygon class=\"\(kind)\" points=\"\(Self.list(points))\"/>\n"
    }

    /// - Parameter turned: from bottom to top.
    mutating func text(
        _ kind: String, x: Double, y: Double, anchor: String, _ content: String,
        turned: Bool = false
    ) {
        let place = "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
        let turn = turned ? " transform=\"rotate(-90 \(Self.number(x)) \(Self.number(y)))\"" : ""
        text +=
            "<text class=\"\(kind)\" \(place) text-anchor=\"\(anchor)\"\(turn)>\(Markup.escaped(content))</text>\n"
    }

    private mutating func element(
        _ name: String, _ kind: String, _ values: [(String, Double)], fill: String? = nil
    ) {
        let list = values.map { "\($0.0)=\"\(Self.number($0.1))\"" }.joined(separator: " ")
        let colour = fill.map { " fill=\"\($0)\"" } ?? ""
        text += "<\(name) class=\"\(kind)\" \(list)\(colour)/>\n"
    }

    private static func list(_ points: [(x: Double, y: Double)]) -> String {
        points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    }

    private static func number(_ value: Double) -> String {
        let rounded = String(printing: "%.2f", value)
        return rounded.hasSuffix(".00") ? String(rounded.dropLast(3)) : rounded
    }
}

/// What HTML and SVG have in common.
package enum Markup {
    /// A text that stays one, also within quotes. Control characters, and those that turn or hide what
    /// is written, become their code.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n": result += "\n"
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator:
                    result += scalar.escaped(asASCII: true)
                default: result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }
}
