import Glibc
import Synchronization

/// A file of events that TensorBoard reads while it grows: records of protocol buffers, each with
/// its length and two checksums. Nothing of it is synced: it is a view of what is kept elsewhere.
package final class EventFile: Sendable {
    /// The file.
    package let path: String
    private let operations: DurableFile.Operations
    /// The descriptor and the bytes of whole records.
    private let state: Mutex<(file: Int32, length: Int)>

    /// Makes a new file in a folder, which readers take for later than all that are there: names
    /// have the seconds since 1970, or one more than the last one's.
    /// - Throws: `FileError`.
    package init(
        in folder: String, operations: DurableFile.Operations = .system
    ) throws(FileError) {
        let names = (try? FolderListing.names(folder)) ?? []
        let last = names.compactMap(Self.seconds).max() ?? 0
        let seconds = max(time(nil), last + 1)
        let digits = String(seconds)
        path =
            "\(folder)/\(Self.start)\(String(repeating: "0", count: max(10 - digits.count, 0)))\(digits).phidias"
        let file = operations.openUninterrupted(
            path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC)
        guard file >= 0 else {
            throw .cannotCreate(path: path, operation: "opening it", code: -file)
        }
        self.operations = operations
        state = Mutex((file, 0))
    }

    deinit { state.withLock { _ = operations.close($0.file) } }

    /// Adds a record. After a failure the file has the records that it had before.
    /// - Throws: `FileError`.
    package func append(_ message: ProtobufMessage) throws(FileError) {
        let record = Self.record(message.bytes)
        try state.withLock { state throws(FileError) in
            let failure = operations.writeAll(record, to: state.file)
            guard failure == 0 else {
                _ = operations.truncate(state.file, state.length)
                throw .cannotWrite(path: path, operation: "writing", code: -failure)
            }
            state.length += record.count
        }
    }

    // MARK: - Records

    private static let start = "events.out.tfevents."

    /// The seconds in a file's name; nil for other files.
    private static func seconds(_ name: String) -> Int? {
        guard name.hasPrefix(start) else { return nil }
        return Int(name.dropFirst(start.count).prefix { $0 != "." }).flatMap {
            // A name that would leave no later one says nothing.
            (0..<1 << 40).contains($0) ? $0 : nil
        }
    }

    /// Length, its checksum, the bytes, their checksum.
    package static func record(_ bytes: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(bytes.count))
        return length + littleEndian(checksum(length)) + bytes + littleEndian(checksum(bytes))
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// CRC-32C, rotated and moved by a constant, so that a checksum of data that holds checksums
    /// stays one.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        let sum = crc32c(bytes)
        return (sum >> 15 | sum << 17) &+ 0xa282_ead8
    }

    /// The cyclic redundancy check by Castagnoli's polynomial, bits reversed.
    package static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8
        }
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in
            sum & 1 == 1 ? sum >> 1 ^ 0x82f6_3b78 : sum >> 1
        }
    }
}
