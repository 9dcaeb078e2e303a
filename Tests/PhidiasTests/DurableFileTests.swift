import Foundation
import Phidias
import Synchronization
import Testing

extension Scratch {
    /// What is in the folder, sorted.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    func text(_ name: String) -> String? {
        try? String(contentsOfFile: path + "/" + name, encoding: .utf8)
    }
}

@Suite struct DurableFileTests {
    @Test func aFolderIsLockedOnce() throws {
        let scratch = try Scratch()
        let lock = try FolderLock(scratch.path)
        #expect(throws: FileError.inUse(path: scratch.path)) { try FolderLock(scratch.path) }
        #expect(throws: FileError.self) { try FolderLock(scratch.path + "/missing") }
        withExtendedLifetime(lock) {}
    }

    static let old = "the old content"
    static let new = Array("the new content, which is longer".utf8)

    /// Counts calls, so that one of them can be made to fail.
    final class Counter: Sendable {
        private let count = Mutex(0)
        func next() -> Int {
            count.withLock {
                $0 += 1
                return $0
            }
        }
    }

    /// What fails, as what it is reported, and whether the new content is in place by then.
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var exitCode: Int32
        var message: String
        var isInPlace = false
        var inject: @Sendable (inout DurableFile.Operations) -> Void
        var testDescription: String { name }
    }

    static let faults: [Fault] = [
        Fault(name: "opening the folder", exitCode: 73, message: "Permission denied") {
            let open = $0.open
            $0.open = { $1 & O_DIRECTORY != 0 ? -EACCES : open($0, $1) }
        },
        Fault(name: "creating", exitCode: 73, message: "Read-only") {
            let open = $0.open
            $0.open = { $1 & O_CREAT != 0 ? -EROFS : open($0, $1) }
        },
        Fault(name: "creating without space", exitCode: 74, message: "disk full") {
            let open = $0.open
            $0.open = { $1 & O_CREAT != 0 ? -ENOSPC : open($0, $1) }
        },
        Fault(name: "creating, every name taken", exitCode: 73, message: "exists") {
            let open = $0.open
            $0.open = { $1 & O_CREAT != 0 ? -EEXIST : open($0, $1) }
        },
        Fault(name: "writing without space", exitCode: 74, message: "disk full") {
            $0.write = { _, _ in -Int(ENOSPC) }
        },
        Fault(name: "writing without quota", exitCode: 74, message: "quota") {
            $0.write = { _, _ in -Int(EDQUOT) }
        },
        Fault(name: "writing the second part", exitCode: 74, message: "Input/output error") {
            let (write, counter) = ($0.write, Counter())
            $0.write = {
                counter.next() == 1
                    ? write($0, UnsafeRawBufferPointer(rebasing: $1[..<5])) : -Int(EIO)
            }
        },
        Fault(name: "writing nothing", exitCode: 74, message: "Input/output error") {
            $0.write = { _, _ in 0 }
        },
        Fault(name: "syncing", exitCode: 74, message: "syncing failed") {
            $0.sync = { _ in -EIO }
        },
        // A file system that can't sync files is no place for them; for folders it is normal.
        Fault(name: "syncing, not supported", exitCode: 74, message: "Invalid argument") {
            $0.sync = { _ in -EINVAL }
        },
        Fault(name: "closing", exitCode: 74, message: "closing failed") {
            let close = $0.close
            $0.close = {
                _ = close($0)
                return -EIO
            }
        },
        Fault(name: "renaming", exitCode: 73, message: "renaming the temporary file") {
            $0.rename = { _, _ in -EPERM }
        },
        Fault(name: "syncing the folder", exitCode: 74, message: "its folder", isInPlace: true) {
            let (sync, counter) = ($0.sync, Counter())
            $0.sync = { counter.next() == 1 ? sync($0) : -EIO }
        },
    ]

    @Test(arguments: faults, [true, false])
    func faultsLeaveTheOldFileAndNoOther(fault: Fault, exists: Bool) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/file"
        if exists { _ = try scratch.file("file", Array(Self.old.utf8)) }
        var operations = DurableFile.Operations.system
        fault.inject(&operations)
        let error = #expect(throws: FileError.self) {
            try DurableFile.write(Self.new, to: path, operations: operations)
        }
        let message = error?.description ?? ""
        #expect(message.hasPrefix(path + ": "))
        #expect(message.contains(fault.message), "\(message)")
        #expect(error?.exitCode == fault.exitCode)
        let expected = fault.isInPlace ? String(decoding: Self.new, as: UTF8.self) : Self.old
        #expect(try scratch.names == (exists || fault.isInPlace ? ["file"] : []))
        #expect(scratch.text("file") == (exists || fault.isInPlace ? expected : nil))
    }

    @Test func aFileIsWrittenAndReplaced() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/file"
        for content in [Array(Self.old.utf8), Self.new, []] {
            try DurableFile.write(content, to: path)
            #expect(try FileBytes.read(path, limit: 100) == content)
        }
        #expect(try scratch.names == ["file"])
    }

    @Test func stepsComeInOrderAndTheOldFileStaysUntilTheRename() throws {
        let scratch = try Scratch()
        let path = try scratch.file("file", Array(Self.old.utf8))
        let log = Mutex<[String]>([])
        @Sendable func note(_ step: String) {
            let content = (try? String(contentsOfFile: path, encoding: .utf8)) ?? "none"
            log.withLock { $0.append(step + (content == Self.old ? "" : "*")) }
        }
        let system = DurableFile.Operations.system
        var operations = system
        operations.open = {
            note($1 & O_DIRECTORY != 0 ? "open folder" : "create")
            return system.open($0, $1)
        }
        operations.write = {
            note("write")
            return system.write($0, UnsafeRawBufferPointer(rebasing: $1.prefix(20)))
        }
        operations.sync = {
            note("sync")
            return system.sync($0)
        }
        operations.close = {
            note("close")
            return system.close($0)
        }
        operations.rename = {
            note("rename")
            return system.rename($0, $1)
        }
        operations.remove = {
            note("remove")
            return system.remove($0)
        }
        try DurableFile.write(Self.new, to: path, operations: operations)
        #expect(
            log.withLock { $0 } == [
                "open folder", "create", "write", "write", "sync", "close", "rename", "sync*",
                "close*",
            ])
    }

    @Test func interruptionsAndShortWritesAreNoFaults() throws {
        let scratch = try Scratch()
        let system = DurableFile.Operations.system
        var operations = system
        let counter = Counter()
        operations.open = { counter.next() % 2 == 1 ? -EINTR : system.open($0, $1) }
        operations.write = {
            counter.next() % 2 == 1
                ? -Int(EINTR) : system.write($0, UnsafeRawBufferPointer(rebasing: $1.prefix(1)))
        }
        operations.sync = { counter.next() % 2 == 1 ? -EINTR : system.sync($0) }
        operations.close = {
            _ = system.close($0)
            return -EINTR
        }
        try DurableFile.write(Self.new, to: scratch.path + "/file", operations: operations)
        #expect(scratch.text("file") == String(decoding: Self.new, as: UTF8.self))
        #expect(try scratch.names == ["file"])
    }

    @Test func foldersThatCannotBeSyncedAreNoFault() throws {
        let scratch = try Scratch()
        var operations = DurableFile.Operations.system
        let (sync, counter) = (operations.sync, Counter())
        operations.sync = { counter.next() == 1 ? sync($0) : -EINVAL }
        try DurableFile.write(Self.new, to: scratch.path + "/file", operations: operations)
    }

    @Test func theModeIsAnyFiles() throws {
        let scratch = try Scratch()
        try DurableFile.write(Self.new, to: scratch.path + "/file")
        func mode(_ name: String) throws -> Int? {
            let path = scratch.path + "/" + name
            return try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        let mask = umask(0)
        umask(mask)
        #expect(try mode("file") == Int(0o666 & ~mask))
    }

    @Test func theLongestNameIsAllowed() throws {
        let scratch = try Scratch()
        let name = String(repeating: "n", count: 255)
        try DurableFile.write(Self.new, to: scratch.path + "/" + name)
        #expect(try scratch.names == [name])
    }

    @Test func linksAreFollowed() throws {
        let scratch = try Scratch()
        let target = try scratch.file("target", Array(Self.old.utf8))
        let link = scratch.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        try DurableFile.write(Self.new, to: link)
        #expect(scratch.text("target") == String(decoding: Self.new, as: UTF8.self))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
        try FileManager.default.removeItem(atPath: target)
        #expect(throws: FileError.self) { try DurableFile.write(Self.new, to: link) }
        #expect(try scratch.names == ["link"])
    }

    @Test func whatIsNoFileIsNotReplaced() throws {
        let scratch = try Scratch()
        mkfifo(scratch.path + "/pipe", 0o600)
        for path in [scratch.path, scratch.path + "/", "/dev/null", scratch.path + "/pipe", ""] {
            let error = #expect(throws: FileError.self, "\(path)") {
                try DurableFile.write(Self.new, to: path)
            }
            #expect(error?.exitCode == 73)
        }
        #expect(throws: FileError.self) {
            try DurableFile.write(Self.new, to: scratch.path + "/none/file")
        }
        #expect(try scratch.names == ["pipe"])
    }
}

