import Foundation

/// Files that are complete or not there: written under a temporary name in the same folder,
/// synced, renamed, and the folder synced. The file before stays valid until the rename.
package enum DurableFile {
    package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        let temporary = "\(path).\(UUID().uuidString).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard file >= 0 else { throw FileError(path, "create", errno) }
        do throws(FileError) {
            try writeAll(bytes, to: file, path: path)
            guard fsync(file) == 0 else { throw FileError(path, "sync", errno) }
        } catch {
            close(file)
            unlink(temporary)
            throw error
        }
        guard close(file) == 0, rename(temporary, path) == 0 else {
            let error = FileError(path, "rename", errno)
            unlink(temporary)
            throw error
        }
        try syncFolder(of: path)
    }

    /// Adds a line to a file with one write, and syncs it.
    package static func append(line: String, to path: String) throws(FileError) {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw FileError(path, "create", errno) }
        defer { close(file) }
        try writeAll(Array((line + "\n").utf8), to: file, path: path)
        guard fsync(file) == 0 else { throw FileError(path, "sync", errno) }
    }

    /// Creates a folder and those above it, and tells whether it can be written.
    package static func makeDirectory(_ path: String) throws(FileError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code
            throw FileError(path, "create", Int32(code ?? Int(EEXIST)))
        }
        guard access(path, W_OK | X_OK) == 0 else { throw FileError(path, "create", errno) }
    }

    private static func writeAll(_ bytes: [UInt8], to file: Int32, path: String) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                Foundation.write(
                    file, buffer.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw FileError(path, "write", written < 0 ? errno : ENOSPC) }
            done += written
        }
    }

    private static func syncFolder(of path: String) throws(FileError) {
        let name = (path as NSString).deletingLastPathComponent
        let folder = open(name.isEmpty ? "." : name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw FileError(path, "sync", errno) }
        defer { close(folder) }
        // Some file systems cannot sync a folder and say EINVAL.
        guard fsync(folder) == 0 || errno == EINVAL else { throw FileError(path, "sync", errno) }
    }
}

/// A file that cannot be written.
public struct FileError: PhidiasError, Equatable {
    public let path: String
    /// What was tried: create, write, sync or rename.
    public let operation: String
    /// The system's error number.
    public let code: Int32

    init(_ path: String, _ operation: String, _ code: Int32) {
        self.path = path
        self.operation = operation
        self.code = code
    }

    public var description: String {
        let hint = code == ENOSPC || code == EDQUOT ? " Make room and run again." : ""
        return "\(path): cannot \(operation): \(FileBytes.reason(code)).\(hint)"
    }

    public var exitCode: Int32 { operation == "create" ? 73 : 74 }
}
