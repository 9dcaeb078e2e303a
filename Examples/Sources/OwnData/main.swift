// Trains on images of one's own, made in memory here: discs and squares of 16 × 16 pixels.
import Foundation
import Phidias

let side = 16

/// An image of a filled shape, one byte a pixel, row by row, 255 for ink.
func shape(isDisc: Bool, radius: Int, x: Int, y: Int) -> [UInt8] {
    (0..<side * side).map { place in
        let (dx, dy) = (abs(place % side - x), abs(place / side - y))
        let isInside =
            isDisc ? dx * dx + dy * dy <= radius * radius : max(dx, dy) < radius
        return isInside ? 255 : 0
    }
}

/// Images one after the other, each with its label: 0 for a square, 1 for a disc.
func shapes(_ range: Range<UInt64>) throws -> Dataset {
    // A random number is a function of seed and index, so everyone has the same images.
    let random = CounterRandom(seed: 1, purpose: .user)
    var (images, labels): ([UInt8], [UInt8]) = ([], [])
    for index in range {
        let radius = 3 + Int(random.below(3, index: 3 * index))
        let places = UInt32(side - 2 * radius)
        let x = radius + Int(random.below(places, index: 3 * index + 1))
        let y = radius + Int(random.below(places, index: 3 * index + 2))
        images += shape(isDisc: index % 2 == 1, radius: radius, x: x, y: y)
        labels.append(UInt8(index % 2))
    }
    return try Dataset(images: images, labels: labels, rows: side, columns: side, classes: 2)
}

let training = try shapes(0..<4_000)
let test = try shapes(4_000..<5_000)

let network = try Network(
    input: ImageShape(rows: side, columns: side), outputActivation: .softmax
) {
    Conv2D(8, kernel: 5, activation: .relu)
    MaxPool2D(2)
    Dense(2)
}
let loss = CrossEntropyLoss(outputActivation: .softmax)
let trainer = try Trainer(model: Model(network: network, seed: 1), loss: loss, batchSize: 32)
try trainer.train(on: training, epochs: 3)
let result = try trainer.model.evaluate(test, loss: loss)
print(String(format: "test accuracy %.1f %%", 100 * result.accuracy))
for (name, row) in zip(["squares", "discs"], result.confusion) {
    print("\(name): \(row[0]) taken for squares, \(row[1]) for discs")
}

// Four IDX files, as runs and the program read them: phidias train --data shapes
try DataPair(training: training, test: test, checksums: [:]).write(to: "shapes", replacing: true)
let again = try DataPair(directory: "shapes")
print("The files hold the same images:", again.training.images == training.images)
