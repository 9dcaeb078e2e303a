import Glibc

/// A regular file without a name, in memory: for readers that open a path.
final class MemoryFile {
    private let descriptor: Int32
    var path: String { "/proc/self/fd/\(descriptor)" }

    init(_ bytes: [UInt8]) {
        var name = Array("/dev/shm/phidias-\(String(repeating: "X", count: 6))".utf8CString)
        descriptor = mkstemp(&name)
        precondition(descriptor >= 0, "no file in memory can be made: error \(errno)")
        unlink(name)
        precondition(write(descriptor, bytes, bytes.count) == bytes.count)
    }

    deinit { close(descriptor) }
}
