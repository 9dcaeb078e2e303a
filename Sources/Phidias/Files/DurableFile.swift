import Glibc

/// Writes files durably: a reader, or a machine that loses power, sees the old content or the new
/// one, never a part.
package enum DurableFile {
    /// Writes `bytes` into the file `path`, replacing its content.
    ///
    /// The bytes go to a temporary file in the same folder, which is synced and renamed; then the
    /// folder is synced. After a failure the temporary file is gone and the old content intact,
    /// with one exception: when only the folder's sync failed, the new content is in place, but
    /// may not outlive a loss of power. A symbolic link is followed; folders, devices and pipes
    /// are not replaced.
    /// - Throws: `FileError`.
    package static func write(
        _ bytes: [UInt8], to path: String, operations: Operations = .system
    ) throws(FileError) {
        let target = try replaceableTarget(path)
        let folder = Self.folder(of: target)

        // Opened before the rename: what can fail should fail while the old file is in place.
        let folderFile = operations.openUninterrupted(
            folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folderFile >= 0 else {
            throw .cannotCreate(path: path, operation: "opening its folder", code: -folderFile)
        }
        defer { _ = operations.close(folderFile) }

        let (temporary, lock) = try prepare(bytes, for: path, in: folder, operations)
        defer { if lock >= 0 { close(lock) } }
        try place(temporary, at: target, for: path, operations)

        let syncing = operations.syncUninterrupted(folderFile, folder: true)
        guard syncing == 0 else {
            throw .cannotWrite(path: path, operation: "syncing its folder", code: -syncing)
        }
    }

    /// Writes a text in the same way.
    package static func write(_ text: String, to path: String) throws(FileError) {
        try write(Array(text.utf8), to: path)
    }

    /// Writes the bytes to a temporary file and syncs it.
    /// - Returns: its path, and what to close when it has its final name, unless that is -1.
    private static func prepare(
        _ bytes: [UInt8], for path: String, in folder: String, _ operations: Operations
    ) throws(FileError) -> (path: String, lock: Int32) {
        let (file, temporary, lock) = try createTemporary(in: folder, for: path, operations)
        var failure = operations.writeAll(bytes, to: file)
        var operation = "writing"
        if failure == 0 {
            failure = operations.syncUninterrupted(file)
            operation = "syncing"
        }
        // Closed in any case, and only once: Linux frees the descriptor even after an error.
        let closing = operations.close(file)
        if failure == 0, closing != 0, closing != -EINTR {
            failure = closing
            operation = "closing"
        }
        guard failure == 0 else {
            _ = operations.remove(temporary)
            if lock >= 0 { close(lock) }
            throw .cannotWrite(path: path, operation: operation, code: -failure)
        }
        return (temporary, lock)
    }

    /// Renames a temporary file, or removes it if that fails.
    private static func place(
        _ temporary: String, at target: String, for path: String, _ operations: Operations
    ) throws(FileError) {
        let renaming = operations.rename(temporary, target)
        guard renaming == 0 else {
            _ = operations.remove(temporary)
            throw .cannotCreate(
                path: path, operation: "renaming the temporary file", code: -renaming)
        }
    }

    /// Appends `line` and a line feed to the text file `path`, which is created if it does not
    /// exist, and syncs it. After a failure the file has its old content.
    /// - Throws: `FileError`.
    package static func append(
        line: String, to path: String, operations: Operations = .system
    ) throws(FileError) {
        try LineLog(path: path, keeping: .max, operations: operations).append(line)
    }

    /// Removes temporary files that a killed process left in a folder. Only for the holder of the
    /// folder's lock; files that can't be removed stay.
    package static func removeTemporaries(in folder: String) {
        for name in (try? FolderListing.names(folder)) ?? []
        where name.wholeMatch(of: /\.phidias-[0-9a-z]+\.tmp/) != nil {
            unlink("\(folder)/\(name)")
        }
    }

    /// Creates the folder `path` and its missing parents, and checks that files can be created in
    /// it.
    /// - Throws: `FileError`, with the folder that failed.
    package static func makeDirectory(
        _ path: String, operations: Operations = .system
    ) throws(FileError) {
        guard !path.isEmpty else {
            throw .cannotReplace(path: path, reason: "the name of the folder is empty")
        }
        var folder = path.hasPrefix("/") ? "/" : ""
        for name in path.split(separator: "/") {
            let parent = folder.isEmpty ? "." : folder
            folder += (folder.isEmpty || folder == "/" ? "" : "/") + name
            switch kind(of: folder) {
            case .folder: continue
            case .file, .other:
                throw .cannotReplace(path: folder, reason: "it is a file, not a folder")
            case .nothing: break
            }
            let status = operations.makeFolder(folder)
            // Another process may have created it in the meantime.
            if status == 0 {
                try syncFolder(parent, operations)
            } else if kind(of: folder) != .folder {
                throw .cannotCreate(path: folder, operation: "making the folder", code: -status)
            }
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw .cannotCreate(path: path, operation: "making a file in it", code: errno)
        }
    }

    // MARK: - Parts

    enum Kind { case nothing, file, folder, other }

    /// The kind of file that the path leads to, through symbolic links.
    static func kind(of path: String) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { return .nothing }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func syncFolder(
        _ folder: String, _ operations: Operations = .system
    ) throws(FileError) {
        let file = operations.openUninterrupted(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // A folder may be open for writing and closed for reading: then it can't be synced.
        guard file >= 0 else { return }
        let status = operations.syncUninterrupted(file, folder: true)
        _ = operations.close(file)
        guard status == 0 else {
            throw .cannotWrite(path: folder, operation: "syncing the folder", code: -status)
        }
    }

    /// The path to rename to: `path`, or its target if it is a symbolic link.
    private static func replaceableTarget(_ path: String) throws(FileError) -> String {
        switch kind(of: path) {
        case .folder: throw .cannotReplace(path: path, reason: "it is a folder")
        case .other: throw .cannotReplace(path: path, reason: "it is not a regular file")
        case .file, .nothing: break
        }
        if path.isEmpty || path.hasSuffix("/") {
            throw .cannotReplace(path: path, reason: "the path does not end in a file's name")
        }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return path }
        guard let resolved = realpath(path, nil) else {
            throw .cannotReplace(
                path: path, reason: "it is a symbolic link that leads to no file")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// A new file beside the target. Its name is made of the target's, so that what a process which
    /// died has left is used by the next one that writes the same file; it doesn't grow with the
    /// target's name, so a long name that is allowed stays allowed.
    /// - Returns: `lock` keeps other calls from using the file, until it is closed; -1 if none would.
    private static func createTemporary(
        in folder: String, for path: String, _ operations: Operations
    ) throws(FileError) -> (file: Int32, name: String, lock: Int32) {
        let start = (folder == "/" ? "" : folder) + "/.phidias-"
        let own = start + String(hash(path), radix: 36) + ".tmp"
        let file = operations.openUninterrupted(
            own, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        if file >= 0 {
            let lock = lock(file, own)
            if lock >= 0, operations.truncate(file, 0) == 0 { return (file, own, lock) }
            if lock >= 0 {
                _ = operations.remove(own)
                close(lock)
            }
            _ = operations.close(file)
        }
        // Somebody else writes the same file, or it is not a file of ours.
        for _ in 0..<16 {
            let name = start + String(UInt64.random(in: .min ... .max), radix: 36) + ".tmp"
            let file = operations.openUninterrupted(
                name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)
            if file >= 0 { return (file, name, -1) }
            guard file == -EEXIST else {
                throw .cannotCreate(
                    path: path, operation: "creating a temporary file beside it", code: -file)
            }
        }
        throw .cannotCreate(
            path: path, operation: "creating a temporary file beside it", code: EEXIST)
    }

    /// Locks a file that still has this name.
    /// - Returns: a descriptor to close when the file has its final name; -1 if another call has it.
    private static func lock(_ file: Int32, _ name: String) -> Int32 {
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else { return -1 }
        var (own, named) = (stat(), stat())
        guard fstat(file, &own) == 0, lstat(name, &named) == 0, own.st_ino == named.st_ino,
            own.st_dev == named.st_dev, own.st_nlink == 1, own.st_mode & S_IFMT == S_IFREG
        else { return -1 }
        return fcntl(file, F_DUPFD_CLOEXEC, 0)
    }

    /// FNV-1a of a path's last part.
    private static func hash(_ path: String) -> UInt64 {
        (path.split(separator: "/").last ?? "").utf8.reduce(0xcbf2_9ce4_8422_2325) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
    }
}
