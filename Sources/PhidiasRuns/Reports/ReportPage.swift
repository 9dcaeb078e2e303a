import FoundationEssentials
import Glibc
import Phidias

/// A page that needs nothing but itself: chapters with a list of contents before them.
struct ReportPage {
    struct Chapter {
        let title: String
        /// The few figures that say most.
        var facts: [(name: String, value: String)] = []
        /// The settings in one line; empty where there are none.
        var settings = ""
        /// Whether only the title, the facts and the settings are seen until a reader opens it.
        var isFolded = false
        let content: HTML
    }

    let title: String
    let summary: HTML
    let chapters: [Chapter]

    var bytes: [UInt8] { HTML.document(.element("html", ["lang": "en"], head, body)) }

    /// What the browser may load: nothing. The style and the script are let in by their checksums,
    /// pictures only from the page itself.
    private var policy: String {
        [
            "default-src 'none'", "img-src data:", "style-src '\(Self.source(ReportStyle.css))'",
            "script-src '\(Self.source(ReportStyle.script))'", "base-uri 'none'",
            "form-action 'none'",
        ].joined(separator: "; ")
    }

    private static func source(_ text: String) -> String {
        "sha256-" + Data(Checksum.sha256Bytes(Array(text.utf8))).base64EncodedString()
    }

    private var head: HTML {
        .element(
            "head", [:],
            .void("meta", ["charset": "utf-8"]),
            .void("meta", ["http-equiv": "Content-Security-Policy", "content": policy]),
            .void("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            .void("meta", ["name": "color-scheme", "content": "light dark"]),
            .void("meta", ["name": "referrer", "content": "no-referrer"]),
            // Without it, a browser asks the server for one.
            .void("link", ["rel": "icon", "href": "data:,"]),
            .element("title", [:], HTML(title)), .raw("style", ReportStyle.css))
    }

    private var body: HTML {
        let numbered = chapters.enumerated().map { (id: "chapter-\($0.offset + 1)", $0.element) }
        let contents = numbered.map { id, chapter in
            HTML.element("li", [:], .element("a", ["href": "#\(id)"], HTML(chapter.title)))
        }
        let list =
            chapters.count < 2
            ? HTML.nothing
            : .element(
                "nav", ["aria-label": "Contents"], .element("ol", [:], .joined(contents)))
        let sections = numbered.map { id, chapter in
            HTML.element(
                "section", ["id": id, "aria-labelledby": "\(id)-title"], chapter.html(id))
        }
        return .element(
            "body", [:],
            .element("header", [:], .element("h1", [:], HTML(title)), summary, list),
            .element("main", [:], .joined(sections)),
            .element(
                "footer", [:],
                .paragraph(
                    "Made by phidias \(PhidiasVersion.current). This page holds all that it shows and loads nothing; the same folders give the same page."
                )),
            .raw("script", ReportStyle.script))
    }
}

extension ReportPage {
    /// What the page is made from, and how. Many folders make a long command.
    static func origin(_ folders: [String], _ command: ShellCommand?) -> HTML {
        let list = "Made from \(folders.joined(separator: ", "))."
        guard command != nil else { return .paragraph(list) }
        return folders.count > 3
            ? .folded("Made from \(folders.count) folders", .command(command))
            : .paragraph(list) + .command(command)
    }
}

extension ReportPage.Chapter {
    fileprivate func html(_ id: String) -> HTML {
        let heading = HTML.element("h2", ["id": "\(id)-title"], HTML(title))
        guard isFolded else {
            return heading + (facts.isEmpty ? .nothing : .facts(facts))
                + (settings.isEmpty ? .nothing : .element("p", ["class": "brief"], HTML(settings)))
                + content
        }
        // A summary holds no blocks but its heading.
        let line = facts.map { "\($0.name) \($0.value)" }.joined(separator: " · ")
        return .element(
            "details", ["class": "chapter"],
            .element(
                "summary", [:], heading, .element("strong", [:], HTML(line)),
                .element("span", ["class": "brief"], HTML(settings))), content)
    }
}
