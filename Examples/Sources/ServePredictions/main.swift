// Answers requests from several tasks at once with one model that is kept ready.
import Foundation
import Phidias

let digits = try SyntheticDigits.pair(training: 10_000, test: 1_000, seed: 1)
let trainer = try Trainer(
    model: Model(network: Network(hidden: [32]), seed: 1), batchSize: 16)
try trainer.train(on: digits.training, epochs: 5)

// The model as bytes, as a service would get it from elsewhere.
let file = try ModelFile(model: trainer.model, loss: trainer.loss.name).bytes
let predictor = try Predictor(ModelFile(bytes: file).model, threads: 1)

// Twenty clients with fifty images each. The predictor takes one call at a time.
let clients = 20
let each = digits.test.count / clients
let right = try await withThrowingTaskGroup(of: Int.self) { group in
    for client in 0..<clients {
        group.addTask {
            var right = 0
            for index in client * each..<(client + 1) * each {
                let answer = try predictor.classes(images: digits.test.image(index))[0]
                if answer == Int(digits.test.labels[index]) { right += 1 }
            }
            return right
        }
    }
    var sum = 0
    for try await right in group { sum += right }
    return sum
}
print("\(clients) clients, one image a call: \(right) of \(digits.test.count) correct")

// Many images in one call are faster, and the answers are the same.
let all = try predictor.classes(images: digits.test.images)
print("One call: \(zip(all, digits.test.labels).count { $0 == Int($1) }) correct")

// A picture from elsewhere, here a PNG with dark ink on white, becomes what MNIST's digits are.
let png = try PNG.encode(
    Image(
        width: digits.test.columns, height: digits.test.rows, channels: 1,
        pixels: digits.test.image(7).map { 255 - $0 }))
let drawings = try DigitFitting.drawings(
    in: ImageFile.decodeDrawing(png), rows: digits.test.rows, columns: digits.test.columns,
    name: "The request")
let shares = try predictor.probabilities(images: drawings[0].pixels)
for (digit, share) in shares.enumerated() where share > 0.5 {
    print("The picture is a \(digit)", String(format: "(output %.2f)", share))
}
