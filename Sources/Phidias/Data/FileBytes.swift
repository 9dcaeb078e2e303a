import Foundation

/// Whole files, read with a bound.
package enum FileBytes {
    /// - Parameter limit: a larger file is an error, before anything is allocated.
    package static func read(_ path: String, limit: Int) throws(DataError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .missing(path: path, reason: reason(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .io(path: path, reason: reason(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular(path: path) }
        let size = Int(status.st_size)
        guard size <= limit else {
            throw .io(path: path, reason: "\(size) bytes are more than the limit of \(limit)")
        }
        var failure: DataError?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Foundation.read(descriptor, buffer.baseAddress?.advanced(by: count), size - count)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = .io(path: path, reason: reason(errno)) }
                if got <= 0 { return }
                count += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    package static func reason(_ code: Int32) -> String {
        String(cString: strerror(code))
    }
}
