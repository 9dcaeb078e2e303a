import Glibc

/// Files of a folder that belong together, replaced in one step: whoever looks at the folder after a
/// process has died finds the old ones or the new ones, never a mixture.
///
/// The new files are written into `.phidias-new/`. Renaming that folder to `.phidias-replaces/` is the
/// step: from then on the new ones count. The old ones are removed, the folder becomes
/// `.phidias-arrives/`, and the new ones take their places. What a process that died has left to do,
/// the next one does before it looks at the folder. One process at a time, which holds the folder's
/// lock.
package struct FolderSwitch {
    private static let waiting = ".phidias-new"
    private static let decided = ".phidias-replaces"
    private static let arriving = ".phidias-arrives"
    /// Beside the new files: the old ones to remove, one in each line, relative to the folder.
    private static let list = "removes"

    private let folder: String

    /// Makes a place for the new files.
    /// - Throws: `FileError`.
    package init(_ folder: String) throws(FileError) {
        self.folder = folder
        try Self.discard(in: folder)
        do {
            try DurableFile.makeDirectory(root)
        } catch {
            try? Self.discard(in: folder)
            throw error
        }
    }

    /// Where the new files are written; it may have folders, and they files.
    package var root: String { "\(folder)/\(Self.waiting)" }

    /// Puts the new files into the place of the old ones.
    /// - Parameter old: files that go even if no new one has their name, relative to the folder.
    /// - Throws: `FileError`. Before the step, the old files are whole; after it, the next one to look
    ///   at the folder ends what failed.
    package func take(removing old: [String]) throws(FileError) {
        do {
            try checkPlaces()
            try DurableFile.write(old.map { "\($0)\n" }.joined(), to: "\(root)/\(Self.list)")
            try Self.rename(root, "\(folder)/\(Self.decided)")
        } catch {
            try? Self.discard(in: folder)
            throw error
        }
        try DurableFile.syncFolder(folder)
        try Self.settle(folder)
    }

    /// Replaces files of a folder by what a closure writes.
    /// - Parameters:
    ///   - folder: its lock must be held.
    ///   - old: files that go even if no new one has their name.
    ///   - write: is given the folder to write into.
    /// - Throws: what `write` throws; `FileError`.
    package static func replace(
        in folder: String, removing old: [String] = [], _ write: (_ root: String) throws -> Void
    ) throws {
        let new = try FolderSwitch(folder)
        do {
            try write(new.root)
        } catch {
            try? discard(in: folder)
            throw error
        }
        try new.take(removing: old)
    }

    /// Nothing may be in the way once the new files count.
    private func checkPlaces() throws(FileError) {
        let new = try Self.tree(root)
        for name in new.folders {
            let place = "\(folder)/\(name)"
            var status = stat()
            guard lstat(place, &status) == 0 else { continue }
            guard DurableFile.kind(of: place) == .folder else {
                throw .cannotReplace(path: place, reason: "it is not a folder")
            }
            guard access(place, W_OK | X_OK) == 0 else {
                throw .cannotCreate(path: place, operation: "making a file in it", code: errno)
            }
        }
        for name in new.files where DurableFile.kind(of: "\(folder)/\(name)") == .folder {
            throw .cannotReplace(path: "\(folder)/\(name)", reason: "it is a folder")
        }
    }

    /// Removes new files that were never put into their place.
    package static func discard(in folder: String) throws(FileError) {
        let root = "\(folder)/\(waiting)"
        guard exists(root) else { return }
        let new = try tree(root)
        for name in new.files { unlink("\(root)/\(name)") }
        for name in new.folders { rmdir("\(root)/\(name)") }
        rmdir(root)
    }

    /// Ends a replacement that a process which died has left, and removes what it left half-written.
    /// For the holder of the folder's lock.
    /// - Throws: `FileError` if the folder cannot be written.
    package static func settle(_ folder: String) throws(FileError) {
        try discard(in: folder)
        let (decided, arriving) = ("\(folder)/\(decided)", "\(folder)/\(arriving)")
        if exists(decided) {
            try removeOld(listedIn: "\(decided)/\(list)", folder)
            try rename(decided, arriving)
            try DurableFile.syncFolder(folder)
        }
        guard exists(arriving) else { return }
        let new = try tree(arriving)
        for name in new.folders { try DurableFile.makeDirectory("\(folder)/\(name)") }
        for name in new.files where name != list {
            try move("\(arriving)/\(name)", to: "\(folder)/\(name)")
        }
        for name in new.folders {
            try DurableFile.syncFolder("\(folder)/\(name)")
            rmdir("\(arriving)/\(name)")
        }
        try DurableFile.syncFolder(folder)
        unlink("\(arriving)/\(list)")
        rmdir(arriving)
    }

    /// The same before a folder is read, without its lock: whoever just replaces files is waited for.
    /// - Throws: `FileError` if a replacement that was left cannot be ended.
    package static func settleToRead(_ folder: String) throws(FileError) {
        guard [waiting, decided, arriving].contains(where: { exists("\(folder)/\($0)") }) else {
            return
        }
        for attempt in 0... {
            do {
                _ = try FolderLock(folder)
                return
            } catch {
                // A process that still writes its new files may do so for long: the old ones are whole.
                guard exists("\(folder)/\(decided)") || exists("\(folder)/\(arriving)") else {
                    return
                }
                guard case .inUse = error, attempt < 100 else { throw error }
                usleep(20_000)
            }
        }
    }

    // MARK: - Parts

    private static func removeOld(listedIn list: String, _ folder: String) throws(FileError) {
        let text: String
        do {
            text = String(decoding: try FileBytes.read(list, limit: 1 << 28), as: UTF8.self)
        } catch {
            throw .cannotWrite(path: list, operation: "reading the list", code: EIO)
        }
        var folders: Set<Substring> = []
        for path in text.split(separator: "\n") {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            // Nothing outside of the folder, whoever wrote the list.
            guard parts.count <= 2, !parts.contains(where: { ["", ".", ".."].contains($0) })
            else { continue }
            let file = "\(folder)/\(path)"
            guard unlink(file) == 0 || [ENOENT, ENOTDIR].contains(errno) else {
                throw .cannotWrite(path: file, operation: "removing the old file", code: errno)
            }
            if parts.count == 2 { folders.insert(parts[0]) }
        }
        for name in folders where exists("\(folder)/\(name)") {
            try DurableFile.syncFolder("\(folder)/\(name)")
            rmdir("\(folder)/\(name)")  // only where nothing else is in it
        }
        try DurableFile.syncFolder(folder)
    }

    /// Renames a file; into a folder that lies on another file system, it is copied.
    private static func move(_ from: String, to path: String) throws(FileError) {
        if Glibc.rename(from, path) == 0 { return }
        guard errno == EXDEV else {
            throw .cannotCreate(path: path, operation: "moving the file", code: errno)
        }
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(from, limit: .max)
        } catch {
            throw .cannotCreate(path: path, operation: "moving the file", code: EIO)
        }
        try DurableFile.write(bytes, to: path)
        unlink(from)
    }

    private static func rename(_ from: String, _ path: String) throws(FileError) {
        guard Glibc.rename(from, path) == 0 else {
            throw .cannotCreate(path: path, operation: "renaming the folder", code: errno)
        }
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The folders in one, and its files and theirs, relative to it.
    private static func tree(
        _ root: String
    ) throws(FileError) -> (folders: [String], files: [String]) {
        var (folders, files): ([String], [String]) = ([], [])
        do {
            for name in try FolderListing.names(root).sorted() where name != "." && name != ".." {
                guard DurableFile.kind(of: "\(root)/\(name)") == .folder else {
                    files.append(name)
                    continue
                }
                folders.append(name)
                files += try FolderListing.names("\(root)/\(name)").sorted()
                    .filter { $0 != "." && $0 != ".." }.map { "\(name)/\($0)" }
            }
        } catch {
            throw .cannotCreate(path: root, operation: "listing the folder", code: EIO)
        }
        return (folders, files)
    }
}
