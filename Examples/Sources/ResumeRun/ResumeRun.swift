// Cancels a training, goes on with it, and finds the bits of one that never stopped.
import Phidias
import PhidiasRuns

@main struct ResumeRun {
    static func main() async throws {
        // Small data in a folder; with MNIST it is .folder("data/mnist").
        try SyntheticDigits.pair(training: 10_000, test: 1_000, seed: 1).write(
            to: "digits", replacing: true)

        var settings = TrainingSettings()
        settings.data = .folder("digits")
        settings.network = .dense(hidden: [64], activation: .sigmoid)
        settings.epochs = 20

        let whole = try await Run.train(settings, in: "runs/whole", replacing: true)
        print("runs/whole: \(whole.metrics.count) epochs")

        // The same in a task, which is cancelled within the third epoch.
        let (events, continuation) = AsyncStream.makeStream(of: RunEvent.self)
        let task = Task { [settings] in
            defer { continuation.finish() }
            return try await Run.train(settings, in: "runs/halves", replacing: true) {
                continuation.yield($0)
            }
        }
        for await case .step(let progress) in events where progress.epoch == 3 {
            task.cancel()
            break
        }
        do {
            _ = try await task.value
            print("runs/halves: not cancelled in time")
        } catch is CancellationError {
            print("runs/halves: cancelled, with a checkpoint of its last step")
        }

        let halves = try await Run.resume("runs/halves")
        print("runs/halves: \(halves.metrics.count) epochs after it was resumed")
        print("The same weights, bit for bit:", halves.model == whole.model)

        // Trains once more from the record, and compares every metric and weight.
        let verification = try await Run.verify("runs/halves")
        print("Verified over \(verification.epochs) epochs:", verification.isEqual)
        for difference in verification.differences { print(difference) }

        // Both as one page.
        try Report.write(["runs/whole", "runs/halves"], to: "report.html")
    }
}
