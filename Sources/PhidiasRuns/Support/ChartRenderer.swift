import Charts
import FoundationEssentials
import Glibc
import Phidias

/// Draws charts as PNG, with two pixels for each of the SVG's (192 to the inch), by librsvg's program
/// `rsvg-convert`. A program, so that fonts and their libraries stay out of processes that train; which
/// bytes it makes depends on its version and on the fonts.
public struct ChartRenderer: Sendable {
    private static let program = "rsvg-convert", zoom = 2
    private static let largestPicture = 1 << 28

    /// Looks for the program, and tries it.
    /// - Throws: `ChartRendererError`.
    public init() throws(ChartRendererError) {
        _ = try png("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>")
    }

    /// The bytes of a PNG file.
    func png(_ svg: String) throws(ChartRendererError) -> [UInt8] {
        guard let input = Scratch(holding: Array(svg.utf8)), let output = Scratch(),
            let errors = Scratch()
        else { throw .failed(reason: "no temporary file: \(String(cString: strerror(errno)))") }
        let status = try Self.run([input, output, errors])
        let said = String(decoding: errors.bytes(limit: 300), as: UTF8.self)
        guard status == 0 else {
            let line = said.split(separator: "\n").first.map { ": \($0)" }
            throw .failed(reason: "it ended with status \(status)\(line ?? "")")
        }
        let picture = output.bytes(limit: Self.largestPicture)
        guard picture.starts(with: [0x89] + Array("PNG\r\n".utf8)) else {
            throw .failed(reason: "what it wrote is no PNG file")
        }
        return picture
    }

    /// Runs the program with standard input, output and error in files.
    /// - Returns: its exit code, or 128 and the signal's number.
    private static func run(_ files: [Scratch]) throws(ChartRendererError) -> Int32 {
        var actions = posix_spawn_file_actions_t(), attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (place, file) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file.descriptor, Int32(place))
        }
        // Ctrl-C is for this process, which ends when it has written its files.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        let options: [String] = [program, "-f", "png", "-z", "\(zoom)"]
        let words = options.map { strdup($0) }
        let variables = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") }
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let code = posix_spawnp(
            &process, program, &actions, &attributes, words + [nil], variables + [nil])
        guard code == 0 else {
            throw code == ENOENT
                ? .missing : .failed(reason: String(cString: strerror(code)))
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw .failed(reason: String(cString: strerror(errno))) }
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}

/// Why charts are not drawn as PNG.
public enum ChartRendererError: PhidiasError, Equatable {
    /// The program is not in PATH.
    case missing
    /// It does not do what it should.
    case failed(reason: String)

    public var description: String {
        switch self {
        case .missing:
            "Charts are drawn as PNG by the program rsvg-convert, which is not in PATH."
        case .failed(let reason): "rsvg-convert cannot draw a chart: \(reason)."
        }
    }

    public var exitCode: Int32 { 69 }
}

extension Chart {
    /// Writes NAME.svg and, with a renderer, the files of `pixelFiles`. Without it older ones are
    /// removed, which may show something else.
    package func write(
        _ name: String, to folder: String, _ renderer: ChartRenderer? = nil
    ) throws {
        for (_, file) in Self.pixelFiles(name) { unlink("\(folder)/\(file)") }
        try DurableFile.write(svg, to: "\(folder)/\(name).svg")
        guard let renderer else { return }
        for (theme, file) in Self.pixelFiles(name) {
            try DurableFile.write(try renderer.png(svg(theme)), to: "\(folder)/\(file)")
        }
    }

    /// NAME-light.png and NAME-dark.png.
    static func pixelFiles(_ name: String) -> [(theme: Theme, file: String)] {
        Theme.allCases.map { ($0, "\(name)-\($0.rawValue).png") }
    }
}

/// A file without a name, which is gone when nobody has it open.
private final class Scratch {
    private let file: UnsafeMutablePointer<FILE>

    /// Nil if there can be none; errno says why.
    init?(holding bytes: [UInt8] = []) {
        guard let file = tmpfile() else { return nil }
        self.file = file
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else {
            return nil
        }
        // Whoever gets the descriptor reads from there.
        lseek(descriptor, 0, SEEK_SET)
    }

    deinit { fclose(file) }

    var descriptor: Int32 { fileno(file) }

    /// The first bytes of what another process has written.
    func bytes(limit: Int) -> [UInt8] {
        let length = min(Int(lseek(descriptor, 0, SEEK_END)), limit)
        guard length > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, length, 0))
        }
    }
}
