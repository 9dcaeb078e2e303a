import CommandLineSupport
import Phidias
import PhidiasRuns

/// Shows a run on standard error: a line for each epoch, and on a terminal a progress bar.
final class RunWatch {
    private var bar = ProgressBar()
    private var images = 0, epochs = 0, done = 0

    func show(_ event: RunEvent) {
        switch event {
        case .starts(let start):
            images = start.images
            Interruption.watch()
            epochs = start.settings.epochs
            done = start.epochsDone
            for line in Self.header(start) { Console.say(line) }
            if let warning = Self.warning(start) { Console.say(warning) }
        case .doubts(let doubts):
            for doubt in doubts { Console.say("warning: \(doubt)") }
        case .resumes(let folder, let place):
            Console.say(
                "Continuing \(folder) after epoch \(place.epochs), step \(place.steps).")
        case .step(let progress):
            bar.update(
                (progress.epoch - 1) * progress.imagesPerEpoch + progress.images,
                of: progress.epochs * progress.imagesPerEpoch,
                label: "epoch \(progress.epoch)/\(progress.epochs), loss \(progress.loss.fixed(3))")
        case .epoch(let line, let epochs):
            clear()
            let rate = Int(clamping: Double(images) / max(line.seconds, 1e-9))
            // Where there are validation images, the test images wait until the end.
            let (what, score) =
                line.validation.map { ("validation", $0) } ?? ("test", line.test ?? line.training)
            let training = line.training.accuracy.map { ", training \($0.percent) %" } ?? ""
            let measure = score.accuracy == nil ? "R² " : ""
            Console.say(
                "epoch \(line.epoch)/\(epochs): loss \(line.training.loss.fixed(4))\(training), \(what) \(measure)\(score.quality.percent) %, \(line.seconds.fixed(1)) s, \(rate)/s"
            )
        case .weights: break
        case .lossAboveStart(_, let loss, let start):
            Console.say(
                "warning: the loss, \(loss.digits()), is above the loss before training, \(start.digits()): the learning rate may be too high."
            )
        case .slowRanks(let step, let messages, let alone):
            clear()
            Console.say(
                "warning: a step takes \((step * 1e3).digits(3)) ms, \((messages * 1e3).digits(3)) of them for messages; one rank alone would take about \((alone * 1e3).digits(3)). phidias summary --ranks estimates what pays."
                    .wrapped(hanging: 2))
        case .damagedCheckpoint(let error):
            Console.say("\(error.description) Trying the checkpoint before it.")
        case .damagedFrames(let paths):
            Console.say(
                "These frames are damaged; a film of the filters will lack them once they are removed:\n"
                    + paths.prefix(10).joined(separator: "\n")
                    + (paths.count > 10 ? "\nand \(paths.count - 10) more" : ""))
        case .recordWasBehind(let folder, let changes):
            Console.say(
                "\(folder)/run.json lacked changes that were made when the run was last continued, and is written again:\n\(changes.text)"
            )
        case .dropsChanges(let folder, let place, let changes):
            Console.say(
                "\(folder): these changes of run.json are dropped, as the run continues after epoch \(place.epochs), step \(place.steps):\n\(changes.text)"
            )
        case .halves(let error, let epoch, let count):
            clear()
            Console.say(
                "\(error.description) Going back to the end of epoch \(epoch) with half the learning rate and, of sgd, coupled momentum (\(count) of at most \(TrainingSettings.mostHalvings) times)."
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
        bar.clear()
    }

    /// What is trained, and how: lines that fit a terminal.
    private static func header(_ start: RunStart) -> [String] {
        let settings = start.settings
        func text(_ name: String) -> String {
            start.record.first { $0.name == name }?.value ?? ""
        }
        var steps =
            settings.optimizerName == .sgd
            ? "learning rate \(text("learning_rate")), momentum \(text("momentum"))"
            : "\(settings.optimizerName.rawValue), learning rate \(text("learning_rate"))"
        if settings.labelSmoothing > 0 {
            steps += ", labels smoothed by \(settings.labelSmoothing)"
        }
        if settings.schedule != .constant { steps += ", schedule \(settings.schedule)" }
        if settings.warmUp > 0 {
            steps += ", warm-up \(text("warm_up")) \(settings.warmUp == 1 ? "epoch" : "epochs")"
        }
        for (name, what) in [("weight_decay", "weight decay"), ("clip_norm", "clipping at")] {
            if !text(name).isEmpty { steps += ", \(what) \(text(name))" }
        }
        if settings.nesterov { steps += ", Nesterov" }
        let moves = ["shift", "rotation", "elastic"].filter { !text($0).isEmpty }
            .map { "\($0) \(text($0))" }
        let lines =
            [
                "\(start.network), \(start.loss) loss, \(start.images) images, batch \(settings.batchSize)",
                steps,
            ] + (moves.isEmpty ? [] : ["augmentation: \(moves.joined(separator: ", "))"])
            + [
                "\(start.ranks > 1 ? "\(start.ranks) ranks of " : "")\(start.threads.counted("thread")), \(Model.kernels) kernels"
            ]
        return lines.map { $0.wrapped(hanging: 2) }
    }

    /// Multiplications and additions of a thread in a second, to tell minutes from hours beforehand:
    /// dense layers are faster, and convolutions with few channels slower.
    private static let nominalSpeed = 1e10

    /// That an epoch will take long: until its end, nothing else may be seen of the run. nil where it
    /// takes up to ten minutes at the nominal speed.
    private static func warning(_ start: RunStart) -> String? {
        let operations = start.network.trainingFlops * Double(start.images)
        let seconds = operations / (nominalSpeed * Double(start.threads * start.ranks))
        guard seconds > 600 else { return nil }
        let speed = "\((nominalSpeed / 1e9).fixed(0)) GFLOP/s a thread"
        return
            "warning: an epoch takes \((operations / 1e12).digits(3)) TFLOP, about \(ProgressBar.time(seconds)) at \(speed). phidias summary shows which layers they are for."
            .wrapped(hanging: 2)
    }
}
