import ArgumentParser
import Glibc
import Phidias

/// Hands over to `phidias-bench`, a program of its own: who trains need not build the opponents of
/// the kernels.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure kernels, training and this machine; results are checked before timing.",
        usage: "phidias bench [<benchmark>] [<options>]",
        discussion: """
            Starts phidias-bench, which lies next to this program once it is built:
              swift build -c release --product phidias-bench

            Example:
              phidias bench kernels --filter gemm
            """)

    @Argument(
        parsing: .captureForPassthrough,
        help: "The benchmark and its options; --help lists them.")
    var words: [String] = []

    func run() throws {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let length = readlink("/proc/self/exe", &path, Int(PATH_MAX))
        guard length > 0 else { throw NoBenchmarks(path: "phidias-bench", code: errno) }
        let program = String(
            decoding: path[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let bench =
            "\(program[..<(program.lastIndex(of: "/") ?? program.startIndex)])/phidias-bench"
        var arguments = ([bench] + words).map { strdup($0) } + [nil]
        execv(bench, &arguments)
        throw NoBenchmarks(path: bench, code: errno)
    }
}

/// The benchmarks' program could not be started.
struct NoBenchmarks: PhidiasError {
    let path: String
    let code: Int32

    var description: String {
        code == ENOENT
            ? """
            The benchmarks are a program of their own, and it is not built: there is no \(path).
            swift build -c release --product phidias-bench makes it.
            """
            : "\(path): the benchmarks cannot be started: \(String(cString: strerror(code)))."
    }

    var exitCode: Int32 { 69 }
}
