import Foundation
import Phidias
import PhidiasKernels
import Testing

/// Augmented images against the formulas of CKConvolution.h in double precision.
@Suite struct AugmentationTests {
    private static let seed: UInt64 = 0xfedc_ba98_7654_3210

    /// What one image becomes, and by how much single precision may miss it.
    private struct Oracle {
        let augmentation: Augmentation
        let image: Phidias.ImageShape
        let number: Int
        let epoch: Int

        private func word(_ block: Int, _ place: Int) -> Double {
            let words = CounterRandom.philox(
                counter: [
                    UInt32(block), UInt32(number), UInt32(epoch),
                    CounterRandom.Purpose.augmentation.rawValue,
                ],
                key: [
                    UInt32(truncatingIfNeeded: AugmentationTests.seed),
                    UInt32(AugmentationTests.seed >> 32),
                ])
            return Double(Int32(bitPattern: words[place])) / 0x1p31
        }

        /// The cubic B-spline around 0, from −2 to 2.
        private func spline(_ t: Double) -> Double {
            let a = abs(t)
            if a >= 2 { return 0 }
            return a < 1 ? (4 - 6 * a * a + 3 * a * a * a) / 6 : pow(2 - a, 3) / 6
        }

        /// Where a pixel is read from.
        func position(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
            let columns = (image.columns - 1) / augmentation.elasticSpacing + 4
            let rows = (image.rows - 1) / augmentation.elasticSpacing + 4
            let s = Double(augmentation.elasticSpacing)
            var bend = (x: 0.0, y: 0.0)
            for r in 0..<rows {
                for c in 0..<columns {
                    let weight = spline(y / s - Double(r - 1)) * spline(x / s - Double(c - 1))
                    let p = r * columns + c
                    bend.x += weight * augmentation.elastic * word(1 + p / 2, p % 2 * 2)
                    bend.y += weight * augmentation.elastic * word(1 + p / 2, p % 2 * 2 + 1)
                }
            }
            let middle = (x: Double(image.columns - 1) / 2, y: Double(image.rows - 1) / 2)
            let angle = augmentation.rotation * .pi / 180 * word(0, 2)
            let (dx, dy) = (x - middle.x, y - middle.y)
            return (
                middle.x + cos(angle) * dx + sin(angle) * dy - augmentation.shift * word(0, 0)
                    + bend.x,
                middle.y - sin(angle) * dx + cos(angle) * dy - augmentation.shift * word(0, 1)
                    + bend.y
            )
        }

        func value(_ x: Int, _ y: Int, _ plane: ArraySlice<UInt8>) -> Double {
            func pixel(_ x: Int, _ y: Int) -> Double {
                guard (0..<image.columns).contains(x), (0..<image.rows).contains(y) else {
                    return 0
                }
                return Double(plane[plane.startIndex + y * image.columns + x])
            }
            var at = position(Double(x), Double(y))
            at.x = min(max(at.x, -1), Double(image.columns))
            at.y = min(max(at.y, -1), Double(image.rows))
            let (column, row) = (Int(floor(at.x)), Int(floor(at.y)))
            let (right, down) = (at.x - floor(at.x), at.y - floor(at.y))
            let above = pixel(column, row) * (1 - right) + pixel(column + 1, row) * right
            let below = pixel(column, row + 1) * (1 - right) + pixel(column + 1, row + 1) * right
            return above * (1 - down) + below * down
        }

        /// A position is rounded at most six times at its own size, and its displacement ten times
        /// at that; a pixel away a value is at most 255 away, along each axis, and it is itself
        /// rounded at most eight times.
        var bound: Double {
            let size = Double(image.columns + image.rows) + augmentation.shift
            let position = (6 * size + 16 * augmentation.elastic) * 0x1p-24
            return 255 * (2 * position + 8 * 0x1p-24)
        }
    }

    private static func data(_ shape: Phidias.ImageShape, count: Int) throws -> Dataset {
        let bits = CounterRandom(seed: 5, purpose: .user)
        return try Dataset(
            images: (0..<count * shape.channels * shape.rows * shape.columns).map {
                UInt8(truncatingIfNeeded: bits.bits(UInt64($0)).x)
            },
            labels: [UInt8](repeating: 0, count: count), channels: shape.channels,
            rows: shape.rows, columns: shape.columns, classes: 2)
    }

    static let kinds: [(Double, Double, Double, Int)] = [
        (2.5, 0, 0, 7), (0, 15, 0, 7), (0, 0, 3.4, 7), (0, 180, 0, 7), (40, 0, 0, 7),
        (1.5, 12, 1.2, 3), (1.5, 12, 0.45, 1), (0, 0, 9, 40),
    ]

