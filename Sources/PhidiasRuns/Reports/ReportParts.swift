import Charts
import Phidias

/// What chapters of a report are made of.
extension HTML {
    static func paragraph(_ text: String) -> HTML { .element("p", [:], HTML(text)) }

    /// What a reader should not overlook.
    static func note(_ text: String) -> HTML { .element("p", ["class": "note"], HTML(text)) }

    static func section(_ title: String, _ content: HTML...) -> HTML {
        .element("section", [:], .element("h3", [:], HTML(title)), .joined(content))
    }

    /// A command to type; lines are broken between its words.
    static func command(_ command: ShellCommand?) -> HTML {
        guard let command else { return .nothing }
        let words = command.quoted.map { HTML.element("span", [:], HTML($0)) }
        let spaced = words.dropFirst().reduce(words.first ?? .nothing) { $0 + " " + $1 }
        return .element("pre", ["class": "command"], .element("code", [:], spaced))
    }

    /// A picture with what is to be known of it, and the command that makes it again; a long one
    /// waits behind its name.
    static func figure(
        _ picture: HTML, _ caption: String = "", command: ShellCommand?, kind: String? = nil
    ) -> HTML {
        let isLong = (command?.quoted ?? []).reduce(0) { $0 + 1 + $1.count } > 100
        let again =
            isLong
            ? HTML.element(
                "details", [:], .element("summary", [:], "The command for this figure"),
                .command(command)) : .command(command)
        return .element(
            "figure", kind.map { ["class": $0] } ?? [:], picture,
            .element(
                "figcaption", [:], caption.isEmpty ? .nothing : .paragraph(caption), again))
    }

    /// What may be wider than the page: it scrolls by itself, by keys too.
    static func scroll(_ label: String, wide: Bool = false, _ content: HTML) -> HTML {
        .element(
            "div",
            [
                "class": wide ? "scroll wide" : "scroll", "tabindex": "0", "role": "region",
                "aria-label": label,
            ], content)
    }

    /// A chart as wide as the page, or in a box of its own if it is wider than most.
    static func fitted(_ chart: Chart) -> HTML {
        chart.width > widest ? .scroll(chart.title, wide: true, .chart(chart)) : .chart(chart)
    }

    static let widest = 500.0

    /// What a table shows; it stays in sight where the table scrolls.
    static func caption(_ text: String) -> HTML {
        .element("caption", [:], .element("span", [:], HTML(text)))
    }

    /// The few figures that say most.
    static func facts(_ facts: [(name: String, value: String)]) -> HTML {
        .element(
            "dl", ["class": "facts"],
            .joined(
                facts.map { name, value in
                    .element(
                        "div", [:], .element("dt", [:], HTML(name)),
                        .element("dd", [:], HTML(value)))
                }))
    }

    static let reconstruction = HTML.note(
        "The synaptic loss is this project's own reconstruction from the abstracts of arXiv:2006.04751 and arXiv:2104.13277; it may differ from the paper's formula."
    )
}

/// A table of texts.
struct ReportTable {
    enum Column {
        /// The row's head.
        case head
        case text
        /// May be broken anywhere.
        case long
        case number
    }

    let caption: String
    let columns: [(name: String, kind: Column)]
    var rows: [[String]] = []
    /// Rows that are to be seen.
    var marked: Set<Int> = []

    init(_ caption: String, _ columns: [(String, Column)]) {
        self.caption = caption
        self.columns = columns.map { (name: $0.0, kind: $0.1) }
    }

    mutating func add(_ cells: [String], marked isMarked: Bool = false) {
        precondition(cells.count == columns.count, "\(cells.count) cells in a row")
        if isMarked { marked.insert(rows.count) }
        rows.append(cells)
    }

    var html: HTML {
        let head = columns.map { name, kind in
            HTML.element(
                "th", kind == .number ? ["scope": "col", "class": "number"] : ["scope": "col"],
                HTML(name))
        }
        let body = rows.enumerated().map { index, cells in
            HTML.element(
                "tr", marked.contains(index) ? ["class": "marked"] : [:],
                .joined(zip(columns, cells).map { cell($0.kind, $1) }))
        }
        return .scroll(
            caption,
            .element(
                "table", [:], .caption(caption),
                .element("thead", [:], .element("tr", [:], .joined(head))),
                .element("tbody", [:], .joined(body))))
    }

    private func cell(_ kind: Column, _ text: String) -> HTML {
        switch kind {
        case .head: .element("th", ["scope": "row"], HTML(text))
        case .text: .element("td", ["class": "text"], HTML(text))
        case .long: .element("td", ["class": "long"], HTML(text))
        case .number: .element("td", ["class": "number"], HTML(text))
        }
    }
}