@Suite struct MakeDirectoryTests {
    @Test func foldersOnTheWayAreMade() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a//b/./c/"
        try DurableFile.makeDirectory(path)
        try DurableFile.makeDirectory(path)
        var isFolder: ObjCBool = false
        #expect(
            FileManager.default.fileExists(atPath: scratch.path + "/a/b/c", isDirectory: &isFolder))
        #expect(isFolder.boolValue)
        try DurableFile.makeDirectory("/")
        try DurableFile.makeDirectory(".")
    }

    @Test func filesInTheWayAreErrors() throws {
        let scratch = try Scratch()
        let file = try scratch.file("file", [1])
        for path in [file, file + "/below"] {
            #expect(
                throws: FileError.cannotReplace(path: file, reason: "it is a file, not a folder")
            ) {
                try DurableFile.makeDirectory(path)
            }
        }
        #expect(throws: FileError.self) { try DurableFile.makeDirectory("") }
        #expect(throws: FileError.self) { try DurableFile.makeDirectory("/proc/none/such") }
        #expect(scratch.text("file") == "\u{1}")
    }

    @Test func lackOfSpaceIsSaid() throws {
        let scratch = try Scratch()
        var operations = DurableFile.Operations.system
        operations.makeFolder = { _ in -ENOSPC }
        let path = scratch.path + "/a"
        let error = #expect(throws: FileError.self) {
            try DurableFile.makeDirectory(path + "/b", operations: operations)
        }
        #expect(error == .cannotCreate(path: path, operation: "making the folder", code: ENOSPC))
        #expect(error?.exitCode == 74)
        #expect(error?.description.contains("disk full") == true)
    }
}

