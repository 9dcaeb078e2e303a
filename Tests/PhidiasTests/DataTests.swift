import Foundation
import Phidias
import Testing

/// A folder that is gone after the test.
final class Scratch {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "phidias-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

/// Compressed by the gzip program.
func gzip(_ path: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-k", path]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return path + ".gz"
}

@Suite struct IDXTests {
    /// Three images of 2 × 2.
    static let goodBytes: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2] + (1...12)
    let good: IDXFile

    init() throws {
        good = try IDXFile(dimensions: [3, 2, 2], elements: (1...12).map { UInt8($0) })
    }

    @Test func roundTripPlainAndCompressed() throws {
        let scratch = try Scratch()
        #expect(good.bytes == Self.goodBytes)
        let plain = try scratch.file("a", good.bytes)
        #expect(try IDXFile(path: plain) == good)
        // By content, not by name.
        let packed = try gzip(plain)
        let renamed = scratch.path + "/noname"
        try FileManager.default.moveItem(atPath: packed, toPath: renamed)
        #expect(try IDXFile(path: renamed) == good)
    }

    /// Name, bytes, and what the message must name.
    static let bad: [(String, [UInt8], String)] = [
        ("empty", [], "byte 0"),
        ("short magic", [0, 0], "byte 0"),
        ("magic", [1, 2, 3, 4, 5, 6, 7, 8], "byte 0"),
        ("dtype", [0, 0, 0x0a, 1, 0, 0, 0, 1, 9], "byte 0"),
        ("no dimensions", [0, 0, 8, 0], "byte 0"),
        ("header", [0, 0, 8, 3, 0, 0, 0, 1], "byte 8"),
        ("truncated", Array(goodBytes.dropLast()), "byte 27"),
        ("oversized", goodBytes + [1], "byte 28"),
        ("huge", [0, 0, 8, 2, 0x7f, 255, 255, 255, 0x7f, 255, 255, 255], "byte 4"),
        ("large claim", [0, 0, 8, 1, 0x3f, 255, 255, 255], "promises 1073741831"),
        ("overflow", [0, 0, 8, 4] + [UInt8](repeating: 255, count: 16), "byte 4"),
    ]

    @Test(arguments: bad.indices)
    func badFilesAreErrorsThatNameTheByte(index: Int) throws {
        let (name, bytes, part) = Self.bad[index]
        let scratch = try Scratch()
        let plain = try scratch.file("f", bytes)
        for path in [plain, try gzip(plain)] {
            let error = #expect(throws: DataError.self, "\(name)") { try IDXFile(path: path) }
            #expect(error?.exitCode == 65)
            #expect(error?.description.contains(path) == true)
            if path == plain { #expect(error?.description.contains(part) == true, "\(error!)") }
        }
    }

    @Test func damagedGzipIsAnError() throws {
        let scratch = try Scratch()
        let noise = try IDXFile(
            dimensions: [4000],
            elements: (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) })
        let packed = try gzip(try scratch.file("a", noise.bytes))
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: packed)))
        for place in [2, bytes.count / 2, bytes.count - 6, bytes.count - 1] {
            var damaged = bytes
            damaged[place] ^= 0x55
            let path = try scratch.file("damaged", damaged)
            #expect(throws: DataError.self, "byte \(place)") { try IDXFile(path: path) }
        }
        for length in [3, bytes.count / 2, bytes.count - 1] {
            let path = try scratch.file("cut", Array(bytes.prefix(length)))
            #expect(throws: DataError.self, "cut at \(length)") { try IDXFile(path: path) }
        }
    }

    @Test func gzipMembersAreJoinedAndNothingMayFollow() throws {
        let scratch = try Scratch()
        var joined: [UInt8] = []
        for (index, byte) in good.bytes.enumerated() {
            let member = try gzip(try scratch.file("m\(index)", [byte]))
            joined += [UInt8](try Data(contentsOf: URL(fileURLWithPath: member)))
        }
        #expect(try IDXFile(path: try scratch.file("joined", joined)) == good)
        for rest in [[0], Array("garbage".utf8)] as [[UInt8]] {
            let path = try scratch.file("more", joined + rest)
            #expect(
                throws: DataError.gzip(
                    path: path, byte: joined.count, reason: "something else follows its end")
            ) { try IDXFile(path: path) }
        }
    }

    @Test func whatIsNoFileIsAnError() throws {
        let scratch = try Scratch()
        for path in [scratch.path, scratch.path + "/none", "/dev/zero"] {
            let error = #expect(throws: DataError.self) { try IDXFile(path: path) }
            #expect(error?.exitCode == 66)
        }
    }
}

@Suite struct DatasetTests {
    @Test func countsAndLabelsAreChecked() {
        #expect(throws: DataError.counts(path: "The data set", images: 2, labels: 3)) {
            try Dataset(images: [1, 2], labels: [0, 1, 0], rows: 1, columns: 1, classes: 2)
        }
        #expect(throws: DataError.label(path: "The data set", index: 1, label: 2, classes: 2)) {
            try Dataset(images: [1, 2], labels: [0, 2], rows: 1, columns: 1, classes: 2)
        }
    }

    @Test func stratifiedSplitIsAPartitionWithEqualShares() throws {
        let data = try SyntheticDigits.dataset(count: 1000, seed: 1)
        let parts = try data.stratifiedIndices(fraction: 0.2, seed: 7)
        #expect((parts.training + parts.validation).sorted() == Array(0..<1000))
        for label in 0..<10 {
            #expect(parts.validation.filter { data.labels[$0] == label }.count == 20)
        }
        #expect(parts.validation != (try data.stratifiedIndices(fraction: 0.2, seed: 8)).validation)
        #expect(parts.validation == (try data.stratifiedIndices(fraction: 0.2, seed: 7)).validation)
        for fraction in [0, 1, -1, Double.nan] {
            #expect(throws: DataError.self) {
                try data.stratifiedSplit(fraction: fraction, seed: 1)
            }
        }
        // 100 images a class: both parts get some of each, or the share is refused.
        for fraction in [0.004, 0.996] {
            #expect(throws: DataError.share(fraction, label: 0, images: 100)) {
                try data.stratifiedSplit(fraction: fraction, seed: 1)
            }
        }
        for fraction in [0.006, 0.994] {
            #expect(throws: Never.self) { try data.stratifiedSplit(fraction: fraction, seed: 1) }
        }
    }

    @Test func syntheticDigitsArePinnedAndDoNotDependOnTheirNumber() throws {
        let many = try SyntheticDigits.dataset(count: 1000, seed: 1)
        let few = try SyntheticDigits.dataset(count: 100, seed: 1)
        #expect(Array(many.images.prefix(few.images.count)) == few.images)
        #expect(
            Checksum.sha256(few.images)
                == "a48dbf41cfc515e3ac79db1f213465f97e03c927ecb6c9ddd934cb055996e9ad")
        #expect(try SyntheticDigits.dataset(count: 100, seed: 2).images != few.images)
        for (training, test) in [(0, 1), (-1, 1), (1_000_001, 1), (1_000_000, 0), (1, .max)] {
            #expect(throws: DataError.self) {
                try SyntheticDigits.pair(training: training, test: test, seed: 1)
            }
        }
        let pair = try SyntheticDigits.pair(training: 10, test: 10, seed: 1)
        #expect(pair.training.images != pair.test.images)
    }
}
