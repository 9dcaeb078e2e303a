import Phidias
import Testing

/// Stratified folds and subsets.
@Suite struct FoldTests {
    /// 103 images: 40, 33, 30 of three classes, in a mixed order.
    static let data: Dataset = {
        var left = [40, 33, 30], labels: [UInt8] = []
        while labels.count < 103 {
            let label = (labels.count * 7 + labels.count / 5) % 3
            let chosen = (0..<3).map { (label + $0) % 3 }.first { left[$0] > 0 }
            guard let chosen else { break }
            left[chosen] -= 1
            labels.append(UInt8(chosen))
        }
        do {
            return try Dataset(
                images: labels.indices.map { UInt8($0) }, labels: labels, rows: 1, columns: 1,
                classes: 3)
        } catch { fatalError("\(error)") }
    }()

    @Test(arguments: [2, 3, 10, 30]) func everyFoldHasItsShareOfEveryClass(count: Int) throws {
        let data = Self.data
        let folds = try data.stratifiedFolds(count, of: Array(0..<103), seed: 4)
        #expect(Set(folds) == Set(0..<count))
        func isEven(_ sizes: [Int]) -> Bool { (sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1 }
        #expect(isEven((0..<count).map { fold in folds.count { $0 == fold } }))
        for label in 0..<3 {
            let sizes = (0..<count).map { fold in
                folds.indices.count { folds[$0] == fold && Int(data.labels[$0]) == label }
            }
            #expect(isEven(sizes), "class \(label): \(sizes)")
        }
    }

    @Test func theSeedDecides() throws {
        let data = Self.data, all = Array(0..<103)
        let folds = try data.stratifiedFolds(5, of: all, seed: 1)
        #expect(try data.stratifiedFolds(5, of: all, seed: 1) == folds)
        #expect(try data.stratifiedFolds(5, of: all, seed: 2) != folds)
        let half = try data.stratifiedSubset(fraction: 0.5, seed: 1)
        #expect(try data.stratifiedSubset(fraction: 0.5, seed: 1) == half)
        #expect(try data.stratifiedSubset(fraction: 0.5, seed: 2) != half)
        // Another choice than that of validation, though of the same seed.
        #expect(try data.stratifiedIndices(fraction: 0.5, seed: 1).validation != half)
    }

    @Test func aSubsetHasItsShareOfEveryClassInOrder() throws {
        let data = Self.data
        let half = try data.stratifiedSubset(fraction: 0.5, seed: 9)
        #expect(half == half.sorted() && Set(half).count == half.count)
        let counts = (0..<3).map { label in half.count { Int(data.labels[$0]) == label } }
        #expect(counts == [20, 17, 15])
        // Folds of a subset know only its images.
        let folds = try data.stratifiedFolds(5, of: half, seed: 9)
        #expect(folds.count == half.count)
    }

    @Test func impossibleFoldsAreErrors() {
        #expect(throws: DataError.folds(1, label: nil, images: 103)) {
            try Self.data.stratifiedFolds(1, of: Array(0..<103), seed: 1)
        }
        #expect(throws: DataError.folds(31, label: 2, images: 30)) {
            try Self.data.stratifiedFolds(31, of: Array(0..<103), seed: 1)
        }
    }

    /// Results that others have written down depend on them. From a program of its own in Python.
    @Test func theFoldsAreThoseOfBefore() throws {
        let folds = try Self.data.stratifiedFolds(5, of: Array(0..<30), seed: 1)
        #expect(
            folds == [
                3, 4, 3, 1, 1, 2, 2, 1, 0, 3, 4, 0, 4, 1, 3, 0, 0, 2, 2, 4, 4, 3, 0, 0, 2, 1, 2, 4,
                3, 1,
            ])
    }
}
