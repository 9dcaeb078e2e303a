import Foundation
import Glibc
import Phidias
import Testing

/// The records that TensorBoard reads. Whether it understands them is for `tools/check-tensorboard`.
@Suite struct EventFileTests {
    final class Folder {
        let path = NSTemporaryDirectory() + "phidias-events-\(UUID().uuidString)"
        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func bytes(_ file: EventFile) throws -> [UInt8] {
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path)))
        }
    }

    private static func message(_ text: String) -> ProtobufMessage {
        var message = ProtobufMessage()
        message.add(3, text: text)
        return message
    }

    /// Check values of CRC-32C: of the catalogue of CRCs, and of RFC 3720, B.4.
    @Test func checksumsAreThoseOfTheStandard() {
        #expect(EventFile.crc32c(Array("123456789".utf8)) == 0xe306_9283)
        #expect(EventFile.crc32c([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(EventFile.crc32c([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
        #expect(EventFile.crc32c([]) == 0)
    }

    @Test func aRecordHasLengthAndChecksums() {
        let record = EventFile.record([1, 2, 3])
        #expect(record.count == 8 + 4 + 3 + 4)
        #expect(record.prefix(8) == [3, 0, 0, 0, 0, 0, 0, 0])
        #expect(record[12..<15] == [1, 2, 3])
        let sums = [record[8..<12], record[15..<19]].map {
            $0.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for (sum, bytes) in zip(sums, [[3, 0, 0, 0, 0, 0, 0, 0], [1, 2, 3]] as [[UInt8]]) {
            // Unmasked: the constant is taken away, and the halves are turned back.
            let turned = sum &- 0xa282_ead8
            #expect(turned << 15 | turned >> 17 == EventFile.crc32c(bytes))
        }
    }

    @Test func laterFilesHaveLaterNames() throws {
        let folder = try Folder()
        var names: [String] = []
        for _ in 0..<3 { names.append(try EventFile(in: folder.path).path) }
        #expect(names == names.sorted() && Set(names).count == 3)
        // A clock that was ahead.
        let future = "\(folder.path)/events.out.tfevents.9999999998.other"
        try Data().write(to: URL(fileURLWithPath: future))
        #expect(try EventFile(in: folder.path).path > future)
        let strange = "\(folder.path)/events.out.tfevents.\(Int.max).other"
        try Data().write(to: URL(fileURLWithPath: strange))
        _ = try EventFile(in: folder.path)
    }

    @Test func aFullDiskLeavesWholeRecords() throws {
        let folder = try Folder()
        var operations = DurableFile.Operations.system
        let write = operations.write
        // Five bytes fit, and then nothing.
        operations.write = { file, bytes in
            let isLong = bytes.count > 40
            guard !isLong || bytes.count == 56 else { return -Int(ENOSPC) }
            return isLong
                ? write(file, UnsafeRawBufferPointer(rebasing: bytes[..<5])) : write(file, bytes)
        }
        let file = try EventFile(in: folder.path, operations: operations)
        try file.append(Self.message("first"))
        #expect(throws: FileError.self) {
            try file.append(Self.message(String(repeating: "x", count: 38)))
        }
        try file.append(Self.message("last"))
        let expected =
            EventFile.record(Self.message("first").bytes)
            + EventFile.record(Self.message("last").bytes)
        let found = try folder.bytes(file)
        #expect(found.prefix(expected.count / 2) == expected.prefix(expected.count / 2))
        #expect(found == expected)
    }

    @Test func aFolderThatIsGoneIsTold() throws {
        #expect(throws: FileError.self) { try EventFile(in: "/nowhere/at/all") }
    }
}
