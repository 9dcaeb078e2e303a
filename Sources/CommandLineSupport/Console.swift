@preconcurrency import FoundationEssentials
@preconcurrency import Glibc
import Phidias
import PhidiasRuns

/// Where texts go: results to standard output, and what happens on the way to standard error.
package enum Console {
    /// Puts something harmless in the place of standard files that are closed, before a file that
    /// is opened gets their number: reading and standard error from and to nowhere, and a standard
    /// output that fails when it is written.
    package static func openStandardFiles() {
        for file in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(file, F_GETFD) < 0 {
            _ = open("/dev/null", file == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Writes a line to standard error. Control characters, which a file's name or content may hold,
    /// are shown as their code. If standard error cannot be written, there is nobody to tell.
    package static func say(_ text: String) {
        show(visible(text) + "\n")
    }

    /// A text from a file or its name, without control characters other than line feeds.
    package static func visible(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control && scalar != "\n"
                ? scalar.escaped(asASCII: true) : String(scalar)
        }.joined()
    }

    /// Writes a text to standard error as it is.
    package static func show(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Checks that all results reached standard output.
    package static func finishOutput() throws(OutputError) {
        errno = 0
        guard fflush(stdout) == 0, ferror(stdout) == 0 else {
            throw OutputError(code: errno == 0 ? EIO : errno)
        }
    }

    /// Whether standard error is a terminal that moves its cursor.
    package static var isTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Columns of the terminal; 80 if they are unknown.
    package static var width: Int {
        var size = winsize()
        let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return known ? Int(size.ws_col) : 80
    }

    /// Whether to use color: only on a terminal, and without NO_COLOR (no-color.org).
    package static var hasColor: Bool {
        let noColor = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
        return isTerminal && noColor.isEmpty
    }
}

/// Writes results to standard output; control characters, which files and their names may hold, are
/// shown as their code.
package func print(_ text: String, terminator: String = "\n") {
    Swift.print(Console.visible(text), terminator: terminator)
}

/// A failure to write results to standard output.
package struct OutputError: PhidiasError {
    package let code: Int32
    package var description: String {
        "Standard output cannot be written: \(String(cString: strerror(code)))."
    }
    package var exitCode: Int32 { 74 }
}
