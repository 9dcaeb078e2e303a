import Foundation
import PhidiasKernels

/// A regular file, read piece by piece at any offset. Pipes and devices, which may never end, are
/// refused without waiting for them.
package final class InputFile {
    package let path: String
    /// The size in bytes when it was opened.
    package let size: Int
    private let descriptor: Int32

    /// - Parameter limit: a larger file is an error.
    package init(_ path: String, limit: Int = .max) throws(DataError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .missing(path: path, reason: Self.reason(errno)) }
        var status = stat()
        let known = fstat(descriptor, &status)
        self.path = path
        size = Int(status.st_size)
        guard known == 0 else { throw .io(path: path, reason: Self.reason(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular(path: path) }
        guard size <= limit else { throw .tooLarge(path: path, bytes: size, limit: limit) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The bytes in a range of offsets.
    package func read(_ range: Range<Int>) throws(DataError) -> [UInt8] {
        try Memory.check(range.count, for: path)
        var failure: DataError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            while count < range.count {
                let got = pread(
                    descriptor, buffer.baseAddress?.advanced(by: count), range.count - count,
                    off_t(range.lowerBound + count))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = .io(path: path, reason: Self.reason(errno)) }
                if got == 0 {
                    failure = .io(path: path, reason: "it became shorter while it was read")
                }
                if got <= 0 { return }
                count += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    package static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}

extension Memory {
    /// - Throws: `DataError.memory` if `bytes` more are not available.
    static func check(_ bytes: Int, for path: String) throws(DataError) {
        if let reason = refusal(bytes) { throw .memory(path: path, bytes: bytes, reason: reason) }
    }
}

/// The contents of a folder.
package enum FolderListing {
    /// The names, in no order; none if there is no such folder.
    /// - Throws: `DataError.io` if it cannot be listed, which is not the same as empty.
    package static func names(_ path: String) throws(DataError) -> [String] {
        guard let listing = opendir(path) else {
            let code = errno
            guard access(path, F_OK) == 0 || ![ENOENT, ENOTDIR].contains(errno) else { return [] }
            throw .io(path: path, reason: InputFile.reason(code))
        }
        defer { closedir(listing) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(listing) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
            errno = 0
        }
        guard errno == 0 else { throw .io(path: path, reason: InputFile.reason(errno)) }
        return names
    }
}

/// Whole files, read with a size limit.
package enum FileBytes {
    /// - Parameter limit: a larger file is an error, before anything is allocated.
    package static func read(_ path: String, limit: Int) throws(DataError) -> [UInt8] {
        let file = try InputFile(path, limit: limit)
        return try file.read(0..<file.size)
    }
}
