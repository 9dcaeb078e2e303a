import CommandLineSupport

/// The progress of a run: on a terminal, a bar with the remaining time; nothing elsewhere (the line
/// of an epoch is printed by its owner).
struct ProgressBar {
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    /// What was done when the bar was first updated.
    private var first: Int?
    private let active = Console.isTerminal

    /// - Parameters:
    ///   - done: images of all epochs so far.
    ///   - total: images of all epochs; it may turn out to be wrong.
    ///   - label: made only when it is shown: most steps are shorter than that takes.
    mutating func update(_ done: Int, of total: Int, label: @autoclosure () -> String) {
        guard active, shown.duration(to: .now) > .milliseconds(100) else { return }
        shown = .now
        let first = first ?? done
        self.first = first
        let rate = Double(done - first) / max(start.duration(to: .now) / .seconds(1), 1e-9)
        let left = Double(max(total - done, 0)) / max(rate, 1e-9)
        let line = Self.line(
            label: label(), share: Double(done) / Double(max(total, 1)),
            figures: rate > 0 ? "\(Self.time(left)) left" : "",
            width: Console.width, color: Console.hasColor)
        Console.show("\r\(line)\u{1b}[K")
    }

    /// A line of a terminal, in which label and figures leave the bar up to 24 columns.
    static func line(label: String, share: Double, figures: String, width: Int, color: Bool)
        -> String
    {
        // The last column stays free: some terminals go to the next line as soon as it is filled.
        let room = width - 1 - label.count - figures.count - 2
        guard room >= 4 else { return String("\(label) \(figures)".prefix(max(width - 1, 0))) }
        let size = min(room, 24)
        // Shares below 0, above 1 and NaN have a bar too.
        let filled = share > 0 ? Int(clamping: min(share, 1) * Double(size)) : 0
        let bar =
            String(repeating: "█", count: filled) + String(repeating: "·", count: size - filled)
        return "\(label) \(color ? "\u{1b}[33m\(bar)\u{1b}[0m" : bar) \(figures)"
    }

    func clear() {
        if active { Console.show("\r\u{1b}[K") }
    }

    /// A time as people say it.
    static func time(_ seconds: Double) -> String {
        let whole = min(max(Int(clamping: seconds.rounded(.up)), 0), 1_000_000_000)
        if whole < 100 { return "\(whole) s" }
        if whole < 6_000 { return "\((whole + 30) / 60) min" }
        return "\((Double(whole) / 3_600).fixed(1)) h"
    }
}
