@preconcurrency import Foundation
@preconcurrency import Glibc
import Phidias

/// Where words go: results to standard output, everything for people in passing to standard error.
enum Console {
    /// Puts something harmless in the place of standard files that are closed, before a file that
    /// is opened gets their number: reading and standard error from and to nowhere, and a standard
    /// output that fails when it is written.
    static func openStandardFiles() {
        for file in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(file, F_GETFD) < 0 {
            _ = open("/dev/null", file == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// A line on standard error. Control characters, which a file's name or content may hold, are
    /// shown as their code. If standard error can't be written, there is nobody to tell.
    static func say(_ text: String) {
        show(visible(text) + "\n")
    }

    /// A text from a file or its name, for people: without control characters but line feeds.
    static func visible(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control && scalar != "\n"
                ? scalar.escaped(asASCII: true) : String(scalar)
        }.joined()
    }

    /// As it is, on standard error.
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

    static var isTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Columns of the terminal; 80 if it does not say.
    static var width: Int {
        var size = winsize()
        let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return known ? Int(size.ws_col) : 80
    }

    /// Colour only on a terminal and without NO_COLOR (no-color.org).
    static var hasColor: Bool {
        let noColor = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
        return isTerminal && noColor.isEmpty
    }
}

/// Results on standard output: of what comes from files and their names, control characters are
/// shown as their code.
func print(_ text: String, terminator: String = "\n") {
    Swift.print(Console.visible(text), terminator: terminator)
}

/// Results that standard output does not take.
struct OutputError: PhidiasError {
    let code: Int32
    var description: String {
        "Standard output cannot be written: \(String(cString: strerror(code)))."
    }
    var exitCode: Int32 { 74 }
}

/// Progress of a run: a bar with the time that is left on a terminal, nothing elsewhere (an epoch's
/// line is printed by its owner).
struct ProgressBar {
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    /// What was done when the bar was first asked.
    private var first: Int?
    private let active = Console.isTerminal

    /// - Parameters:
    ///   - done: images of all epochs so far.
    ///   - total: images of all epochs; it may turn out to be wrong.
    mutating func update(_ done: Int, of total: Int, label: String) {
        guard active, shown.duration(to: .now) > .milliseconds(100) else { return }
        shown = .now
        let first = first ?? done
        self.first = first
        let rate = Double(done - first) / max(start.duration(to: .now) / .seconds(1), 1e-9)
        let left = Double(max(total - done, 0)) / max(rate, 1e-9)
        let line = Self.line(
            label: label, share: Double(done) / Double(max(total, 1)),
            figures: rate > 0 ? "\(SweepWatch.time(left)) left" : "",
            width: Console.width, color: Console.hasColor)
        Console.show("\r\(line)\u{1b}[K")
    }

    /// One line of a terminal: the bar has what label and figures leave of it, up to 24 columns.
    static func line(label: String, share: Double, figures: String, width: Int, color: Bool)
        -> String
    {
        // The last column stays free: some terminals go to the next line as soon as it is filled.
        let room = width - 1 - label.count - figures.count - 2
        guard room >= 4 else { return String("\(label) \(figures)".prefix(max(width - 1, 0))) }
        let size = min(room, 24)
        // Whatever was counted: shares below 0, above 1 and NaN have a bar too.
        let filled = share > 0 ? Int(min(share, 1) * Double(size)) : 0
        let bar =
            String(repeating: "█", count: filled) + String(repeating: "·", count: size - filled)
        return "\(label) \(color ? "\u{1b}[33m\(bar)\u{1b}[0m" : bar) \(figures)"
    }

    func clear() {
        if active { Console.show("\r\u{1b}[K") }
    }
}