    @Test(arguments: kinds)
    func imagesFollowTheirFormula(
        shift: Double, rotation: Double, elastic: Double, spacing: Int
    ) throws {
        let augmentation = try Augmentation(
            shift: shift, rotation: rotation, elastic: elastic, elasticSpacing: spacing)
        for shape in [
            Phidias.ImageShape(rows: 28, columns: 28),
            .init(channels: 3, rows: 5, columns: 33), .init(rows: 1, columns: 1),
        ] {
            let data = try Self.data(shape, count: 4)
            let pixels = shape.channels * shape.rows * shape.columns, numbers = [3, 0, 2]
            let images = try augmentation.images(
                of: data, at: numbers, seed: Self.seed, epoch: 7, threads: 2)
            #expect(images.count == 3 * pixels)
            var worst = 0.0
            for (place, number) in numbers.enumerated() {
                let oracle = Oracle(
                    augmentation: augmentation, image: shape, number: number, epoch: 7)
                let size = shape.rows * shape.columns
                for channel in 0..<shape.channels {
                    let start = number * pixels + channel * size
                    let plane = data.images[start..<start + size]
                    for index in 0..<size {
                        let value = oracle.value(
                            index % shape.columns, index / shape.columns, plane)
                        let byte = images[place * pixels + channel * size + index]
                        worst = max(worst, abs(Double(byte) - value) - oracle.bound)
                    }
                }
            }
            #expect(worst <= 0.5, "\(shape), \(augmentation)")
        }
    }

    @Test func anImageDependsOnItsNumberAndEpochAlone() throws {
        let data = try SyntheticDigits.dataset(count: 20, seed: 3)
        let augmentation = try Augmentation(shift: 2, rotation: 10, elastic: 2)
        func images(_ indices: [Int], epoch: Int = 1, seed: UInt64 = 1, threads: Int = 1) throws
            -> [UInt8]
        {
            try augmentation.images(
                of: data, at: indices, seed: seed, epoch: epoch, threads: threads)
        }
        let alone = try images([7])
        #expect(alone != data.image(7))
        for (batch, place) in [([3, 7, 1], 1), ([7, 7, 0, 1, 2, 3, 4, 5, 6], 1)] {
            for threads in [1, 2, 3, 7] {
                let all = try images(batch, threads: threads)
                #expect(Array(all[place * 784..<(place + 1) * 784]) == alone)
            }
        }
        #expect(try images([7], epoch: 2) != alone)
        #expect(try images([7], seed: 2) != alone)
        #expect(
            try Augmentation().images(of: data, at: [7, 3], seed: 1, epoch: 1)
                == data.image(7) + data.image(3))
    }

    @Test func displacementsAreBoundedAndDoNotFold() throws {
        let shape = Phidias.ImageShape(rows: 28, columns: 28)
        let augmentation = try Augmentation(elastic: 3.42)
        for number in 0..<40 {
            let oracle = Oracle(augmentation: augmentation, image: shape, number: number, epoch: 1)
            var least = Double.infinity, most = 0.0
            for index in 0..<27 * 27 {
                let (x, y) = (Double(index % 27), Double(index / 27))
                let here = oracle.position(x, y), right = oracle.position(x + 1, y)
                let below = oracle.position(x, y + 1)
                most = max(most, abs(here.x - x), abs(here.y - y))
                least = min(
                    least,
                    (right.x - here.x) * (below.y - here.y)
                        - (right.y - here.y) * (below.x - here.x))
            }
            #expect(most <= 3.42 && most > 1)
            #expect(least > 0, "image \(number)")
        }
    }

    @Test func badNumbersAreRefused() {
        #expect(throws: AugmentationError.shift(-1)) { try Augmentation(shift: -1) }
        #expect(throws: AugmentationError.shift(65_536)) { try Augmentation(shift: 65_536) }
        #expect(throws: AugmentationError.rotation(181)) { try Augmentation(rotation: 181) }
        #expect(throws: AugmentationError.self) { try Augmentation(rotation: .nan) }
        #expect(throws: AugmentationError.self) { try Augmentation(elastic: 3.5) }
        #expect(throws: AugmentationError.spacing(0)) { try Augmentation(elasticSpacing: 0) }
    }
}

extension BitEqualityTests {
    /// Training on augmented images: with convolutions and dropout, and with dense layers alone.
    @Test(arguments: [networks[0], "dense 37 sigmoid, dense 10"])
    func augmentationHasTheSameBitsEverywhere(text: String) throws {
        let data = try SyntheticDigits.dataset(count: 90, seed: 3)
        let augmentation = try Augmentation(shift: 2, rotation: 10, elastic: 2)
        func trainer(_ threads: Int, _ augmentation: Augmentation?) throws -> Trainer {
            try Trainer(
                model: Self.model(text), loss: CrossEntropyLoss(outputActivation: .softmax),
                batchSize: 17, augmentation: augmentation, threads: threads)
        }
        func hash(_ table: String?, _ threads: Int, _ augmentation: Augmentation?) throws -> String
        {
            #expect(KernelTable.select(table))
            defer { KernelTable.select(nil) }
            let trainer = try trainer(threads, augmentation)
            try trainer.train(on: data, epochs: 2)
            return trainer.model.weightsSHA256
        }
        let expected = try hash(nil, 1, augmentation)
        #expect(try hash(nil, 1, nil) != expected)
        #expect(try hash(nil, 1, Augmentation()) == hash(nil, 1, nil))
        for threads in [2, 3, 7] { #expect(try hash(nil, threads, augmentation) == expected) }
        for table in KernelTable.available {
            #expect(try hash(table, 2, augmentation) == expected, "\(table)")
        }
        // Stopped in the middle of the second epoch, and gone on with other threads.
        let first = try trainer(2, augmentation)
        var steps = 0
        try first.train(
            on: data, epochs: 2, shouldStop: { steps == 9 }, onStep: { _ in steps += 1 })
        let second = try trainer(3, augmentation)
        try second.train(on: data, epochs: 2, from: first.state)
        #expect(steps == 9)
        #expect(second.model.weightsSHA256 == expected)
    }
}
