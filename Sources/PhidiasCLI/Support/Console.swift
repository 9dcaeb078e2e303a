@preconcurrency import Foundation
@preconcurrency import Glibc
import Phidias
import PhidiasRuns

/// Where texts go: results to standard output, and what happens on the way to standard error.
enum Console {
    /// Puts something harmless in the place of standard files that are closed, before a file that
    /// is opened gets their number: reading and standard error from and to nowhere, and a standard
    /// output that fails when it is written.
    static func openStandardFiles() {
        for file in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(file, F_GETFD) < 0 {
            _ = open("/dev/null", file == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Writes a line to standard error. Control characters, which a file's name or content may hold,
    /// are shown as their code. If standard error cannot be written, there is nobody to tell.
    static func say(_ text: String) {
        show(visible(text) + "\n")
    }

    /// A text from a file or its name, without control characters other than line feeds.
    static func visible(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control && scalar != "\n"
                ? scalar.escaped(asASCII: true) : String(scalar)
        }.joined()
    }

    /// Writes a text to standard error as it is.
    static func show(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Checks that all results reached standard output.
    static func finishOutput() throws(OutputError) {
        errno = 0
        guard fflush(stdout) == 0, ferror(stdout) == 0 else {
            throw OutputError(code: errno == 0 ? EIO : errno)
        }
    }

    /// Whether standard error is a terminal that moves its cursor.
    static var isTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Columns of the terminal; 80 if they are unknown.
    static var width: Int {
        var size = winsize()
        let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return known ? Int(size.ws_col) : 80
    }

    /// Whether to use color: only on a terminal, and without NO_COLOR (no-color.org).
    static var hasColor: Bool {
        let noColor = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
        return isTerminal && noColor.isEmpty
    }
}

/// Writes results to standard output; control characters, which files and their names may hold, are
/// shown as their code.
func print(_ text: String, terminator: String = "\n") {
    Swift.print(Console.visible(text), terminator: terminator)
}

/// A failure to write results to standard output.
struct OutputError: PhidiasError {
    let code: Int32
    var description: String {
        "Standard output cannot be written: \(String(cString: strerror(code)))."
    }
    var exitCode: Int32 { 74 }
}

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
            figures: rate > 0 ? "\(SweepWatch.time(left)) left" : "",
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
}