@Suite struct LineLogTests {
    @Test func linesAreThereAtOnce() throws {
        let scratch = try Scratch()
        let log = try LineLog(path: scratch.path + "/log")
        #expect(scratch.text("log") == "")
        try log.append("one")
        #expect(scratch.text("log") == "one\n")
        try log.append("zwei φ")
        #expect(scratch.text("log") == "one\nzwei φ\n")
        log.close()
        log.close()
    }

    @Test(arguments: [(0, "new\n"), (4, "one\nnew\n"), (100, "one\ntwo\nnew\n")])
    func whatIsKeptIsKept(keeping: Int, content: String) throws {
        let scratch = try Scratch()
        let path = try scratch.file("log", Array("one\ntwo\n".utf8))
        try LineLog(path: path, keeping: keeping).append("new")
        #expect(scratch.text("log") == content)
    }

    @Test func appendingWithoutALog() throws {
        let scratch = try Scratch()
        try DurableFile.append(line: "one", to: scratch.path + "/log")
        try DurableFile.append(line: "two", to: scratch.path + "/log")
        #expect(scratch.text("log") == "one\ntwo\n")
    }

    @Test(arguments: [true, false]) func aFailedLineLeavesNoPart(inSync: Bool) throws {
        let scratch = try Scratch()
        let isFull = Mutex(false)
        let system = DurableFile.Operations.system
        var operations = system
        operations.write = { file, bytes in
            guard isFull.withLock({ $0 }), !inSync else { return system.write(file, bytes) }
            // As a disk does that has room for three more bytes.
            return bytes.count <= 3 || bytes.first != UInt8(ascii: "l")
                ? -Int(ENOSPC) : system.write(file, UnsafeRawBufferPointer(rebasing: bytes[..<3]))
        }
        operations.sync = { isFull.withLock { $0 } && inSync ? -EIO : system.sync($0) }
        let path = scratch.path + "/log"
        let log = try LineLog(path: path, operations: operations)
        try log.append("first")
        isFull.withLock { $0 = true }
        let error = #expect(throws: FileError.self) { try log.append("lost line") }
        #expect(error?.exitCode == 74)
        #expect(error?.description.hasPrefix(path) == true)
        #expect(scratch.text("log") == "first\n")
        isFull.withLock { $0 = false }
        try log.append("last")
        #expect(scratch.text("log") == "first\nlast\n")
    }

    @Test func impossibleLogsAreErrors() throws {
        let scratch = try Scratch()
        for path in [scratch.path, "/dev/null", scratch.path + "/none/log"] {
            let error = #expect(throws: FileError.self) { try LineLog(path: path) }
            #expect(error?.exitCode == 73)
        }
        var operations = DurableFile.Operations.system
        operations.truncate = { _, _ in -EIO }
        #expect(throws: FileError.self) {
            try LineLog(path: scratch.path + "/log", operations: operations)
        }
    }
}
