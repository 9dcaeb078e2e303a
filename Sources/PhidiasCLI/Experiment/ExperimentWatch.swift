import CommandLineSupport
import Phidias
import PhidiasRuns

/// Shows an experiment on standard error.
struct ExperimentWatch {
    let sweep = SweepWatch()

    func show(_ event: ExperimentEvent) {
        switch event {
        case .part(let name, let runs):
            Console.say(runs > 1 ? name : "\(name)…")
        case .comparison(let title): Console.say("  will be compared: \(title)")
        case .done(let what): Console.say(what)
        case .epoch(let epoch, let epochs, let accuracy):
            Console.say("epoch \(epoch) of \(epochs): training accuracy \(accuracy.percent) %")
        case .sweep(let event): sweep.show(event)
        }
    }
}
