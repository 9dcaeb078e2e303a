import Glibc

extension DurableFile {
    /// The system calls for writing, replaceable so that tests can make any of them fail.
    ///
    /// Each returns the call's result, or `-errno`: a closure may run other calls after the failing
    /// one without losing the reason.
    package struct Operations: Sendable {
        package var open: @Sendable (_ path: String, _ flags: Int32) -> Int32
        package var write: @Sendable (_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int
        package var sync: @Sendable (_ file: Int32) -> Int32
        package var truncate: @Sendable (_ file: Int32, _ length: Int) -> Int32
        package var close: @Sendable (_ file: Int32) -> Int32
        package var rename: @Sendable (_ from: String, _ to: String) -> Int32
        package var remove: @Sendable (_ path: String) -> Int32
        package var makeFolder: @Sendable (_ path: String) -> Int32

        /// The real calls. Files are made with mode 0666, folders with 0777, less the umask.
        package static let system = Operations(
            open: { path, flags in
                let file = Glibc.open(path, flags, 0o666)
                return file < 0 ? -errno : file
            },
            write: { file, bytes in
                let count = Glibc.write(file, bytes.baseAddress, bytes.count)
                return count < 0 ? -Int(errno) : count
            },
            sync: { Glibc.fsync($0) < 0 ? -errno : 0 },
            truncate: { Glibc.ftruncate($0, $1) < 0 ? -errno : 0 },
            close: { Glibc.close($0) < 0 ? -errno : 0 },
            rename: { Glibc.rename($0, $1) < 0 ? -errno : 0 },
            remove: { Glibc.unlink($0) < 0 ? -errno : 0 },
            makeFolder: { Glibc.mkdir($0, 0o777) < 0 ? -errno : 0 }
        )

        /// `open`, repeated while a signal interrupts it.
        func openUninterrupted(_ path: String, _ flags: Int32) -> Int32 {
            uninterrupted { open(path, flags) }
        }

        /// `sync`, repeated while a signal interrupts it. File systems that can't sync a folder
        /// return EINVAL, which is not a failure.
        func syncUninterrupted(_ file: Int32, folder: Bool = false) -> Int32 {
            let status = uninterrupted { sync(file) }
            return folder && status == -EINVAL ? 0 : status
        }

        /// Writes all bytes, in as many calls as the system needs. Returns 0 or `-errno`.
        func writeAll(_ bytes: [UInt8], to file: Int32) -> Int32 {
            bytes.withUnsafeBytes { buffer in
                var rest = buffer[...]
                while !rest.isEmpty {
                    let count = write(file, UnsafeRawBufferPointer(rebasing: rest))
                    if count == -Int(EINTR) { continue }
                    if count < 0 { return Int32(count) }
                    // A regular file that accepts nothing and reports nothing is broken.
                    if count == 0 { return -EIO }
                    rest = rest.dropFirst(count)
                }
                return 0
            }
        }

        private func uninterrupted(_ call: () -> Int32) -> Int32 {
            while true {
                let status = call()
                if status != -EINTR { return status }
            }
        }
    }
}
