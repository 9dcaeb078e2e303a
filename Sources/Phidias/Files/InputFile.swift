import FoundationEssentials
import Glibc
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
            failure = fill(UnsafeMutableRawBufferPointer(buffer), from: range.lowerBound)
            count = failure == nil ? range.count : 0
        }
        if let failure { throw failure }
        return bytes
    }

    /// The numbers in a range of offsets, four bytes each, little-endian; bytes that are left over at
    /// the end are not read. They come straight from the file, so that only one copy of a large model
    /// is ever in memory.
    func readFloats(_ range: Range<Int>) throws(DataError) -> [Float] {
        let stride = MemoryLayout<Float>.stride
        let number = range.count / stride
        try Memory.check(number * stride, for: path)
        var failure: DataError?
        let values = [Float](unsafeUninitializedCapacity: number) { buffer, count in
            failure = fill(UnsafeMutableRawBufferPointer(buffer), from: range.lowerBound)
            count = failure == nil ? number : 0
            for place in 0..<count {
                buffer[place] = Float(bitPattern: UInt32(littleEndian: buffer[place].bitPattern))
            }
        }
        if let failure { throw failure }
        return values
    }

    /// Fills the whole buffer with what follows an offset.
    /// - Returns: what prevented it.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer, from start: Int) -> DataError? {
        var count = 0
        while count < buffer.count {
            let got = pread(
                descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count,
                off_t(start + count))
            if got < 0 && errno == EINTR { continue }
            if got < 0 { return .io(path: path, reason: Self.reason(errno)) }
            if got == 0 { return .io(path: path, reason: "it became shorter while it was read") }
            count += got
        }
        return nil
    }

    package static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}

extension Memory {
    /// - Throws: `DataError.memory` if `bytes` more are not available.
    static func check(_ bytes: Int, for path: String) throws(DataError) {
        if let reason = refusal(bytes) { throw .memory(path: path, bytes: bytes, reason: reason) }
    }
}

extension DataError {
    /// Memory that the system refused, though it was not asked for beforehand.
    fileprivate static func refusedMemory(_ bytes: Int, for path: String) -> DataError {
        .memory(path: path, bytes: bytes, reason: "the system refuses it\(Memory.limit)")
    }
}

/// The contents of a folder.
package enum FolderListing {
    /// The bytes that the system library needs to list one.
    private static let buffer = 1 << 15

    /// The names, in no order; none if there is no such folder.
    /// - Throws: `DataError.io` if it cannot be listed, which is not the same as empty.
    package static func names(_ path: String) throws(DataError) -> [String] {
        guard let listing = opendir(path) else {
            let code = errno
            if code == ENOMEM { throw .refusedMemory(buffer, for: path) }
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
