import FoundationEssentials
import Glibc
import Phidias

/// A folder of runs that are numbered as they begin, `1`, `2` and so on, with a link `latest` to the
/// last one.
public struct NumberedRuns: Sendable {
    /// The folder.
    public let folder: String

    /// Runs in a folder, which need not exist.
    public init(_ folder: String) { self.folder = folder }

    private static let most = 1_000_000_000

    /// Makes the folder of the next run. Two processes that ask at once get different ones.
    /// - Returns: its path.
    /// - Throws: `FileError`, `RunError.noNumber`.
    public func next() throws -> String {
        try DurableFile.makeDirectory(folder)
        let numbers = try FolderListing.names(folder).compactMap { name in
            Int(name).flatMap { String($0) == name && $0 > 0 ? $0 : nil }
        }
        var number = (numbers.max() ?? 0) + 1
        while number <= Self.most {
            let path = "\(folder)/\(number)"
            if mkdir(path, 0o777) == 0 { return path }
            guard errno == EEXIST else {
                throw FileError.cannotCreate(
                    path: path, operation: "making the folder", code: errno)
            }
            number += 1
        }
        throw RunError.noNumber(folder: folder)
    }

    /// Lets the link `latest` lead to a run of the folder. A folder of that name stays as it is.
    /// - Parameter run: a path that `next()` gave.
    public func link(latest run: String) {
        let latest = "\(folder)/latest", waiting = "\(folder)/.latest-\(getpid())"
        var status = stat()
        guard lstat(latest, &status) != 0 || status.st_mode & S_IFMT == S_IFLNK else { return }
        unlink(waiting)
        let target = URL(fileURLWithPath: run).lastPathComponent
        // Nothing depends on the link: where it cannot be made, there is none.
        guard symlink(target, waiting) == 0 else { return }
        if rename(waiting, latest) != 0 { unlink(waiting) }
    }
}
