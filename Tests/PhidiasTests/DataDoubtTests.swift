import Foundation
import Phidias
import Testing

/// Labels that look like mistakes, and those that are refused.
@Suite struct DataDoubtTests {
    /// As many images as labels, of one pixel.
    static func pair(_ labels: [UInt8], classes: Int, names: [String]? = nil) throws -> DataPair {
        let data = try Dataset(
            images: labels, labels: labels, rows: 1, columns: 1, classes: classes,
            classNames: names)
        return DataPair(training: data, test: data, checksums: [:])
    }

    static func labels(_ counts: [Int]) -> [UInt8] {
        counts.enumerated().flatMap { [UInt8](repeating: UInt8($0), count: $1) }
    }

    @Test func oneDamagedByteIsTold() throws {
        let scratch = try Scratch()
        let labels = (0..<1000).map { UInt8($0 % 10) }
        try Self.pair(labels, classes: 10).write(to: scratch.path)
        #expect(try DataPair(directory: scratch.path).doubts.isEmpty)
        let file = scratch.path + "/train-labels-idx1-ubyte"
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        bytes[8 + 321] = 200
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        let pair = try DataPair(directory: scratch.path)
        #expect(pair.training.classes == 201)
        #expect(
            pair.doubts == [
                .empty(path: file, count: 190, shown: "10 to 199"),
                .rare(path: file, byte: 329, label: 200, name: nil, images: 1, usual: 100),
            ])
        #expect(
            pair.doubts[1].description
                == "\(file): byte 329: class 200 has one image, where others have about 100: is the label right?"
        )
        let error = DataError.labelByte(path: file, byte: 329, label: 200, classes: 10)
        #expect(throws: error) { try DataPair(directory: scratch.path, classes: 10) }
        #expect(error.description.contains("byte 329: the label of image 321 is 200, outside"))
        #expect(try DataPair(directory: scratch.path, classes: 256).training.classes == 256)
        for count in [-1, 0, 257, Int.max] {
            let error = #expect(throws: DataError.self) {
                try DataPair(directory: scratch.path, classes: count)
            }
            #expect(error?.exitCode == 64)
        }
    }

    @Test func namesGoBeforeNumbers() throws {
        let pair = try Self.pair(
            Self.labels([50, 0, 1, 50]), classes: 4, names: ["a", "b", "c", "d"])
        #expect(
            pair.doubts.map(\.description) == [
                "The training images: class 'b' has no training image.",
                "The training images: class 2, 'c', has one image, where others have about 50: is the label right?",
            ])
        let scratch = try Scratch()
        try pair.write(to: scratch.path)
        #expect(throws: DataError.self) { try DataPair(directory: scratch.path, classes: 5) }
        #expect(try DataPair(directory: scratch.path, classes: 4).training.classes == 4)
    }

    /// Numbers of images of each class, and the classes that are doubted.
    static let cases: [([Int], [Int])] = [
        ([1, 1, 1], []), ([2, 19, 19], []), ([2, 20, 20], [0]), ([3, 20, 20], []),
        ([3, 151, 151], [0]), ([4, 200, 200], []), ([5, 1, 400, 400, 400], [0, 1]),
    ]

    @Test(arguments: cases.indices) func fewMeansLessThanAFiftieth(index: Int) throws {
        let (counts, rare) = Self.cases[index]
        let doubts = try Self.pair(Self.labels(counts), classes: counts.count).doubts
        let found: [Int] = doubts.compactMap {
            if case .rare(_, _, let label, _, _, _) = $0 { label } else { nil }
        }
        #expect(found == rare && found.count == doubts.count)
    }

    @Test func listsHaveAnEnd() throws {
        let counts = (0..<256).map { $0 % 2 == 0 ? 0 : $0 < 100 ? 1 : 100 }
        let doubts = try Self.pair(Self.labels(counts), classes: 256).doubts
        #expect(doubts.count == 7)
        #expect(
            doubts.first?.description
                == "The training images: 128 classes without a training image: 0, 2, 4, 6, 8 ….")
        #expect(doubts.last == .more(path: "The training images", count: 45))
    }
}
