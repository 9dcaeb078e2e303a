import Foundation

/// Where words go: results to standard output, everything for people in passing to standard error.
enum Console {
    static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Colour only on a terminal and without NO_COLOR (no-color.org).
    static var hasColor: Bool {
        let noColor = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
        return isTerminal && noColor.isEmpty
    }
}

/// Progress of a run: a bar with rate and time left on a terminal, nothing elsewhere (an epoch's
/// line is printed by its owner).
struct ProgressBar {
    private let total: Int
    private let label: String
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    private let active = Console.isTerminal

    init(total: Int, label: String) {
        self.total = total
        self.label = label
    }

    mutating func update(_ done: Int) {
        guard active, shown.duration(to: .now) > .milliseconds(100) || done == total else { return }
        shown = .now
        let elapsed = start.duration(to: .now) / .seconds(1)
        let rate = Double(done) / max(elapsed, 1e-9)
        let left = Double(total - done) / max(rate, 1e-9)
        let filled = total > 0 ? 24 * done / total : 24
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: 24 - filled)
        let paint = Console.hasColor ? ("\u{1b}[33m", "\u{1b}[0m") : ("", "")
        let line = "\r\(label) \(paint.0)\(bar)\(paint.1) \(Int(rate)) images/s, \(Int(left.rounded(.up))) s left\u{1b}[K"
        FileHandle.standardError.write(Data(line.utf8))
    }

    func clear() {
        if active { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
    }
}

extension Double {
    /// With a fixed number of decimals.
    func fixed(_ places: Int) -> String { String(format: "%.\(places)f", self) }
}
