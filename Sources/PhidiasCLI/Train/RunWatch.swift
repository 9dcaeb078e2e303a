import Phidias
import PhidiasRuns

/// Shows what happens in a run on standard error: a line an epoch, and on a terminal a bar.
final class RunWatch {
    private var bar: ProgressBar?
    private var images = 0

    func show(_ event: RunEvent) {
        switch event {
        case .starts(let start):
            images = start.images
            Interruption.watch()
            Console.say(
                "\(start.network), \(start.loss) loss, \(start.images) images, batch \(start.settings.batchSize), \(start.threads.counted("thread")), \(Model.kernels) kernels"
            )
        case .resumes(let folder, let place):
            Console.say(
                "Going on with \(folder) after epoch \(place.epochs), step \(place.steps).")
        case .step(let progress):
            if bar == nil {
                bar = ProgressBar(
                    total: progress.imagesPerEpoch, label: "epoch \(progress.epoch)")
            }
            bar?.update(progress.images)
        case .epoch(let line, let epochs):
            clear()
            let rate = Int(Double(images) / max(line.seconds, 1e-9))
            let extra = line.validation.map { ", validation \($0.accuracy.percent) %" } ?? ""
            Console.say(
                "epoch \(line.epoch)/\(epochs): loss \(line.training.loss.fixed(4)), test \(line.test.accuracy.percent) %\(extra), \(line.seconds.fixed(2)) s, \(rate) images/s"
            )
        case .damagedCheckpoint(let error):
            Console.say("\(error.description) The checkpoint before it is tried.")
        case .halves(let error, let epoch, let count):
            clear()
            Console.say(
                "\(error.description) Going back to the end of epoch \(epoch) with half the learning rate and coupled momentum (\(count) of at most \(TrainingSettings.mostHalvings) times)."
            )
        case .diverges(let remains):
            clear()
            switch remains {
            case .model(let path, let epoch):
                Console.say("\(path) is the model of epoch \(epoch), the last good one.")
            case .runBefore(let folder):
                Console.say("\(folder) still holds the run before: no epoch was finished.")
            case .nothing(let path):
                Console.say("There is no \(path): no epoch was finished.")
            }
        case .noImprovement(let epoch):
            Console.say(
                "The validation loss has not improved since epoch \(epoch): its weights are taken."
            )
        }
    }

    func clear() {
        bar?.clear()
        bar = nil
    }
}
