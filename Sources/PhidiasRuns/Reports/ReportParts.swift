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

    /// A command with what it is for; nothing where there is no command.
    static func command(_ purpose: String, _ command: ShellCommand?) -> HTML {
        command == nil ? .nothing : .paragraph(purpose) + .command(command)
    }

    /// What waits behind its name until a reader opens it.
    static func folded(_ name: String, _ content: HTML...) -> HTML {
        .element("details", [:], .element("summary", [:], HTML(name)), .joined(content))
    }

    /// A picture with what is to be known of it.
    static func figure(_ picture: HTML, _ caption: String = "", kind: String? = nil) -> HTML {
        .element(
            "figure", kind.map { ["class": $0] } ?? [:], picture,
            caption.isEmpty ? .nothing : .element("figcaption", [:], .paragraph(caption)))
    }

    /// Several side by side where there is room.
    static func figures(_ figures: [HTML]) -> HTML {
        .element("div", ["class": "figures"], .joined(figures))
    }

    /// Notes, of which a file may have any number.
    static func notes(_ notes: [String]) -> HTML {
        let most = 20, left = notes.count - most
        return .joined(notes.prefix(most).map { .note($0) })
            + (left > 0 ? .note("\(left) more are left out.") : .nothing)
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
}

/// A table of texts. A file may have any number of rows, and a page not.
struct ReportTable {
    private static let mostRows = 500

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
        let body = rows.prefix(Self.mostRows).enumerated().map { index, cells in
            HTML.element(
                "tr", marked.contains(index) ? ["class": "marked"] : [:],
                .joined(zip(columns, cells).map { cell($0.kind, $1) }))
        }
        let left = rows.count - Self.mostRows
        return .scroll(
            caption,
            .element(
                "table", [:], .caption(caption),
                .element("thead", [:], .element("tr", [:], .joined(head))),
                .element("tbody", [:], .joined(body))))
            + (left > 0 ? .paragraph("\(left) more rows are left out.") : .nothing)
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

extension ReportTable {
    /// Names with their values.
    static func pairs(
        _ caption: String, _ name: String, _ value: String, _ pairs: [RunDocument.Setting]
    ) -> HTML {
        var table = ReportTable(caption, [(name, .head), (value, .long)])
        for pair in pairs { table.add([pair.name, pair.value]) }
        return table.html
    }

    /// All settings, folded.
    static func settings(_ settings: [RunDocument.Setting]) -> HTML {
        .folded(
            "All settings", pairs("What decides the result", "setting", "value", settings))
    }
}
