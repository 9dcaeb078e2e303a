import Foundation
import Phidias
import Testing

/// Files that are replaced in one step, and what a process that died on the way leaves.
@Suite struct FolderSwitchTests {
    /// A folder with old files, one of which has no successor, and somebody's own.
    struct Bench {
        let folder = FileManager.default.temporaryDirectory.path + "/switch-" + UUID().uuidString

        init() throws {
            try write("a", "old a")
            try write("b", "old b")
            try write("parts/1", "old 1")
            try write("parts/2", "old 2")
            try write("parts/own", "own")
        }

        func write(_ name: String, _ text: String) throws {
            let url = URL(fileURLWithPath: "\(folder)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: url, atomically: false, encoding: .utf8)
        }

        func fill(_ root: String) throws {
            for name in ["a", "c", "parts/1"] { try write("\(root)/\(name)", "new \(name)") }
        }

        /// All files but folders, with their contents.
        var files: [String: String] {
            get throws {
                var files: [String: String] = [:]
                for case let name as String in try #require(
                    FileManager.default.enumerator(atPath: folder))
                {
                    files[name] = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
                }
                return files
            }
        }
    }

    static let old = ["a", "b", "parts/1", "parts/2"]
    static let after = ["a": "new a", "c": "new c", "parts/1": "new parts/1", "parts/own": "own"]

    @Test func theNewFilesTakeThePlaceOfTheOldOnes() throws {
        let bench = try Bench()
        let new = try FolderSwitch(bench.folder)
        try bench.fill(".phidias-new")
        #expect(try bench.files["a"] == "old a")
        try new.take(removing: Self.old)
        #expect(try bench.files == Self.after)
    }

    @Test func whatWasNeverDecidedGoes() throws {
        let bench = try Bench()
        let before = try bench.files
        try bench.fill(".phidias-new")
        try FolderSwitch.settleToRead(bench.folder)
        #expect(try bench.files == before)
        #expect(!FileManager.default.fileExists(atPath: bench.folder + "/.phidias-new"))
    }

    /// Every prefix of the removals, then every prefix of the moves.
    @Test(arguments: 0...8) func whatWasDecidedIsDone(step: Int) throws {
        let bench = try Bench()
        let isMoving = step > 4
        let place = isMoving ? ".phidias-arrives" : ".phidias-replaces"
        try bench.fill(place)
        try bench.write("\(place)/removes", Self.old.joined(separator: "\n") + "\n")
        for name in isMoving ? Self.old : Array(Self.old.prefix(step)) {
            try FileManager.default.removeItem(atPath: "\(bench.folder)/\(name)")
        }
        if isMoving {
            for name in ["a", "c", "parts/1"].prefix(step - 5) {
                try FileManager.default.moveItem(
                    atPath: "\(bench.folder)/\(place)/\(name)", toPath: "\(bench.folder)/\(name)")
            }
        }
        try FolderSwitch.settleToRead(bench.folder)
        #expect(try bench.files == Self.after)
        #expect(!FileManager.default.fileExists(atPath: "\(bench.folder)/\(place)"))
    }

    @Test(arguments: ["a", "parts", "parts/1"]) func whatIsInTheWayIsToldBefore(name: String) throws
    {
        let bench = try Bench()
        let place = "\(bench.folder)/\(name)"
        try FileManager.default.removeItem(atPath: place)
        if name == "parts" {
            try bench.write(name, "a file")
        } else {
            try FileManager.default.createDirectory(
                atPath: place + "/inner", withIntermediateDirectories: true)
        }
        let before = try bench.files
        let new = try FolderSwitch(bench.folder)
        try bench.fill(".phidias-new")
        #expect(throws: FileError.self) { try new.take(removing: Self.old) }
        #expect(try bench.files == before)
    }

    /// A folder may come from anywhere.
    @Test func nothingOutsideTheFolderIsRemoved() throws {
        let bench = try Bench()
        let outside = bench.folder + "-outside"
        try "mine".write(toFile: outside, atomically: false, encoding: .utf8)
        let name = URL(fileURLWithPath: outside).lastPathComponent
        try bench.write(
            ".phidias-replaces/removes", "../\(name)\n\(outside)\nparts/../../\(name)\nb\n")
        try FolderSwitch.settleToRead(bench.folder)
        #expect(FileManager.default.fileExists(atPath: outside))
        #expect(try bench.files["b"] == nil)
    }

    @Test func aDataSetIsReplacedWhole() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/data-" + UUID().uuidString
        let (a, b) = (
            try SyntheticDigits.pair(training: 30, test: 10, seed: 1),
            try SyntheticDigits.pair(training: 20, test: 10, seed: 2)
        )
        try a.write(to: folder)
        #expect(throws: DataError.self) { try b.write(to: folder) }
        try b.write(to: folder, replacing: true)
        #expect(try DataPair(directory: folder).training.images == b.training.images)
        // Killed after the step, with one file moved.
        try a.write(to: folder, replacing: true)
        let waiting = folder + "/.phidias-arrives"
        try FileManager.default.createDirectory(atPath: waiting, withIntermediateDirectories: true)
        let names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]
        for name in names {
            try FileManager.default.moveItem(
                atPath: "\(folder)/\(name)", toPath: "\(waiting)/\(name)")
        }
        #expect(try DataPair(directory: folder).training.images == a.training.images)
    }
}
