// Trains a network, watches it learn, and keeps the model and a picture of what it looks for.
//
//     swift run TrainMNIST [FOLDER]    the folder of MNIST's four files; without it, data/mnist
//
// Where there is no such folder, it trains on synthetic digits.
import Foundation
import Phidias

let folder = CommandLine.arguments.dropFirst().first ?? "data/mnist"
let digits: DataPair
if FileManager.default.fileExists(atPath: folder) {
    digits = try DataPair(directory: folder)
} else {
    digits = try SyntheticDigits.pair(training: 10_000, test: 1_000, seed: 1)
}
print("\(digits.training.count) images to train on, \(digits.test.count) to test with")

// 784 pixels, 32 hidden units, 10 classes; golden learning rate and momentum, the synaptic loss.
let network = try Network(hidden: [32])
let trainer = try Trainer(model: Model(network: network, seed: 1), batchSize: 16)

// Training has a thread of its own, and ends if this task is cancelled.
for try await case .epoch(let epoch) in trainer.reports(on: digits.training, epochs: 5) {
    let test = try epoch.model.evaluate(digits.test, loss: trainer.loss)
    print(
        "epoch \(epoch.epoch): training accuracy \(percent(epoch.trainingAccuracy ?? 0)),",
        "test accuracy \(percent(test.accuracy))")
}

try ModelFile(model: trainer.model, loss: trainer.loss.name).write(to: "digits.safetensors")
try FilterImage().write(trainer.model, layer: 0, name: "digits", to: "filters.png")
let saved = try ModelFile(path: "digits.safetensors").model
print("The saved model is the same:", saved == trainer.model)

func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
