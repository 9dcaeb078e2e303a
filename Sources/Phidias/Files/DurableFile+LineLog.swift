import Glibc
import Synchronization

/// A text file that grows by whole lines, each on the disk when `append` returns.
package final class LineLog: Sendable {
    /// The file.
    package let path: String
    private let operations: DurableFile.Operations
    /// The descriptor (nil when closed) and the bytes in the file.
    private let state: Mutex<(file: Int32?, length: Int)>

    /// Opens the log.
    /// - Parameter keeping: the number of bytes of an existing file to keep, at most its size; the
    ///   rest is cut off. 0 starts an empty file.
    /// - Throws: `FileError`.
    package init(
        path: String, keeping: Int = 0, operations: DurableFile.Operations = .system
    ) throws(FileError) {
        switch DurableFile.kind(of: path) {
        case .folder: throw .cannotReplace(path: path, reason: "it is a folder")
        case .other: throw .cannotReplace(path: path, reason: "it is not a regular file")
        case .file, .nothing: break
        }
        let file = operations.openUninterrupted(
            path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC)
        guard file >= 0 else {
            throw .cannotCreate(path: path, operation: "opening the log", code: -file)
        }
        var status = stat()
        let length = fstat(file, &status) == 0 ? min(max(keeping, 0), Int(status.st_size)) : 0
        let cutting = operations.truncate(file, length)
        guard cutting == 0 else {
            _ = operations.close(file)
            throw .cannotWrite(path: path, operation: "cutting the log", code: -cutting)
        }
        do {
            try DurableFile.syncFolder(DurableFile.folder(of: path), operations)
        } catch {
            _ = operations.close(file)
            throw error
        }
        self.path = path
        self.operations = operations
        state = Mutex((file, length))
    }

    deinit { close() }

    /// Adds `line` and a line feed. After a failure the file is as it was before the call.
    /// - Precondition: `line` holds no line feed and the log is open.
    /// - Throws: `FileError`.
    package func append(_ line: String) throws(FileError) {
        precondition(!line.utf8.contains(0x0a), "a line of a log holds a line feed")
        let bytes = Array(line.utf8) + [0x0a]
        try state.withLock { state throws(FileError) in
            guard let file = state.file else { preconditionFailure("the log is closed") }
            // Usually one call, so that a reader sees whole lines.
            var failure = operations.writeAll(bytes, to: file)
            var operation = "writing"
            if failure == 0 {
                failure = operations.syncUninterrupted(file)
                operation = "syncing"
            }
            guard failure == 0 else {
                _ = operations.truncate(file, state.length)
                throw .cannotWrite(path: path, operation: operation, code: -failure)
            }
            state.length += bytes.count
        }
    }

    /// Closes the file; closing again is harmless. Every line has been synced, so nothing can be
    /// lost.
    package func close() {
        state.withLock { state in
            if let file = state.file { _ = operations.close(file) }
            state.file = nil
        }
    }
}
