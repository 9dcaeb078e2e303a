import Foundation
import Phidias
import Testing

@Suite struct DataPairTests {
    /// Classes 0, 1, 2 in turn, 2 × 3 pixels.
    static func dataset(_ count: Int, rows: Int = 2) throws -> Dataset {
        try Dataset(
            images: (0..<count * rows * 3).map { UInt8(truncatingIfNeeded: $0) },
            labels: (0..<count).map { UInt8($0 % 3) }, rows: rows, columns: 3, classes: 3)
    }

    static func pair(training: Int, test: Int) throws -> DataPair {
        DataPair(training: try dataset(training), test: try dataset(test), checksums: [:])
    }

    @Test func foldersSurviveWritingAndReading() throws {
        let scratch = try Scratch()
        let written = try Self.pair(training: 9, test: 6)
        try written.write(to: scratch.path)
        let read = try DataPair(directory: scratch.path)
        #expect(read.training.images == written.training.images)
        #expect(read.test.labels == written.test.labels)
        #expect((read.test.rows, read.test.columns, read.test.classes) == (2, 3, 3))
        let labels = try IDXFile(dimensions: [6], elements: written.test.labels)
        #expect(read.checksums["t10k-labels-idx1-ubyte"] == Checksum.sha256(labels.bytes))
        #expect(read.checksums.count == 4)
    }

    @Test func dataIsReplacedOnlyWhenThatIsAsked() throws {
        let scratch = try Scratch()
        try Self.pair(training: 9, test: 6).write(to: scratch.path)
        let error = #expect(throws: DataError.self) {
            try Self.pair(training: 3, test: 3).write(to: scratch.path)
        }
        #expect(error?.exitCode == 73)
        #expect(try DataPair(directory: scratch.path).training.count == 9)
        try Self.pair(training: 3, test: 3).write(to: scratch.path, replacing: true)
        #expect(try DataPair(directory: scratch.path).training.count == 3)
    }

    @Test func aFailedWriteLeavesNoHalfOfAPair() throws {
        let scratch = try Scratch()
        let last = scratch.path + "/t10k-labels-idx1-ubyte"
        try FileManager.default.createDirectory(atPath: last, withIntermediateDirectories: true)
        #expect(throws: FileError.self) {
            try Self.pair(training: 3, test: 3).write(to: scratch.path, replacing: true)
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.path)
                == ["t10k-labels-idx1-ubyte"])
    }

    @Test func testImagesAreReadAlone() throws {
        let scratch = try Scratch()
        try Self.pair(training: 9, test: 6).write(to: scratch.path)
        for name in ["images-idx3", "labels-idx1"] {
            try FileManager.default.removeItem(atPath: "\(scratch.path)/train-\(name)-ubyte")
        }
        #expect(try DataPair.test(directory: scratch.path, classes: 3).count == 6)
        #expect(throws: DataError.self) { try DataPair(directory: scratch.path) }
        let labels = scratch.path + "/t10k-labels-idx1-ubyte"
        #expect(throws: DataError.labelByte(path: labels, byte: 10, label: 2, classes: 2)) {
            try DataPair.test(directory: scratch.path, classes: 2)
        }
    }

    @Test func headersAreComparedBeforeElementsAreRead() throws {
        let scratch = try Scratch()
        try Self.pair(training: 9, test: 6).write(to: scratch.path)
        // A size that the header tells and a hole in place of the elements.
        let path = scratch.path + "/train-images-idx3-ubyte"
        _ = try scratch.file(
            "train-images-idx3-ubyte", [0, 0, 8, 3, 0, 0x10, 0, 0, 0, 0, 0, 32, 0, 0, 0, 32])
        #expect(truncate(path, 16 + 1 << 30) == 0)
        let start = ContinuousClock.now
        #expect(throws: DataError.counts(path: path, images: 1 << 20, labels: 9)) {
            try DataPair(directory: scratch.path)
        }
        #expect(start.duration(to: .now) < .seconds(3))
    }
}
