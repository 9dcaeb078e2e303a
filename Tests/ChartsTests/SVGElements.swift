import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// What an SVG consists of, read by an XML parser.
final class SVGElements: NSObject, XMLParserDelegate {
    struct Box {
        let left, right, top, bottom: Double

        func overlaps(_ other: Box) -> Bool {
            left < other.right && other.left < right && top < other.bottom && other.top < bottom
        }
    }

    private(set) var found: [(name: String, attributes: [String: String])] = []
    private(set) var text = ""
    /// Texts on the page with the boxes that they fill in a usual font: 0.6 em a character.
    private(set) var texts: [(content: String, box: Box)] = []
    private var content = ""

    init(_ svg: String) throws {
        super.init()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = self
        try #require(parser.parse(), "\(String(describing: parser.parserError))")
    }

    var width: Double { Double(found[0].attributes["width"] ?? "") ?? 0 }
    var height: Double { Double(found[0].attributes["height"] ?? "") ?? 0 }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
        qualifiedName: String?, attributes: [String: String]
    ) {
        found.append((name, attributes))
        content = ""
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        text += string
        content += string
    }

    func parser(
        _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
        qualifiedName: String?
    ) {
        guard name == "text", let attributes = found.last?.attributes,
            let x = Double(attributes["x"] ?? ""), let y = Double(attributes["y"] ?? "")
        else { return }
        let size = attributes["class"] == "title" ? 15.0 : 12
        let length = 0.6 * size * Double(content.count)
        let before: Double =
            switch attributes["text-anchor"] {
            case "middle": length / 2
            case "end": length
            default: 0
            }
        // Digits and small letters reach from the baseline 0.75 em up; some 0.2 em down.
        let up = 0.75 * size, down = 0.2 * size
        let box =
            attributes["transform"] == nil
            ? Box(left: x - before, right: x - before + length, top: y - up, bottom: y + down)
            : Box(left: x - up, right: x + down, top: y + before - length, bottom: y + before)
        texts.append((content, box))
    }
}
