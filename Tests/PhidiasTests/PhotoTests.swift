import Dispatch
import Foundation
import Phidias
import Synchronization
import Testing

/// Whether a network that was trained on MNIST recognises its digits in photos, on canvases and as
/// they are, without being told what is ink and what is paper.
@Suite(.enabled(if: MNIST.folder != nil, "MNIST is absent")) struct PhotoTests {
    struct Trained {
        let model: Model
        let test: Dataset
    }

    /// 784-128-10 after five epochs.
    static let trained = Result {
        let pair = try DataPair(directory: try #require(MNIST.folder))
        let network = try Network(
            hidden: [128], activation: .relu, outputActivation: .softmax)
        let trainer = try Trainer(
            model: try Model(network: network, seed: 1),
            loss: CrossEntropyLoss(outputActivation: .softmax), batchSize: 10)
        try trainer.train(on: pair.training, epochs: 5)
        return Trained(model: trainer.model, test: pair.test)
    }

    /// The number of pictures, `PHIDIAS_PHOTOS` or 200, that are answered right, for digits all over
    /// the test images.
    static func right(
        _ count: Int? = nil, _ picture: @Sendable @escaping ([UInt8], UInt64) -> Image
    ) throws -> (right: Int, count: Int) {
        let named = ProcessInfo.processInfo.environment["PHIDIAS_PHOTOS"].flatMap { Int($0) }
        let count = count ?? named ?? 200
        let trained = try trained.get()
        let predictor = try Predictor(trained.model, threads: 1)
        let right = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: count) { number in
            let index = number * (trained.test.count / count)
            let image = picture(trained.test.image(index), UInt64(number))
            let found = try? DigitFitting.drawings(
                in: image, rows: 28, columns: 28, name: "photo \(number)")
            guard let found, found.count == 1,
                let answer = try? predictor.classes(images: found[0].pixels)
            else { return }
            if answer == [Int(trained.test.labels[index])] { right.withLock { $0 += 1 } }
        }
        return (right.withLock { $0 }, count)
    }

    // Large pictures take long: of 20, three that are wrong say little.
    @Test(arguments: [
        ("usual", PaperPhoto.Conditions.usual, 92, nil), ("held out", .heldOut, 90, nil),
        ("board", .board, 90, nil), ("large", .large, 80, 20),
    ]) func photosAreAnswered(
        name: String, conditions: PaperPhoto.Conditions, least: Int, most: Int?
    ) throws {
        let (right, count) = try Self.right(most) { digit, number in
            PaperPhoto.image(of: digit, conditions, seed: 22 + number)
        }
        #expect(100 * right >= least * count, "\(name): \(right) of \(count)")
    }

    /// 280 × 280, as drawn on a web page.
    @Test(arguments: [false, true]) func canvasesAreAnswered(isDark: Bool) throws {
        let (right, count) = try Self.right(1_000) { digit, _ in
            var pixels: [UInt8] = []
            for y in 0..<280 {
                for x in 0..<280 {
                    let ink: UInt8 = digit[y / 10 * 28 + x / 10]
                    pixels.append(isDark ? 255 - ink : ink)
                }
            }
            return Image(unchecked: pixels, width: 280, height: 280, channels: 1)
        }
        #expect(100 * right >= 95 * count, "\(right) of \(count)")
    }

    @Test func cleanImagesAreNeverChangedAndDarkOnesInvertedExactly() throws {
        let test = try Self.trained.get().test
        for index in 0..<test.count {
            let pixels = test.image(index)
            let light = Image(unchecked: pixels, width: 28, height: 28, channels: 1)
            let dark = Image(
                unchecked: pixels.map { 255 - $0 }, width: 28, height: 28, channels: 1)
            for image in [light, dark] {
                let found = try DigitFitting.drawings(
                    in: image, rows: 28, columns: 28, name: "\(index)")
                guard found.map(\.pixels) == [pixels] else {
                    Issue.record("image \(index) is not itself")
                    return
                }
            }
        }
    }
}
