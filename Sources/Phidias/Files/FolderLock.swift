import Glibc

/// The right to write into a folder, held by one process at a time. It ends with the object, or
/// with the process, however that ends.
package final class FolderLock: Sendable {
    private let file: Int32

    /// Takes the lock, and ends a replacement that a killed process left.
    /// - Throws: `FileError.inUse` if another process holds the lock. On file systems without locks
    ///   every process gets it.
    package init(_ folder: String) throws(FileError) {
        file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else {
            throw .cannotCreate(path: folder, operation: "opening the folder", code: errno)
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            throw .inUse(path: folder)
        }
        try FolderSwitch.settle(folder)
    }

    /// Creates the folder if it is missing, and removes files that a killed process left
    /// half-written.
    package convenience init(making folder: String) throws(FileError) {
        try DurableFile.makeDirectory(folder)
        try self.init(folder)
        DurableFile.removeTemporaries(in: folder)
    }

    // Also after an error in init.
    deinit { if file >= 0 { close(file) } }
}
